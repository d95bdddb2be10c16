import { link, lstat, mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { unwritable } from "@trunks/location";
import { type BytePath, onDisk, parentOf } from "./byte-path.ts";
import type { Git } from "./git.ts";

/** A file of a commit. */
interface Entry {
  /** Git's mode, in octal digits. */
  readonly mode: string;
  readonly path: BytePath;
}

const submodule = "160000";

/**
 * Brings HEAD's files into the folder: those that are not there. What is there stays, whatever it is. Each file appears whole
 * or not at all, so that this may be killed and done again. Answers the paths that are not as HEAD has them.
 */
export async function placeFiles(git: Git, signal: AbortSignal | undefined): Promise<BytePath[]> {
  const { folder } = git;
  const staging = join(folder, ".trunks", "placing");
  const index = join(folder, ".git", "trunks", "index");
  const environment = { GIT_INDEX_FILE: index };
  await rm(staging, { recursive: true, force: true });
  await rm(`${index}.lock`, { force: true }); // Of an attempt that was killed; no other writes there.
  await git.bytes(["read-tree", "HEAD"], { environment });
  const missing = await missingEntries(folder, await entriesOf(git));
  await mkdir(staging, { recursive: true, mode: 0o700 });
  const files = missing.filter(({ mode }) => mode !== submodule).map(({ path }) => path);
  await git.bytes([`--work-tree=${staging}`, "checkout-index", "-z", "--stdin"], {
    input: Buffer.from(files.map((path) => `${path}\0`).join(""), "latin1"),
    environment,
    signal,
  });
  const folders = new Set<BytePath>();
  for (const { mode, path } of missing) {
    signal?.throwIfAborted();
    await makeParents(folder, mode === submodule ? `${path}/` : path, folders);
    if (mode !== submodule) await place(onDisk(staging, path), onDisk(folder, path));
  }
  await rm(staging, { recursive: true, force: true });
  await git.try(["update-index", "-q", "--refresh"], { environment });
  const kept = await git.items(["diff-files", "--name-only", "-z"], { environment });
  await rename(index, join(folder, ".git", "index"));
  return kept;
}

async function entriesOf(git: Git): Promise<Entry[]> {
  const lines = await git.items(["ls-tree", "-r", "-z", "HEAD"]);
  return lines.map((line) => ({ mode: line.slice(0, 6), path: line.slice(line.indexOf("\t") + 1) }));
}

/** Those for which there is room: nothing in their place, and only real folders on the way. */
async function missingEntries(folder: string, entries: readonly Entry[]): Promise<Entry[]> {
  const known = new Map<BytePath, "free" | "folder" | "taken">();
  const kindOf = async (path: BytePath | undefined): Promise<"free" | "folder" | "taken"> => {
    if (path === undefined) return "folder";
    const before = known.get(path);
    if (before !== undefined) return before;
    const above = await kindOf(parentOf(path));
    const kind = above === "folder" ? await look(onDisk(folder, path)) : above;
    known.set(path, kind);
    return kind;
  };
  const missing: Entry[] = [];
  for (const entry of entries) {
    const above = await kindOf(parentOf(entry.path));
    const kind = above === "folder" ? await look(onDisk(folder, entry.path)) : above;
    if (kind === "free") missing.push(entry);
  }
  return missing;
}

async function look(path: Buffer): Promise<"free" | "folder" | "taken"> {
  try {
    return (await lstat(path)).isDirectory() ? "folder" : "taken";
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "free";
    return "taken"; // Whatever it is, it cannot be reached.
  }
}

async function makeParents(folder: string, path: BytePath, made: Set<BytePath>): Promise<void> {
  const parent = parentOf(path);
  if (parent === undefined || made.has(parent)) return;
  await makeParents(folder, parent, made);
  await mkdir(onDisk(folder, parent)).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw unwritable(onDisk(folder, parent).toString(), error);
  });
  made.add(parent);
}

/** Never replaces what the user has put there in the meantime. */
async function place(source: Buffer, target: Buffer): Promise<void> {
  try {
    await link(source, target);
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (["EEXIST", "ENOTDIR", "ENOENT"].includes(code)) return;
    if (!["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"].includes(code))
      throw unwritable(target.toString(), error);
    if ((await look(target)) === "free") await rename(source, target);
  }
}
