import { TrunksError } from "@trunks/core";
import { git } from "../helper/git.ts";
import { LocalRepository } from "../helper/local-repository.ts";
import { makeCommit, moveHead } from "./new-commit.ts";
import { literalPath } from "./pathspec.ts";
import { type SavedWork, saveWork, withSavedRef } from "./saved-work.ts";
import { ScratchIndex } from "./scratch-index.ts";
import { findCommit, type Worktree } from "./worktree.ts";

export interface RollbackOptions {
  /** A commit, as git names one. */
  readonly to: string;
  /** Files and folders, from the top of the worktree. Default: all. */
  readonly paths?: readonly string[];
  readonly signal: AbortSignal;
}

/** What a rollback did. */
export interface MadeRollback {
  /** The commit whose files are here now. */
  readonly to: string;
  /** The commit that says so; `undefined` when the last one said it already. */
  readonly id: string | undefined;
  /** Where the work is that was not committed, or not pushed. */
  readonly savedRef: string | undefined;
}

/**
 * Makes the files, or some of them, what they were in a commit, and a new commit of that on top: nothing leaves the history, and
 * a push needs no force. Work that is not committed or not pushed is saved first; other files than those that are named stay as
 * they are, and so does what is staged of them. Whoever is killed on the way runs it again. Throws `NOT_FOUND` for a commit
 * or a path that there is not.
 */
export async function rollBack(worktree: Worktree, options: RollbackOptions): Promise<MadeRollback> {
  const { to: text, paths = [], signal } = options;
  const { head } = worktree;
  if (head === undefined) throw new TrunksError("NOT_FOUND", "there is no commit on this branch yet");
  const to = await findCommit(text, signal);
  const short = to.slice(0, 12);
  const work = await saveWork(worktree, `a rollback to ${short}`, signal);
  const made: ScratchIndex[] = [work.scratch];
  try {
    const goal =
      paths.length === 0
        ? await wholeGoal(work, to, signal)
        : await partialGoal(worktree, work, { to, paths }, made, signal);
    await work.scratch.moveFiles(work.tree, goal.filesTree);
    const message = `Rollback to ${short}${paths.length === 0 ? "" : `: ${paths.join(", ")}`}`;
    const settings = await new LocalRepository(worktree.gitDir).settings();
    const isNew = goal.commitTree !== worktree.tree;
    const tree = goal.commitTree;
    const id = isNew ? await makeCommit({ tree, parents: [head], message, settings }, signal) : undefined;
    await goal.index.install();
    if (id !== undefined) await moveHead(worktree, id, `rollback: to ${short}`, signal);
    return { to, id, savedRef: work.ref };
  } catch (error) {
    throw withSavedRef(error, work);
  } finally {
    await Promise.all(made.map((scratch) => scratch.remove()));
  }
}

/** What there shall be in the end. */
interface Goal {
  readonly commitTree: string;
  /** Of all files that are not ignored. */
  readonly filesTree: string;
  readonly index: ScratchIndex;
}

async function wholeGoal({ scratch }: SavedWork, to: string, signal: AbortSignal): Promise<Goal> {
  const tree = (await git(["rev-parse", `${to}^{tree}`], { signal })).toString("latin1").trim();
  return { commitTree: tree, filesTree: tree, index: scratch };
}

/** The paths as they were in the commit, in three places: in the last commit, among the files, and in what is staged. */
async function partialGoal(
  worktree: Worktree,
  { scratch }: SavedWork,
  { to, paths }: { readonly to: string; readonly paths: readonly string[] },
  made: ScratchIndex[],
  signal: AbortSignal,
): Promise<Goal> {
  const take = async (index: ScratchIndex) => {
    made.push(index);
    await index.git(["reset", "--quiet", to, "--", ...paths.map(literalPath)]);
    return index;
  };
  const files = await take(await scratch.copy());
  await checkPaths(paths, [scratch, files]);
  const committed = await ScratchIndex.make(worktree, signal, "nothing");
  made.push(committed);
  await committed.git(["read-tree", "HEAD"]);
  await take(committed);
  const index = await take(await ScratchIndex.make(worktree, signal));
  return { commitTree: await committed.writeTree(), filesTree: await files.writeTree(), index };
}

/** Throws `NOT_FOUND` for a path that neither the files nor the commit have. */
async function checkPaths(paths: readonly string[], indexes: readonly ScratchIndex[]): Promise<void> {
  const args = ["ls-files", "-z", "--full-name", "--", ...paths.map(literalPath)];
  const found = await Promise.all(indexes.map(async (index) => (await index.git(args)).split("\0")));
  const names = found.flat();
  const missing = paths.find((path) => !names.some((name) => name === path || name.startsWith(`${path}/`)));
  if (missing === undefined) return;
  throw new TrunksError("NOT_FOUND", `there is no ${JSON.stringify(missing)}, neither here nor in that commit`);
}
