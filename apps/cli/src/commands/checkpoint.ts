import { TrunksError } from "@trunks/core";
import { UsageError } from "../arguments.ts";
import { makeCheckpoint } from "../checkpoint/checkpoint.ts";
import { readCheckpoint, subject } from "../checkpoint/checkpoint-answer.ts";
import { branchName, findWorktree, type Worktree } from "../checkpoint/worktree.ts";
import { type Command, type Context, exitStatus } from "../command.ts";
import { runGit } from "../git/run-program.ts";
import { findTrunkRemote } from "../git/trunk-remote.ts";
import { watchedCheckpoint } from "../mount/watched-checkpoint.ts";

export const command: Command = {
  usage: ["-m MESSAGE [--push]"],
  description: [
    "Commits all files as they are, new and deleted ones too, on the branch that you are on. Ignored files are left out, and so is what was changed inside of a submodule. No hook runs. When nothing has changed, the last commit is the answer.",
    "The commit stays here until it is pushed: with --push at once, else by the next push.",
  ],
  options: {
    message: { value: "MESSAGE", short: "m", help: "what it is" },
    push: { help: "push the branch to the trunk as well" },
    remote: { value: "REMOTE", help: "the remote to push to (default: this branch's, origin, trunks)" },
    "allow-empty": { help: "make one though nothing has changed" },
  },
  async run(context) {
    const { arguments: args, output, signal } = context;
    const message = args.text("message");
    if (message === undefined || message.trim() === "") throw new UsageError("-m MESSAGE is missing");
    const pushes = args.flag("push");
    const allowEmpty = args.flag("allow-empty");
    // Where nothing else is wanted, and the folder is watched, nothing need be looked at first.
    const quick = pushes || allowEmpty ? undefined : await watchedCheckpoint(message);
    const worktree = quick ?? (await findWorktree(signal));
    if (pushes && worktree.branch === undefined) throw nowhere();
    const remote = pushes ? (await findTrunkRemote(args.text("remote"))).name : undefined;
    const made = quick ?? (await makeCheckpoint(worktree as Worktree, { message, allowEmpty, signal }));
    if (remote !== undefined) await pushBranch(worktree, remote, made.id, context);
    if (quick?.created && !output.json) {
      output.answer(
        {},
        `checkpoint ${made.id.slice(0, 12)} on ${branchName(quick.branch) ?? "no branch"}: ${subject(message.trim())}`,
      );
      return exitStatus.ok;
    }
    const checkpoint = await readCheckpoint(worktree, made.id, signal);
    const where = checkpoint.branch ?? "no branch";
    const what = made.created ? "checkpoint" : "nothing has changed since";
    const text = `${what} ${made.id.slice(0, 12)} on ${where}: ${subject(checkpoint.message)}`;
    output.answer({ ...checkpoint, created: made.created }, `${text}${pushes ? " (pushed)" : ""}`);
    if (worktree.branch === undefined) output.note("hint: no branch leads to it: git switch --create NAME");
    return exitStatus.ok;
  },
};

async function pushBranch(
  { branch }: Pick<Worktree, "branch">,
  remote: string,
  id: string,
  { output }: Context,
): Promise<void> {
  const status = await runGit(["push", "--quiet", remote, `${branch}:${branch}`], output);
  if (status === 0) return;
  // Git's own status for a ref that was refused.
  const code = status === 1 ? "CONFLICT" : "UNAVAILABLE";
  throw new TrunksError(code, `the checkpoint ${id.slice(0, 12)} is here, and was not pushed`, {
    hint: status === 1 ? "trunks pull, and then trunks push" : "trunks push",
  });
}

function nowhere(): TrunksError {
  return new TrunksError("INVALID_ARGUMENT", "you are on no branch, so that there is nothing to push", {
    hint: "git switch --create NAME",
  });
}
