import type { JournalDay, JournalState } from "@trunks/mount";
import { UsageError } from "../arguments.ts";
import { type Command, type Context, exitStatus, listOptions } from "../command.ts";
import { launcherFolder } from "../launcher.ts";
import { counted, some } from "../mount/mount-answer.ts";
import { loadMountPackage } from "../mount/mount-package.ts";

export const command: Command = {
  usage: [
    "[--path FOLDER] [--remote] [--limit N] [--offset N]",
    "--to STATE [PATH…] [--path FOLDER] [--into FOLDER]",
    "--clean [--of MOUNT] [--path FOLDER]",
  ],
  description: [
    "Lists the states that a watched folder was in, the newest first; with --remote also those that mounts on other machines have pushed.",
    "With --to the files become what they were then: all, or those that are named. What they are now is put into the journal first, so that nothing is lost; index, HEAD and branches stay, and so does what git ignores. --into writes that state into another folder, and changes nothing here.",
    "With --clean states are removed, here and in the trunk: of all mounts, those that are gone for good among them, what is older than 14 days; or with --of all that a mount has kept. Each watched mount does the first for its own states.",
  ],
  options: {
    to: { value: "STATE", help: "the state to bring back: its id, or the first digits" },
    into: { value: "FOLDER", help: "a new folder for it, in place of the mount's files" },
    path: { value: "FOLDER", help: "the mount (default: the one around)" },
    remote: { help: "ask the trunk for other machines' states as well" },
    clean: { help: "remove states that are too old, here and in the trunk" },
    of: { value: "MOUNT", help: "with --clean, all states of this mount: its id, or the first digits" },
    ...listOptions,
  },
  words: { least: 0, most: 1000 },
  async run(context) {
    const args = context.arguments;
    const to = args.text("to");
    if (args.text("of") !== undefined && !args.flag("clean")) throw new UsageError("--of needs --clean beside it");
    if (args.flag("clean")) return clean(context);
    if (to !== undefined) return restore(context, to);
    if (args.words.length > 0 || args.text("into") !== undefined) {
      throw new UsageError("--to is missing: which state?");
    }
    return list(context);
  },
};

async function list({ arguments: args, output, signal }: Context): Promise<number> {
  const { listMountStates } = await loadMountPackage();
  const path = args.text("path") ?? ".";
  const options = { path, fromTrunk: args.flag("remote"), helperFolder: await launcherFolder(), signal };
  const states = await listMountStates(options);
  output.list(
    states.map(stateAnswer),
    args,
    ({ id, time, branch, mount_id }) => [id.slice(0, 12), time, branch ?? "", mount_id.slice(0, 8)],
    "there are no states; `trunks mount --watch` keeps them",
  );
  return exitStatus.ok;
}

async function restore({ arguments: args, output, signal }: Context, to: string): Promise<number> {
  const { recover } = await loadMountPackage();
  const [path = ".", into] = [args.text("path"), args.text("into")];
  if (into !== undefined && args.words.length > 0) throw new UsageError("--into takes all of a state, no paths");
  const done = await recover({ path, to, into, paths: args.words, helperFolder: await launcherFolder(), signal });
  const { restored, removed, blocked, before } = done;
  const state = stateAnswer(done.state);
  const answer = { object: "recovery", state, path: done.path, before: before ?? null, restored, removed, blocked };
  const what = `${done.path}: ${counted(restored.length, "file")} brought back, ${removed.length} removed`;
  output.answer(answer, into === undefined ? what : `${done.path} is what it was at ${state.time}`);
  if (output.json) return exitStatus.ok;
  if (blocked.length > 0) output.note(`left, for something ignored stands there: ${some(blocked)}`);
  if (before !== undefined) output.note(`what was there before: trunks recover --to ${before.slice(0, 12)}`);
  return exitStatus.ok;
}

async function clean({ arguments: args, output, signal }: Context): Promise<number> {
  const others = ["to", "into"].find((name) => args.text(name) !== undefined);
  if (others !== undefined) throw new UsageError(`--clean and --${others} do not go together`);
  if (args.words.length > 0) throw new UsageError("--clean takes no paths");
  const { cleanJournals } = await loadMountPackage();
  const [path = ".", of] = [args.text("path"), args.text("of")];
  const cleaned = await cleanJournals({ path, of, helperFolder: await launcherFolder(), signal });
  const [removed, left] = [cleaned.removed.map(dayAnswer), cleaned.left.map(dayAnswer)];
  const mounts = new Set(left.map(({ mount_id }) => mount_id)).size;
  const remains = `${counted(left.length, "day")} of ${counted(mounts, "mount")} left`;
  const text = `${cleaned.path}: states of ${counted(removed.length, "day")} removed; ${remains}`;
  output.answer({ object: "cleaning", path: cleaned.path, removed, left }, text);
  if (output.json) return exitStatus.ok;
  for (const each of left) {
    const where = each.here && each.in_trunk ? "here and in the trunk" : each.here ? "here" : "in the trunk";
    output.note(`left: ${each.mount_id.slice(0, 8)} ${each.day}, ${where}`);
  }
  return exitStatus.ok;
}

/** The states of a day as they are shown. */
function dayAnswer({ mountId, day, isHere, isInTrunk }: JournalDay) {
  return { mount_id: mountId, day, here: isHere, in_trunk: isInTrunk };
}

/** A state as it is shown. */
function stateAnswer({ id, mountId, timeMs, branch, head }: JournalState) {
  const time = new Date(timeMs).toISOString();
  return { object: "state", id, time, branch: branch ?? null, commit_id: head ?? null, mount_id: mountId } as const;
}
