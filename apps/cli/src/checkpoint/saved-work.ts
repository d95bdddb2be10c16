import { isTrunksError, TrunksError } from "@trunks/core";
import { git } from "../helper/git.ts";
import { makeCommit } from "./new-commit.ts";
import { explained } from "./refusal.ts";
import { ScratchIndex } from "./scratch-index.ts";
import { branchName, type Worktree } from "./worktree.ts";

/** Refs of what was here before a command changed it. They stay in this clone, until somebody deletes them. */
export const savedPrefix = "refs/trunks/saved/";

/** The files as they are, and where they can be found again. */
export interface SavedWork {
  /** Holds the files as they are; its tree is `tree`. Must be removed. */
  readonly scratch: ScratchIndex;
  readonly tree: string;
  /** A ref that leads to what no other place has: files that are not committed, commits that are not pushed. */
  readonly ref: string | undefined;
}

/**
 * Looks at all files, and if some are not committed, or commits are not pushed, puts them under a ref of their own. Ignored
 * files are left alone, here and by what follows. What was staged and is in no file any more becomes a second parent, as in
 * git's stash.
 */
export async function saveWork(worktree: Worktree, before: string, signal: AbortSignal): Promise<SavedWork> {
  const scratch = await ScratchIndex.make(worktree, signal);
  try {
    const staged = await scratch.writeTree();
    await scratch.addAll();
    const tree = await scratch.writeTree();
    const ref = await saveRef(worktree, { tree, staged, before }, signal);
    return { scratch, tree, ref };
  } catch (error) {
    await scratch.remove();
    throw error;
  }
}

/** A failure behind the saving, with where everything is in its hint. */
export function withSavedRef(error: unknown, { ref }: Pick<SavedWork, "ref">): unknown {
  const told = explained(error);
  if (ref === undefined || !isTrunksError(told)) return told;
  const { code, message, hint, retryable } = told;
  const place = `what was here is saved: ${ref}`;
  return new TrunksError(code, message, {
    cause: told,
    retryable,
    hint: hint === undefined ? place : `${hint}; ${place}`,
  });
}

interface Work {
  readonly tree: string;
  readonly staged: string;
  readonly before: string;
}

async function saveRef(worktree: Worktree, work: Work, signal: AbortSignal): Promise<string | undefined> {
  const { head, tree: committed } = worktree;
  const isEmpty = committed === undefined && (await isEmptyTree(work.tree, signal)) && work.staged === work.tree;
  const isClean = isEmpty || (work.tree === committed && work.staged === committed);
  if (isClean && (head === undefined || (await isPushed(head, signal)))) return undefined;
  const id = isClean ? (head as string) : await workCommit(worktree, work, signal);
  const known = await lines(["for-each-ref", "--format=%(refname)", "--points-at", id, savedPrefix], signal);
  if (known[0] !== undefined) return known[0];
  // With milliseconds, so that names are in the order of saving.
  const time = new Date().toISOString().replace(/[-:]/g, "");
  const ref = `${savedPrefix}${time}-${id.slice(0, 8)}`;
  await git(["update-ref", "-m", `trunks: before ${work.before}`, ref, id, ""], { signal }).catch((error) => {
    throw explained(error);
  });
  return ref;
}

async function workCommit(worktree: Worktree, { tree, staged, before }: Work, signal: AbortSignal): Promise<string> {
  const where = branchName(worktree.branch) ?? "no branch";
  const parents = worktree.head === undefined ? [] : [worktree.head];
  const message = `Work on ${where} before ${before}`;
  if (staged === tree || staged === worktree.tree) return makeCommit({ tree, parents, message }, signal);
  const index = await makeCommit({ tree: staged, parents, message: `Staged on ${where} before ${before}` }, signal);
  return makeCommit({ tree, parents: [...parents, index], message }, signal);
}

/** Whether some remote is known to have the commit. */
async function isPushed(id: string, signal: AbortSignal): Promise<boolean> {
  return (await lines(["rev-list", "--max-count=1", id, "--not", "--remotes"], signal)).length === 0;
}

async function isEmptyTree(tree: string, signal: AbortSignal): Promise<boolean> {
  return (await lines(["ls-tree", tree], signal)).length === 0;
}

async function lines(args: readonly string[], signal: AbortSignal): Promise<string[]> {
  return (await git(args, { signal })).toString("utf8").split("\n").filter(Boolean);
}
