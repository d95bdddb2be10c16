import { existsSync } from "node:fs";
import { copyFile, open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { BytePath } from "../byte-path.ts";
import { unwritable } from "../durable-file.ts";
import type { Git } from "../git.ts";

export interface CheckpointWish {
  readonly message: string;
  /** Who makes it, and when, in git's own variables. */
  readonly identity: NodeJS.ProcessEnv;
}

export interface WatchedCheckpoint {
  readonly id: string;
  /** False: nothing had changed since the commit that is there already. */
  readonly created: boolean;
}

/** What is known of a folder by whoever watches it. */
export interface WatchedState {
  /** The files that have changed and are not journalled yet; `undefined` when that cannot be told file by file. */
  pending(): Promise<readonly BytePath[] | undefined>;
  /** The tree of all files as they were journalled last. */
  readonly tree: string | undefined;
  /** Journals what is pending; answers the tree of all files. */
  flush(): Promise<string>;
}

/** Git waits for the user, or a commit would have to be signed: that is for stock git. */
const unusual = [
  "MERGE_HEAD",
  "rebase-merge",
  "rebase-apply",
  "CHERRY_PICK_HEAD",
  "REVERT_HEAD",
  "info/sparse-checkout",
];

/** What this process was once started with says nothing of who makes a checkpoint. */
const nobody = Object.fromEntries(
  ["NAME", "EMAIL", "DATE"]
    .flatMap((what) => [`GIT_AUTHOR_${what}`, `GIT_COMMITTER_${what}`])
    .map((name) => [name, undefined]),
);

/**
 * Commits all files as they are, on the branch that is checked out, from what is known already: only the files that have changed
 * are looked at. The user's index is brought along while they are journalled, and is in its place before the branch moves.
 * `undefined` where anything is unusual; then nothing was changed.
 */
export async function checkpoint(
  git: Git,
  watched: WatchedState,
  { message, identity }: CheckpointWish,
): Promise<WatchedCheckpoint | undefined> {
  const gitDir = join(git.folder, ".git");
  if (unusual.some((name) => existsSync(join(gitDir, name)))) return undefined;
  const lock = await open(join(gitDir, "index.lock"), "wx").catch(() => undefined);
  if (lock === undefined) return undefined; // Git is at work.
  await lock.close();
  const prepared = join(gitDir, "trunks", "watch", "checkpoint-index");
  try {
    return await make(git, watched, prepared, message, identity);
  } finally {
    await rm(prepared, { force: true });
    await rm(join(gitDir, "index.lock"), { force: true });
  }
}

async function make(
  git: Git,
  watched: WatchedState,
  prepared: string,
  message: string,
  identity: NodeJS.ProcessEnv,
): Promise<WatchedCheckpoint | undefined> {
  const found = await git.try(["rev-parse", "HEAD", "HEAD^{tree}"]);
  const [head = "", headTree = ""] = found.stdout.toString("latin1").split("\n");
  if (found.status !== 0) return undefined;
  const pending = watched.tree === undefined ? undefined : await watched.pending();
  // What was journalled and not committed, and, when all can be told by names, what is journalled meanwhile.
  const before = pending === undefined ? await watched.flush() : undefined;
  const journalled = await names(git, headTree, before ?? (watched.tree as string));
  const candidates = new Set([...(pending ?? []), ...journalled]);
  const [tree, staged, text, signed] = await Promise.all([
    before ?? watched.flush(),
    git.items(["diff-index", "--cached", "--name-only", "--no-renames", "-z", "HEAD"]),
    git.bytes(["stripspace"], { input: message }),
    git.try(["config", "--bool", "commit.gpgsign"]),
    prepareIndex(git, prepared, [...candidates]),
  ]);
  if (text.length === 0 || signed.stdout.toString().trim() === "true") return undefined;
  const changed = before === undefined ? await names(git, headTree, tree) : journalled;
  if ([...changed, ...staged].some((path) => !candidates.has(path))) return undefined;
  const install = () => rename(prepared, join(git.folder, ".git", "index"));
  if (tree === headTree) {
    await install();
    return { id: head, created: false };
  }
  const environment = { ...nobody, ...identity };
  const id = await git.text(["commit-tree", tree, "-p", head, "-F", "-"], { input: text, environment });
  await install();
  const why = `checkpoint: ${text.toString("utf8").split("\n")[0]}`;
  await git.bytes(["update-ref", "-m", why, "HEAD", id, head], { environment });
  return { id, created: true };
}

async function names(git: Git, from: string, to: string): Promise<BytePath[]> {
  if (from === to) return [];
  return git.items(["diff-tree", "-r", "-z", "--no-renames", "--name-only", from, to]);
}

/** The user's index with these files as they are. */
async function prepareIndex(git: Git, prepared: string, files: readonly BytePath[]): Promise<void> {
  await rm(`${prepared}.lock`, { force: true });
  await copyFile(join(git.folder, ".git", "index"), prepared).catch((error) => {
    throw unwritable(prepared, error);
  });
  const input = Buffer.from(files.map((path) => `${path}\0`).join(""), "latin1");
  const settings = ["-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null"];
  const args = [...settings, "update-index", "--add", "--remove", "--replace", "-z", "--stdin"];
  await git.bytes(args, { input, environment: { GIT_INDEX_FILE: prepared } });
}
