import { UsageError } from "../arguments.ts";
import { savedText } from "../checkpoint/checkpoint-answer.ts";
import { switchBranch } from "../checkpoint/switch-branch.ts";
import { findWorktree } from "../checkpoint/worktree.ts";
import { type Command, exitStatus } from "../command.ts";

export const command: Command = {
  usage: ["NAME"],
  description: [
    "Stands on another branch, with its files. One that only the trunk has is fetched. What is not committed, or not pushed, is saved under a ref first, and you are told which: `trunks rollback --to` that ref brings it back. Ignored files are left alone.",
  ],
  options: {
    name: { value: "NAME", help: "the branch; the same as the word" },
    remote: { value: "REMOTE", help: "the remote that is asked for it (default: this branch's, origin, trunks)" },
  },
  words: { least: 0, most: 1 },
  async run({ arguments: args, output, signal }) {
    const name = args.words[0] ?? args.text("name");
    if (name === undefined) throw new UsageError("the branch's name is missing");
    const worktree = await findWorktree(signal);
    const { id, savedRef } = await switchBranch(worktree, { name, remote: args.text("remote"), signal });
    output.answer({ object: "switch", branch: name, id, saved_ref: savedRef ?? null }, [
      `on ${name}, at ${id.slice(0, 12)}`,
      ...(savedRef === undefined ? [] : [savedText(savedRef)]),
    ]);
    return exitStatus.ok;
  },
};
