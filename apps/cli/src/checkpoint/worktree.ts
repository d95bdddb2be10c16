import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { TrunksError } from "@trunks/core";
import { GitFailure, git } from "../helper/git.ts";
import { lookUpObjects } from "../helper/object-lookup.ts";

/** A folder of files with git's own beside it, at the moment when it was looked at. */
export interface Worktree {
  /** Absolute; of this worktree alone. */
  readonly gitDir: string;
  /** Absolute: where the staged state is. */
  readonly indexPath: string;
  /** Absolute: where the files are. */
  readonly top: string;
  /** Where one stands, from the top of the worktree: empty, or ending in a slash. */
  readonly prefix: string;
  /** The full name of the branch that one stands on; `undefined` on none. */
  readonly branch: string | undefined;
  /** The commit that one stands on; `undefined` on a branch that has none yet. */
  readonly head: string | undefined;
  /** The tree of `head`. */
  readonly tree: string | undefined;
}

/** What git leaves in its folder while it waits for the user: the file, what it is, how it is ended. */
const operations: readonly (readonly [file: string, what: string, command: string])[] = [
  ["MERGE_HEAD", "a merge", "git merge"],
  ["rebase-merge", "a rebase", "git rebase"],
  ["rebase-apply", "a rebase", "git rebase"],
  ["CHERRY_PICK_HEAD", "a cherry-pick", "git cherry-pick"],
  ["REVERT_HEAD", "a revert", "git revert"],
];

/**
 * The worktree around. Throws `NOT_FOUND` outside of a repository, `INVALID_ARGUMENT` where there are no files, and
 * `PRECONDITION_FAILED` in the middle of a merge, a rebase or the like, whose files are neither the old version nor a new one.
 */
export async function findWorktree(signal: AbortSignal): Promise<Worktree> {
  const questions = ["--is-inside-work-tree", "--absolute-git-dir", "--show-prefix"];
  const answers = (await ask(["rev-parse", ...questions], signal)).split("\n");
  const [inside, gitDir = "", prefix = ""] = answers;
  if (inside !== "true") {
    throw new TrunksError(
      "INVALID_ARGUMENT",
      "there are no files here: this is a bare repository, or git's own folder",
      {
        hint: "run it in a folder of files",
      },
    );
  }
  checkAtRest(gitDir);
  const [found, symbolic, unmerged] = await Promise.all([
    lookUpObjects(["HEAD^{commit}", "HEAD^{tree}"], signal),
    ask(["symbolic-ref", "--quiet", "HEAD"], signal).catch(() => ""),
    ask(["ls-files", "--unmerged", "--full-name", ":/"], signal),
  ]);
  if (unmerged !== "") {
    throw new TrunksError("PRECONDITION_FAILED", "there are files here whose conflicts are not resolved", {
      hint: "resolve them and `git add` them, or give them up with `git reset --merge`",
    });
  }
  return {
    gitDir,
    indexPath: resolve(process.env.GIT_INDEX_FILE ?? join(gitDir, "index")),
    top: resolve(prefix.replace(/[^/]+/g, "..")),
    prefix,
    branch: symbolic === "" ? undefined : symbolic,
    head: found.get("HEAD^{commit}"),
    tree: found.get("HEAD^{tree}"),
  };
}

/** The commit that a text names, as git reads it. Throws `NOT_FOUND`. */
export async function findCommit(text: string, signal: AbortSignal): Promise<string> {
  // The question is a line.
  const found = /[\n\0]/.test(text) || text === "" ? undefined : await lookUpObjects([`${text}^{commit}`], signal);
  const id = found?.get(`${text}^{commit}`);
  if (id !== undefined) return id;
  throw new TrunksError("NOT_FOUND", `there is no commit ${JSON.stringify(text)} here`, {
    hint: "`trunks history` lists them; `trunks fetch` brings those that others have pushed",
  });
}

/** A branch's name as people say it. */
export function branchName(ref: string | undefined): string | null {
  return ref?.replace(/^refs\/heads\//, "") ?? null;
}

function checkAtRest(gitDir: string): void {
  const found = operations.find(([file]) => existsSync(join(gitDir, file)));
  if (found === undefined) return;
  const [, what, command] = found;
  throw new TrunksError("PRECONDITION_FAILED", `${what} is under way here`, {
    hint: `end it first: \`${command} --continue\`, or \`${command} --abort\``,
  });
}

async function ask(args: readonly string[], signal: AbortSignal): Promise<string> {
  try {
    return (await git(args, { signal, environment: { LC_ALL: "C" } })).toString("utf8").replace(/\n$/, "");
  } catch (error) {
    if (!(error instanceof GitFailure) || !error.message.includes("not a git repository")) throw error;
    throw new TrunksError("NOT_FOUND", "this is not a git repository", {
      cause: error,
      hint: "run `trunks init` to make one",
    });
  }
}
