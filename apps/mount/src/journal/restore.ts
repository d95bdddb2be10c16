import { lstat, mkdir, rename, rm, rmdir, unlink } from "node:fs/promises";
import { join } from "node:path";
import { type RequestOptions, TrunksError } from "@trunks/core";
import { unwritable } from "@trunks/location";
import { type BytePath, onDisk, parentOf } from "../byte-path.ts";
import type { Git } from "../git.ts";
import { type JournalState, treeChanges } from "./states.ts";

/** What was done to a folder, and what could not be. */
export interface Restoration {
  readonly restored: readonly BytePath[];
  readonly removed: readonly BytePath[];
  /** Where something stands that no journal has, as what is ignored. It was left. */
  readonly blocked: readonly BytePath[];
}

/**
 * Makes files of a folder what they were. `present` is the state that the folder is in, safe in the journal. Index, HEAD and
 * branches are not touched, nor is what git ignores. `paths` are files and folders; none means all.
 */
export async function restoreFiles(
  git: Git,
  present: string,
  wanted: JournalState,
  paths: readonly BytePath[],
  options: RequestOptions,
): Promise<Restoration> {
  const { folder } = git;
  const changes = await treeChanges(git, present, wanted.tree, paths, options);
  const staging = join(folder, ".trunks", "restoring");
  await rm(staging, { recursive: true, force: true });
  try {
    const files = changes.filter(({ kind }) => kind !== "removed").map(({ path }) => path);
    // All is there before the first file is replaced: a disk that fills up changes nothing.
    await extract(git, wanted.tree, staging, files, options);
    const removed = changes.filter(({ kind }) => kind === "removed").map(({ path }) => path);
    for (const path of removed) await removeFile(folder, path);
    const [restored, blocked]: [BytePath[], BytePath[]] = [[], []];
    for (const path of files) ((await replace(folder, staging, path)) ? restored : blocked).push(path);
    return { restored, removed, blocked };
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

/** Writes a state into a folder that is new or empty. */
export async function extractState(
  git: Git,
  state: JournalState,
  target: string,
  options: RequestOptions,
): Promise<void> {
  await mkdir(target, { recursive: true });
  await rmdir(target).catch((cause) => {
    throw new TrunksError("ALREADY_EXISTS", `${target} is not empty`, { cause });
  });
  await extract(git, state.tree, target, undefined, options);
}

/** Without files: all. */
async function extract(
  git: Git,
  tree: string,
  target: string,
  files: readonly BytePath[] | undefined,
  options: RequestOptions,
): Promise<void> {
  await mkdir(target, { recursive: true, mode: 0o700 });
  const index = join(git.folder, ".git", "trunks", "restoring-index");
  await rm(`${index}.lock`, { force: true });
  const environment = { GIT_INDEX_FILE: index };
  try {
    await git.bytes(["read-tree", tree], { ...options, environment });
    const which = files === undefined ? ["-a"] : ["-z", "--stdin"];
    const input = Buffer.from((files ?? []).map((path) => `${path}\0`).join(""), "latin1");
    await git.bytes([`--work-tree=${target}`, "checkout-index", ...which], { ...options, environment, input });
  } finally {
    await rm(index, { force: true });
  }
}

async function removeFile(folder: string, path: BytePath): Promise<void> {
  await unlink(onDisk(folder, path)).catch(() => {}); // Gone already, or a folder by now.
  for (let parent = parentOf(path); parent !== undefined; parent = parentOf(parent)) {
    try {
      await rmdir(onDisk(folder, parent));
    } catch {
      return; // Something is left in it.
    }
  }
}

/** False when something stands in the way that is not to be removed. */
async function replace(folder: string, staging: string, path: BytePath): Promise<boolean> {
  try {
    if (!(await makeParents(folder, parentOf(path)))) return false;
    // An empty folder may stand where a file was, and the other way round.
    await rmdir(onDisk(folder, path)).catch(() => {});
    await rename(onDisk(staging, path), onDisk(folder, path));
    return true;
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (["EISDIR", "ENOTEMPTY", "EEXIST", "ENOTDIR", "ENOENT"].includes(code)) return false;
    throw unwritable(onDisk(folder, path).toString(), error);
  }
}

/** False when a link or a file stands on the way: what lies beyond is not this folder's. */
async function makeParents(folder: string, path: BytePath | undefined): Promise<boolean> {
  if (path === undefined) return true;
  if (!(await makeParents(folder, parentOf(path)))) return false;
  const stat = await lstat(onDisk(folder, path)).catch(() => undefined);
  if (stat !== undefined) return stat.isDirectory();
  await mkdir(onDisk(folder, path));
  return true;
}
