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
  const places: string[] = [];
  for (const entry of readFolder(calls, path)) {
    if (!isSegment(entry.name)) continue;
    const kind = kindOf(calls, entry, `${path}/${entry.name}`);
    const place = prefix + entry.name + (kind === "folder" ? "/" : "");
    if (kind === "other" || place.length > maxKeyLength) continue;
    if (place > after || (kind === "folder" && after.startsWith(place))) places.push(place);
  }
  for (const place of places.sort()) {
    if (place.endsWith("/")) yield* walk(calls, `${path}/${place.slice(prefix.length, -1)}`, place, after);
    else yield place;
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

function kindOf(calls: FileCalls, entry: Dirent, path: string): "file" | "folder" | "other" {
  if (entry.isFile()) return "file";
  if (entry.isDirectory()) return "folder";
  if (!entry.isSymbolicLink()) return "other";
  try {
    // Reads follow links, and so must lists.
    const target = calls.stat(path);
    return target?.isFile() ? "file" : target?.isDirectory() ? "folder" : "other";
  } catch {
    return "other";
  }
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
