import type { Dirent } from "node:fs";
import { checkKey, maxKeyLength } from "@trunks/core";
import type { FileCalls } from "./file-calls.ts";
import { errnoOf, fileError } from "./file-error.ts";

/**
 * The keys below the folder `path`, whose own key prefix is `prefix`, behind `after`, in the byte order of whole keys.
 *
 * A folder sorts as its name with the slash: `a-b` and `a.b` come before all of `a/`, and `a0` behind it. So each folder
 * is read when its turn comes, and one that lies wholly before `after` never is.
 */
export function* walk(calls: FileCalls, path: string, prefix: string, after: string): Generator<string> {
  const behind = after.startsWith(prefix) ? after.slice(prefix.length) : "";
  if (behind === "" && after > prefix) return;
  // Names alone, for there may be thousands, of which one is asked for.
  const names: string[] = [];
  for (const entry of readFolder(calls, path)) {
    const kind = kindOf(calls, entry, path);
    const name = kind === "folder" ? `${entry.name}/` : entry.name;
    if (kind === "other" || prefix.length + name.length > maxKeyLength) continue;
    if (name > behind || (kind === "folder" && behind.startsWith(name))) names.push(name);
  }
  for (const name of leastFirst(names)) {
    if (!isSegment(name.replace(/\/$/, ""))) continue;
    if (name.endsWith("/")) yield* walk(calls, `${path}/${name.slice(0, -1)}`, prefix + name, after);
    else yield prefix + name;
  }
}

/** No entries when the folder is gone: with its last key it may be removed at any time. */
function readFolder(calls: FileCalls, path: string): readonly Dirent[] {
  try {
    return calls.folder(path);
  } catch (error) {
    if (errnoOf(error) === "ENOENT" || errnoOf(error) === "ENOTDIR") return [];
    throw fileError(error, "list", path);
  }
}

function kindOf(calls: FileCalls, entry: Dirent, folder: string): "file" | "folder" | "other" {
  if (entry.isFile()) return "file";
  if (entry.isDirectory()) return "folder";
  if (!entry.isSymbolicLink()) return "other";
  try {
    // Reads follow links, and so must lists.
    const target = calls.stat(`${folder}/${entry.name}`);
    return target?.isFile() ? "file" : target?.isDirectory() ? "folder" : "other";
  } catch {
    return "other";
  }
}

/** In byte order. Whoever wants the first alone, of thousands, does not wait for the others to be sorted. */
function* leastFirst(names: string[]): Generator<string, undefined> {
  let [least] = names;
  if (least === undefined) return;
  for (const name of names) if (name < least) least = name;
  yield least;
  yield* names.sort().slice(1);
}

/** Hidden files, the temporary ones among them, and what else people put into folders are no keys. */
function isSegment(name: string): boolean {
  try {
    checkKey(name);
    return true;
  } catch {
    return false;
  }
}
