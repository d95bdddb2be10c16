import { TrunksError } from "@trunks/core";
import { decodeText } from "@trunks/repo";
import { findTrunkRemote } from "../git/trunk-remote.ts";
import { GitFailure, git } from "../helper/git.ts";
import { lookUpObjects } from "../helper/object-lookup.ts";
import { helperEnvironment } from "../launcher.ts";
import { saveWork, withSavedRef } from "./saved-work.ts";
import { branchName, findCommit, type Worktree } from "./worktree.ts";

export interface SwitchOptions {
  /** Without `refs/heads/`. */
  readonly name: string;
  /** The remote that is asked for a branch that is not here. Default: this clone's trunk. */
  readonly remote?: string;
  readonly signal: AbortSignal;
}

/** What a switch did. */
export interface MadeSwitch {
  /** The branch's commit. */
  readonly id: string;
  /** Where the work is that was not committed, or not pushed. */
  readonly savedRef: string | undefined;
}

/**
 * Stands on another branch, with its files and none else but ignored ones. Work that is not committed or not pushed is saved
 * first. A branch that only the trunk has is fetched. Throws `NOT_FOUND` when nobody has it, and `PRECONDITION_FAILED` when
 * another worktree stands on it.
 */
export async function switchBranch(worktree: Worktree, options: SwitchOptions): Promise<MadeSwitch> {
  const { name, signal } = options;
  const ref = `refs/heads/${name}`;
  await checkName(name, signal);
  if (!(await exists(ref, signal))) await bringBranch(options);
  await checkFree(ref, signal);
  const id = await findCommit(ref, signal);
  if (ref === worktree.branch) return { id, savedRef: undefined };
  const work = await saveWork(worktree, `a switch to ${name}`, signal);
  const { scratch, tree } = work;
  try {
    const goal = (await git(["rev-parse", `${id}^{tree}`], { signal })).toString("latin1").trim();
    await scratch.moveFiles(tree, goal);
    await scratch.install();
    // In git's own words, so that `git switch -` finds the way back.
    const from = branchName(worktree.branch) ?? worktree.head ?? "";
    await git(["symbolic-ref", "-m", `checkout: moving from ${from} to ${name}`, "HEAD", ref], { signal });
    return { id, savedRef: work.ref };
  } catch (error) {
    throw withSavedRef(error, work);
  } finally {
    await scratch.remove();
  }
}

async function checkName(name: string, signal: AbortSignal): Promise<void> {
  try {
    // As a branch's name itself, without git's shorthands for others.
    await git(["check-ref-format", `refs/heads/${name}`], { signal });
  } catch (error) {
    if (!(error instanceof GitFailure)) throw error;
    throw new TrunksError("INVALID_ARGUMENT", `${JSON.stringify(name)} cannot be a branch's name`, { cause: error });
  }
}

async function exists(ref: string, signal: AbortSignal): Promise<boolean> {
  return (await lookUpObjects([`${ref}^{commit}`], signal)).size > 0;
}

/** Makes the branch here of the trunk's, which it follows from then on. */
async function bringBranch({ name, remote: wanted, signal }: SwitchOptions): Promise<void> {
  const { name: remote } = await findTrunkRemote(wanted);
  const tracking = `refs/remotes/${remote}/${name}`;
  const { PATH = "" } = await helperEnvironment();
  const environment = { PATH, LC_ALL: "C" };
  await git(["fetch", "--quiet", remote, `+refs/heads/${name}:${tracking}`], { environment, signal }).catch((error) => {
    if (!(error instanceof GitFailure) || !/couldn't find remote ref/.test(error.message)) throw error;
    throw new TrunksError("NOT_FOUND", `there is no branch ${name}, neither here nor in the trunk`, {
      cause: error,
      hint: `\`trunks branch create ${name}\` makes it`,
    });
  });
  await git(["branch", "--quiet", "--track", name, tracking], { signal });
}

/** A branch can be stood on in one worktree at a time. */
async function checkFree(ref: string, signal: AbortSignal): Promise<void> {
  const output = await git(["for-each-ref", "--format=%(if)%(HEAD)%(then)*%(end)%(worktreepath)", ref], { signal });
  const path = decodeText(output).trim();
  if (path === "" || path.startsWith("*")) return;
  throw new TrunksError("PRECONDITION_FAILED", `another worktree stands on that branch: ${path}`);
}
