import { TrunksError } from "@trunks/core";
import { LocalRepository } from "../helper/local-repository.ts";
import { makeCommit, moveHead } from "./new-commit.ts";
import { ScratchIndex } from "./scratch-index.ts";
import type { Worktree } from "./worktree.ts";

export interface CheckpointOptions {
  readonly message: string;
  /** Makes a checkpoint though nothing has changed. Default false. */
  readonly allowEmpty?: boolean;
  readonly signal: AbortSignal;
}

/** A checkpoint that there is now. */
export interface MadeCheckpoint {
  readonly id: string;
  /** False: nothing had changed since the commit that is there already. */
  readonly created: boolean;
}

/**
 * Makes a commit of all files that are not ignored, on the branch that one stands on, or on none. No hook runs: a checkpoint
 * keeps what is there, whatever a check thinks of it. Whoever is killed on the way leaves files, branch and index as they were.
 * Throws `INVALID_ARGUMENT` without a message, and for a first checkpoint of nothing.
 */
export async function makeCheckpoint(worktree: Worktree, options: CheckpointOptions): Promise<MadeCheckpoint> {
  const { message, allowEmpty = false, signal } = options;
  const { head } = worktree;
  const scratch = await ScratchIndex.make(worktree, signal);
  try {
    const [settings] = await Promise.all([new LocalRepository(worktree.gitDir).settings(), scratch.addAll()]);
    const tree = await scratch.writeTree();
    if (!allowEmpty && tree === worktree.tree) {
      // Something may be staged that is no file any more.
      await scratch.install();
      return { id: head as string, created: false };
    }
    if (!allowEmpty && head === undefined && (await scratch.git(["ls-files"])) === "") {
      throw new TrunksError("INVALID_ARGUMENT", "there is nothing here to make a checkpoint of");
    }
    const parents = head === undefined ? [] : [head];
    const id = await makeCommit({ tree, parents, message, settings }, signal);
    // Before the branch: if this is the last that happens, the changes are staged.
    await scratch.install();
    await moveHead(worktree, id, `checkpoint: ${message.split("\n")[0]}`, signal);
    return { id, created: true };
  } finally {
    await scratch.remove();
  }
}
