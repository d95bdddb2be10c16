import { relative, resolve, sep } from "node:path";
import { TrunksError } from "@trunks/core";
import { UsageError } from "../arguments.ts";
import { rollbackAnswer, savedText } from "../checkpoint/checkpoint-answer.ts";
import { rollBack } from "../checkpoint/rollback.ts";
import { findWorktree } from "../checkpoint/worktree.ts";
import { type Command, exitStatus } from "../command.ts";

export const command: Command = {
  usage: ["--to REF", "--to REF PATH …"],
  description: [
    "Makes all files what they were in a checkpoint, a branch or any commit, and makes a commit of that: nothing leaves the history, and the next push needs no force. With paths, those alone go back, and everything else stays as it is.",
    "What is not committed, or not pushed, is saved under a ref first, and you are told which: `trunks rollback --to` that ref brings it back. Ignored files are left alone.",
  ],
  options: { to: { value: "REF", help: "the version to go back to; `trunks history` lists them" } },
  words: { least: 0, most: 10_000 },
  async run({ arguments: args, output, signal }) {
    const to = args.text("to");
    if (to === undefined) throw new UsageError("--to REF is missing");
    const worktree = await findWorktree(signal);
    const paths = args.words.map((word) => pathFromTop(word, worktree.top));
    const made = await rollBack(worktree, { to, paths: paths.includes("") ? [] : paths, signal });
    const answer = await rollbackAnswer(worktree, made, paths, signal);
    const what = paths.length === 0 ? "all files are" : `${paths.join(", ")}:`;
    const commit = made.id === undefined ? "" : ` (checkpoint ${made.id.slice(0, 12)})`;
    output.answer(answer, [
      `${what} as in ${made.to.slice(0, 12)}${commit}`,
      ...(made.savedRef === undefined ? [] : [savedText(made.savedRef)]),
    ]);
    return exitStatus.ok;
  },
};

/** A path as the user wrote it from where he stands, from the top of the worktree. Throws `INVALID_ARGUMENT` outside of it. */
function pathFromTop(word: string, top: string): string {
  const path = relative(top, resolve(word)).replaceAll(sep, "/");
  if (path !== ".." && !path.startsWith("../") && word !== "") return path;
  throw new TrunksError("INVALID_ARGUMENT", `${JSON.stringify(word)} is not in this worktree`);
}
