import type { RequestOptions } from "@trunks/core";
import { hexFromBytes } from "../platform.ts";
import { parseCommit, treeEntries } from "./git-object.ts";
import type { ObjectFormat, ObjectId } from "./object-format.ts";
import type { ObjectReader } from "./object-reader.ts";

/**
 * What trees and blobs among these objects are called where they were first met: versions of one file have one name, so that
 * they are good bases for each other's deltas. Reads all of the objects.
 */
export async function objectNames(
  format: ObjectFormat,
  objects: ObjectReader,
  ids: Iterable<ObjectId>,
  options: RequestOptions,
): Promise<Map<ObjectId, string>> {
  const names = new Map<ObjectId, string>();
  for await (const { type, data } of objects.readMany(ids, options)) {
    if (type === "commit") names.set(parseCommit(format, data).tree, "/");
    if (type !== "tree") continue;
    for (const { id, name } of treeEntries(format, data)) if (!names.has(id)) names.set(id, hexFromBytes(name));
  }
  return names;
}
