import { TrunksError } from "@trunks/core";
import { encodeText } from "@trunks/repo";
import { git } from "../helper/git.ts";
import type { Settings } from "../helper/local-repository.ts";
import { explained } from "./refusal.ts";
import type { Worktree } from "./worktree.ts";

export interface NewCommit {
  readonly tree: string;
  readonly parents: readonly string[];
  /** Cleaned as `git commit -m` does it. */
  readonly message: string;
  /** Signs it when the user's settings say that commits are signed. */
  readonly settings?: Settings;
}

/** Makes a commit by git's own rules for authors and dates; no ref has it yet. No hook runs. */
export async function makeCommit(
  { tree, parents, message, settings }: NewCommit,
  signal: AbortSignal,
): Promise<string> {
  const text = await git(["stripspace"], { input: encodeText(message), signal });
  if (text.length === 0)
    throw new TrunksError("INVALID_ARGUMENT", "a checkpoint needs a message", { hint: "-m MESSAGE" });
  const signed = settings?.boolean("commit.gpgsign") ? ["-S"] : [];
  const args = ["commit-tree", ...signed, ...parents.flatMap((id) => ["-p", id]), "-F", "-", tree];
  const output = await git(args, { input: text, signal, environment: { LC_ALL: "C" } }).catch((error) => {
    throw explained(error);
  });
  return output.toString("latin1").trim();
}

/** Moves what one stands on, the branch or HEAD itself, if nobody else has meanwhile. */
export async function moveHead(worktree: Worktree, id: string, why: string, signal: AbortSignal): Promise<void> {
  const old = worktree.head ?? "0".repeat(id.length);
  await git(["update-ref", "-m", why, "HEAD", id, old], { signal, environment: { LC_ALL: "C" } }).catch((error) => {
    throw explained(error);
  });
}
