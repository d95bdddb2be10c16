import type { Checkpoint, Commit, Rollback } from "@trunks/sdk";
import { readCommits } from "../git/commits.ts";
import { git } from "../helper/git.ts";
import { printable } from "../trunk/ref-update-answer.ts";
import type { MadeRollback } from "./rollback.ts";
import { branchName, type Worktree } from "./worktree.ts";

/** Commits as checkpoints of the branch; `unpushed` are those that no remote is known to have. */
export function checkpointAnswer(commit: Commit, branch: string | null, unpushed: ReadonlySet<string>): Checkpoint {
  return { ...commit, object: "checkpoint", branch, pushed: !unpushed.has(commit.id) };
}

/** One checkpoint that is here. */
export async function readCheckpoint(
  worktree: Pick<Worktree, "branch">,
  id: string,
  signal: AbortSignal,
): Promise<Checkpoint> {
  const [[commit], unpushed] = await Promise.all([
    readCommits(["--max-count=1", id], signal),
    unpushedCommits(id, 1, signal),
  ]);
  return checkpointAnswer(commit as Commit, branchName(worktree.branch), unpushed);
}

export async function rollbackAnswer(
  worktree: Worktree,
  { to, id, savedRef }: MadeRollback,
  paths: readonly string[],
  signal: AbortSignal,
): Promise<Rollback> {
  const checkpoint = id === undefined ? null : await readCheckpoint(worktree, id, signal);
  return { object: "rollback", to, paths, checkpoint, saved_ref: savedRef ?? null };
}

/** Of the newest so many commits from there on, those that no remote is known to have. */
export async function unpushedCommits(tip: string, limit: number, signal: AbortSignal): Promise<Set<string>> {
  const output = await git(["rev-list", `--max-count=${limit}`, tip, "--not", "--remotes"], { signal });
  return new Set(output.toString("latin1").split("\n").filter(Boolean));
}

/** A line of a table. */
export function checkpointCells({ id, author, message, pushed }: Checkpoint): string[] {
  return [id.slice(0, 12), author.date, printable(subject(message)), pushed ? "" : "not pushed"];
}

/** The first line of a message. */
export function subject(message: string): string {
  return message.split("\n")[0] as string;
}

/** Says where work was saved. */
export function savedText(ref: string): string {
  return `what was not committed or not pushed is saved: ${ref}`;
}
