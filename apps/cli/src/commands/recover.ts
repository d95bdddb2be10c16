import type { JournalState } from "@trunks/mount";
import { UsageError } from "../arguments.ts";
import { type Command, type Context, exitStatus, listOptions } from "../command.ts";
import { launcherFolder } from "../launcher.ts";
import { counted, some } from "../mount/mount-answer.ts";
import { loadMountPackage } from "../mount/mount-package.ts";

export const command: Command = {
  usage: ["[--path FOLDER] [--remote] [--limit N] [--offset N]", "--to STATE [PATH…] [--path FOLDER] [--into FOLDER]"],
  description: [
    "Lists the states that a watched folder was in, the newest first; with --remote also those that mounts on other machines have pushed.",
    "With --to the files become what they were then: all, or those that are named. What they are now is put into the journal first, so that nothing is lost; index, HEAD and branches stay, and so does what git ignores. --into writes that state into another folder, and changes nothing here.",
  ],
  options: {
    to: { value: "STATE", help: "the state to bring back: its id, or the first digits" },
    into: { value: "FOLDER", help: "a new folder for it, in place of the mount's files" },
    path: { value: "FOLDER", help: "the mount (default: the one around)" },
    remote: { help: "ask the trunk for other machines' states as well" },
    ...listOptions,
  },
  words: { least: 0, most: 1000 },
  async run(context) {
    const to = context.arguments.text("to");
    if (to !== undefined) return restore(context, to);
    if (context.arguments.words.length > 0 || context.arguments.text("into") !== undefined) {
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

/** A state as it is shown. */
function stateAnswer({ id, mountId, timeMs, branch, head }: JournalState) {
  const time = new Date(timeMs).toISOString();
  return { object: "state", id, time, branch: branch ?? null, commit_id: head ?? null, mount_id: mountId } as const;
}
