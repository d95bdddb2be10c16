import { existsSync, statSync } from "node:fs";
import { open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { copyIndex, unwritable, writeIndex } from "@trunks/location";
import type { BytePath } from "../byte-path.ts";
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
  /** The tree of all files as they were journalled last. */
  readonly tree: string | undefined;
  /** The files that have changed since, and others that have not; `undefined` when that cannot be told file by file. */
  pending(): Promise<readonly BytePath[] | undefined>;
  /** Takes what has changed since: the tree of all files now, and those that were looked at. `undefined` as above. */
  take(): Promise<{ readonly tree: string; readonly files: readonly BytePath[] } | undefined>;
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
 * `undefined` where anything is unusual; then nothing was changed. `stagedAt` is the last answer's: an index that is still that
 * one has nothing staged.
 */
export async function checkpoint(
  git: Git,
  stagedAt: string | undefined,
  wish: CheckpointWish,
  watched: WatchedState,
): Promise<(WatchedCheckpoint & { readonly stagedAt: string }) | undefined> {
  const gitDir = join(git.folder, ".git");
  if (unusual.some((name) => existsSync(join(gitDir, name)))) return undefined;
  const lock = await open(join(gitDir, "index.lock"), "wx").catch(() => undefined);
  if (lock === undefined) return undefined; // Git is at work.
  await lock.close();
  const prepared = join(gitDir, "trunks", "watch", "checkpoint-index");
  try {
    const made = await make(git, stagedAt, watched, prepared, wish);
    return made && { ...made, stagedAt: indexState(gitDir) };
  } finally {
    await rm(prepared, { force: true });
    await rm(join(gitDir, "index.lock"), { force: true });
  }
}

async function make(
  git: Git,
  stagedAt: string | undefined,
  watched: WatchedState,
  prepared: string,
  { message, identity }: CheckpointWish,
): Promise<WatchedCheckpoint | undefined> {
  const gitDir = join(git.folder, ".git");
  const text = stripped(message);
  const [found, pending] = await Promise.all([git.try(["rev-parse", "HEAD", "HEAD^{tree}"]), watched.pending()]);
  const [head = "", headTree = ""] = found.stdout.toString("latin1").split("\n");
  if (found.status !== 0 || pending === undefined || watched.tree === undefined || text === "") return undefined;
  // What was journalled and not committed, and what is taken meanwhile.
  const candidates = new Set([...pending, ...(await names(git, headTree, watched.tree))]);
  const [taken, staged, signed] = await Promise.all([
    watched.take(),
    indexState(gitDir) === stagedAt ? [] : stagedNames(git),
    git.try(["config", "--bool", "commit.gpgsign"]),
    prepareIndex(git, prepared, [...candidates]),
  ]);
  if (taken === undefined || signed.stdout.toString().trim() === "true") return undefined;
  // What changed in these few moments is left out by neither, or by both.
  const others = taken.files.filter((path) => !candidates.has(path));
  if (staged.some((path) => !candidates.has(path))) return undefined;
  if (others.length > 0 && (await names(git, headTree, taken.tree)).some((path) => !candidates.has(path))) {
    return undefined;
  }
  const install = () => rename(prepared, join(gitDir, "index"));
  if (taken.tree === headTree) {
    await install();
    return { id: head, created: false };
  }
  const environment = { ...nobody, ...identity };
  const made = await git.try(["commit-tree", taken.tree, "-p", head, "-F", "-"], { input: text, environment });
  if (made.status !== 0) return undefined; // As where nobody says who makes it.
  const id = made.stdout.toString("latin1").trim();
  await install();
  const why = `checkpoint: ${text.split("\n")[0]}`;
  await git.bytes(["update-ref", "-m", why, "HEAD", id, head], { environment });
  return { id, created: true };
}

/** As `git stripspace` leaves it. */
function stripped(message: string): string {
  const lines = message.split("\n").map((line) => line.trimEnd());
  const text = lines
    .join("\n")
    .replace(/\n{3,}/g, "\n\n")
    .replace(/^\n+|\n+$/g, "");
  return text === "" ? "" : `${text}\n`;
}

/** Tells one content of the user's index from another, as git itself does. */
function indexState(gitDir: string): string {
  const stat = statSync(join(gitDir, "index"), { bigint: true, throwIfNoEntry: false });
  return stat === undefined ? "" : `${stat.ino} ${stat.size} ${stat.mtimeNs} ${stat.ctimeNs}`;
}

function stagedNames(git: Git): Promise<BytePath[]> {
  return git.items(["diff-index", "--cached", "--name-only", "--no-renames", "-z", "HEAD"]);
}

async function names(git: Git, from: string, to: string): Promise<BytePath[]> {
  if (from === to) return [];
  return git.items(["diff-tree", "-r", "-z", "--no-renames", "--name-only", from, to]);
}

/** The user's index with these files as they are. */
async function prepareIndex(git: Git, prepared: string, files: readonly BytePath[]): Promise<void> {
  for (const path of [prepared, `${prepared}.lock`]) await rm(path, { force: true });
  await copyIndex(join(git.folder, ".git", "index"), prepared).catch((error) => {
    throw unwritable(prepared, error);
  });
  const input = Buffer.from(files.map((path) => `${path}\0`).join(""), "latin1");
  const settings = ["-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null"];
  const args = [...settings, "update-index", "--add", "--remove", "--replace", "-z", "--stdin"];
  await writeIndex(prepared, () => git.bytes(args, { input, environment: { GIT_INDEX_FILE: prepared } }));
}
