import { type Command, type Context, exitStatus } from "../command.ts";
import { findWorkingCopy, readSettings } from "../git/working-copy.ts";
import { launcherFolder } from "../launcher.ts";
import { counted, mountAnswer, some } from "../mount/mount-answer.ts";
import { loadMountPackage } from "../mount/mount-package.ts";
import { bareStorage, connectionOptions, secretsHelp, storageFrom } from "../storage/options.ts";
import { installations } from "../trunk/open-trunk.ts";

export const command: Command = {
  usage: ["[--path FOLDER] [--repo NAME] [--backend URL [STORE OPTIONS]]"],
  description: [
    "Makes a trunk a normal folder with normal git in it, ready for work. A trunk that is new is made. A folder that is there already is adopted: no file in it is changed, what the trunk has beside them is added, and a folder of another trunk is refused. Interrupted, the same command completes it; run again, it fetches.",
    "Without --backend the trunk lies in the store that the folder's settings name, else those of the clone around, else the environment's storage primary.",
    secretsHelp,
  ],
  options: {
    path: { value: "FOLDER", help: "where (default: the current folder)" },
    repo: { value: "NAME", help: "the repository's name in its store (default: the folder's)" },
    backend: { value: "URL", help: "the store: s3://bucket/path, local:///folder, … (see trunks help urls)" },
    ...connectionOptions,
  },
  async run(context) {
    const { arguments: args, output, signal } = context;
    const { mount } = await loadMountPackage();
    const made = await mount({
      path: args.text("path") ?? ".",
      repo: args.text("repo"),
      backend: await chosenBackend(context),
      helperFolder: await launcherFolder(),
      installations,
      progress: output.live,
      signal,
    });
    const answer = mountAnswer(made);
    const commit = answer.commit_id?.slice(0, 12) ?? "no commit yet";
    output.answer(answer, `${made.path}: ${made.repository}, on ${answer.branch ?? "no branch"} (${commit})`);
    if (!output.json && made.created) output.note(`a new trunk was made: ${made.url}`);
    if (!output.json && made.kept.length > 0) {
      const those = counted(made.kept.length, "file");
      output.note(`${those} left as they were, though the trunk has others: ${some(made.kept)}`);
    }
    return exitStatus.ok;
  },
};

/** The store that the command line names, else the clone's around. A mount that is there knows its own. */
async function chosenBackend({ arguments: args }: Context) {
  const url = args.text("backend");
  if (url !== undefined) return storageFrom(args, bareStorage(url));
  if (args.text("repo") === undefined) return undefined;
  const settings = await readSettings(await findWorkingCopy());
  return settings?.storages[settings.defaultStorage ?? "primary"];
}
