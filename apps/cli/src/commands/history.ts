import type { Checkpoint, Commit } from "@trunks/sdk";
import { checkpointAnswer, checkpointCells, unpushedCommits } from "../checkpoint/checkpoint-answer.ts";
import { savedPrefix } from "../checkpoint/saved-work.ts";
import { branchName, findCommit, findWorktree, type Worktree } from "../checkpoint/worktree.ts";
import { type Command, type Context, exitStatus, listOptions } from "../command.ts";
import { readCommits } from "../git/commits.ts";
import { gitLines } from "../git/working-copy.ts";
import { table } from "../terminal/output.ts";

export const command: Command = {
  usage: ["[--branch BRANCH] [--limit N] [--offset N] [PATH …]", "--saved"],
  description: [
    "Lists the checkpoints of a branch, the newest first: all its commits, whoever made them. With paths, those that changed them. With --saved, the work that `rollback` and `branch switch` have saved, by its refs.",
  ],
  options: {
    branch: { value: "BRANCH", help: "the branch, or any commit (default: where you are)" },
    saved: { help: "list saved work instead" },
    ...listOptions,
  },
  words: { least: 0, most: 10_000 },
  async run(context) {
    const { arguments: args, output, signal } = context;
    const worktree = await findWorktree(signal);
    if (args.flag("saved")) {
      output.list(
        await savedWork(signal),
        args,
        (one) => [...checkpointCells(one), one.saved_ref],
        "nothing was saved",
      );
      return exitStatus.ok;
    }
    const { data, limit, offset, more } = await page(worktree, context);
    const list = { object: "list", data, limit, offset, total_count: more ? null : offset + data.length };
    output.answer(
      { ...list, has_more: more },
      data.length === 0 ? "there is no checkpoint" : table(data.map(checkpointCells)),
    );
    if (more) output.note(`older ones follow: --offset ${offset + data.length}`);
    return exitStatus.ok;
  },
};

async function page(worktree: Worktree, { arguments: args, signal }: Context) {
  const limit = args.number("limit") ?? 100;
  const offset = args.number("offset") ?? 0;
  const named = args.text("branch");
  const branch = named ?? branchName(worktree.branch);
  const tip = named === undefined ? worktree.head : await findCommit(named, signal);
  if (tip === undefined) return { data: [], limit, offset, more: false };
  const words = [`--max-count=${limit + 1}`, `--skip=${offset}`, tip, "--", ...args.words];
  const found = await readCommits(words, signal);
  const unpushed = await unpushedCommits(tip, offset + limit, signal);
  const data = found.slice(0, limit).map((commit) => checkpointAnswer(commit, branch, unpushed));
  return { data, limit, offset, more: found.length > limit };
}

/** The newest first, as their names sort. */
async function savedWork(signal: AbortSignal): Promise<(Checkpoint & { readonly saved_ref: string })[]> {
  const lines = await gitLines(["for-each-ref", "--sort=-refname", "--format=%(objectname) %(refname)", savedPrefix]);
  const refs = lines.map((line) => line.split(" ") as [string, string]);
  if (refs.length === 0) return [];
  const commits = new Map<string, Commit>();
  for (const commit of await readCommits(["--no-walk", ...refs.map(([id]) => id)], signal))
    commits.set(commit.id, commit);
  return refs.map(([id, ref]) => ({
    ...checkpointAnswer(commits.get(id) as Commit, null, new Set([id])),
    saved_ref: ref,
  }));
}
