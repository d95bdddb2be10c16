import { type Arguments, UsageError } from "../arguments.ts";
import { type Command, type Context, exitStatus } from "../command.ts";
import { findWorkingCopy, readSettings } from "../git/working-copy.ts";
import { launcherFolder } from "../launcher.ts";
import { counted, mountAnswer, some, watchText } from "../mount/mount-answer.ts";
import { loadMountPackage } from "../mount/mount-package.ts";
import { bareStorage, connectionOptions, secretsHelp, storageFrom } from "../storage/options.ts";
import { installations } from "../trunk/open-trunk.ts";

export const command: Command = {
  usage: ["[--path FOLDER] [--repo NAME] [--backend URL [STORE OPTIONS]] [--watch [--watch-interval SECONDS]]"],
  description: [
    "Makes a trunk a normal folder with normal git in it, ready for work. A trunk that is new is made. A folder that is there already is adopted: no file in it is changed, what the trunk has beside them is added, and a folder of another trunk is refused. Interrupted, the same command completes it; run again, it fetches.",
    "Without --backend the trunk lies in the store that the folder's settings name, else those of the clone around, else the environment's storage primary.",
    "With --watch a process in the background journals every change within two seconds, or --watch-interval, beside the branches and without touching index or HEAD; `trunks recover` lists these states and brings them back. With --watch=push the journal goes to the trunk as well, so that it outlives this machine. What is ignored is not journalled.",
    secretsHelp,
  ],
  options: {
    path: { value: "FOLDER", help: "where (default: the current folder)" },
    repo: { value: "NAME", help: "the repository's name in its store (default: the folder's)" },
    backend: { value: "URL", help: "the store: s3://bucket/path, local:///folder, … (see trunks help urls)" },
    watch: { value: "on|push|off", fallback: "on", help: "journal every change, and bring the journal to the trunk" },
    "watch-interval": {
      value: "SECONDS",
      help: "within how long a change is journalled, from 0.5 to 3600 (default: git's trunks.watchInterval, else 2)",
    },
    ...connectionOptions,
  },
  async run(context) {
    const { arguments: args, output, signal } = context;
    const { mount, watchStatus } = await loadMountPackage();
    const made = await mount({
      path: args.text("path") ?? ".",
      repo: args.text("repo"),
      backend: await chosenBackend(context),
      watch: chosenWatch(args),
      watchIntervalMs: chosenInterval(args),
      helperFolder: await launcherFolder(),
      installations,
      progress: output.live,
      signal,
    });
    const answer = mountAnswer(made);
    const commit = answer.commit_id?.slice(0, 12) ?? "no commit yet";
    output.answer(
      answer,
      `${made.path}: ${made.repository}, on ${answer.branch ?? "no branch"} (${commit})${watchText(made.watch)}`,
    );
    if (!output.json && made.created) output.note(`a new trunk was made: ${made.url}`);
    const unwatched = output.json || made.watch === false ? 0 : ((await watchStatus(made.path))?.unwatched ?? 0);
    if (unwatched > 0) {
      const limit = "raise fs.inotify.max_user_watches, and mount again";
      output.note(`${counted(unwatched, "folder")} beyond the system's limit are looked at again and again: ${limit}`);
    }
    if (!output.json && made.kept.length > 0) {
      const those = counted(made.kept.length, "file");
      output.note(`${those} left as they were, though the trunk has others: ${some(made.kept)}`);
    }
    return exitStatus.ok;
  },
};

function chosenWatch(args: Arguments): boolean | "push" | undefined {
  const text = args.text("watch");
  if (text === undefined || text === "push") return text;
  if (text === "on" || text === "off") return text === "on";
  throw new UsageError(`--watch takes on, push or off, not ${JSON.stringify(text)}`);
}

/** In milliseconds. Which ones can be is told where they are used. */
function chosenInterval(args: Arguments): number | undefined {
  const text = args.text("watch-interval");
  if (text === undefined) return undefined;
  if (/^\d{1,9}(\.\d{1,3})?$/.test(text)) return Math.round(Number(text) * 1000);
  throw new UsageError(`--watch-interval takes seconds, not ${JSON.stringify(text)}`);
}

/** The store that the command line names, else the clone's around. A mount that is there knows its own. */
async function chosenBackend({ arguments: args }: Context) {
  const url = args.text("backend");
  if (url !== undefined) return storageFrom(args, bareStorage(url));
  if (args.text("repo") === undefined) return undefined;
  const settings = await readSettings(await findWorkingCopy());
  return settings?.storages[settings.defaultStorage ?? "primary"];
}
