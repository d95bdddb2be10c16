import type { RequestOptions } from "@trunks/core";
import {
  type IdentifiedObject,
  parseCommit,
  parseTag,
  submoduleMode,
  treeEntries,
  treeMode,
} from "../pack/git-object.ts";
import type { ObjectFormat } from "../pack/object-format.ts";
import type { ObjectReader } from "../pack/object-reader.ts";

/**
 * The id of an object that `id` reaches and that is not there; `undefined` when nothing is missing. What the `complete` objects
 * reach is taken to be there, and is not looked at where the way leads to one of them. Blobs are looked up, not read.
 */
export async function findMissing(
  objects: ObjectReader,
  format: ObjectFormat,
  id: string,
  complete: Iterable<string>,
  options: RequestOptions = {},
): Promise<string | undefined> {
  const seen = new Set(complete);
  let level = seen.has(id) ? [] : [id];
  while (level.length > 0) {
    const missing = new Set(level);
    const below = new Set<string>();
    for await (const object of objects.readMany(level, { ...options, skipMissing: true })) {
      missing.delete(object.id);
      seen.add(object.id);
      for (const link of linksOf(format, object)) {
        if (seen.has(link.id)) continue;
        if (link.isBlob) {
          seen.add(link.id);
          if (!(await objects.has(link.id, options))) return link.id;
        } else below.add(link.id);
      }
    }
    for (const one of missing) return one;
    level = [...below].filter((one) => !seen.has(one));
  }
  return undefined;
}

interface Link {
  readonly id: string;
  readonly isBlob: boolean;
}

function linksOf(format: ObjectFormat, { type, data }: IdentifiedObject): Link[] {
  if (type === "blob") return [];
  if (type === "tag") {
    const { object, type: of } = parseTag(format, data);
    return [{ id: object, isBlob: of === "blob" }];
  }
  if (type === "commit") {
    const { tree, parents } = parseCommit(format, data);
    return [tree, ...parents].map((id) => ({ id, isBlob: false }));
  }
  return [...treeEntries(format, data)].flatMap(({ mode, id }) =>
    mode === submoduleMode ? [] : { id, isBlob: mode !== treeMode },
  );
}
