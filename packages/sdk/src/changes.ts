import type { RequestOptions } from "@trunks/core";
import type { ObjectFormat, ObjectId } from "@trunks/repo/client";
import { type EntryType, entryType, modeText } from "./mode.ts";
import type { Objects } from "./objects.ts";
import { sortByPath } from "./path.ts";
import { decodeTree, type TreeItem, type TreeItems } from "./tree.ts";

/** One path that differs between two trees; folders are told by what is in them. */
export interface PathChange {
  readonly path: string;
  /** Absent: it was added. */
  readonly before?: TreeItem;
  /** Absent: it was removed. */
  readonly after?: TreeItem;
}

/** A change as it is shown. */
export interface Change {
  readonly object: "change";
  /** From the top of the repository. */
  readonly path: string;
  /** Where it was; of what was renamed or copied alone. */
  readonly source_path?: string;
  /** `retyped`: a file became a symbolic link, or the like. The last three are told by the command line only. */
  readonly kind: "added" | "removed" | "modified" | "retyped" | "renamed" | "copied" | "unmerged";
  /** What stands there now, or stood there before it was removed. */
  readonly type: EntryType;
  /** As in `100644`; `null` where there is nothing. */
  readonly old_mode: string | null;
  /** The same afterwards. */
  readonly new_mode: string | null;
  /** `null` where there is nothing, and of a file in a worktree, which has no id yet. */
  readonly old_id: ObjectId | null;
  /** The same afterwards. */
  readonly new_id: ObjectId | null;
}

export function shownChange({ path, before, after }: PathChange): Change {
  return {
    object: "change",
    path,
    kind: kindOf(before, after),
    type: entryType(((after ?? before) as TreeItem).mode),
    old_mode: before === undefined ? null : modeText(before.mode),
    new_mode: after === undefined ? null : modeText(after.mode),
    old_id: before?.id ?? null,
    new_id: after?.id ?? null,
  };
}

function kindOf(before: TreeItem | undefined, after: TreeItem | undefined): Change["kind"] {
  if (before === undefined) return "added";
  if (after === undefined) return "removed";
  return entryType(before.mode) === entryType(after.mode) ? "modified" : "retyped";
}

interface FolderPair {
  readonly path: string;
  readonly before: ObjectId | undefined;
  readonly after: ObjectId | undefined;
}

/**
 * What differs between two trees, by path in byte order. Folders of one id are not looked into; the others are read level
 * by level, so that there are as many rounds of requests as the difference is deep.
 */
export async function changesBetween(
  objects: Objects,
  format: ObjectFormat,
  before: ObjectId | undefined,
  after: ObjectId | undefined,
  options: RequestOptions,
): Promise<PathChange[]> {
  const changes: PathChange[] = [];
  let level: FolderPair[] = before === after ? [] : [{ path: "", before, after }];
  while (level.length > 0) {
    const trees = await readTrees(objects, format, level, options);
    const next: FolderPair[] = [];
    for (const pair of level) compareFolders(pair, trees, changes, next);
    level = next;
  }
  return sortByPath(changes);
}

async function readTrees(
  objects: Objects,
  format: ObjectFormat,
  level: readonly FolderPair[],
  options: RequestOptions,
): Promise<Map<ObjectId, TreeItems>> {
  const ids = level.flatMap(({ before, after }) => [before, after].filter((id) => id !== undefined));
  const trees = new Map<ObjectId, TreeItems>();
  for await (const { id, data } of objects.readMany(ids, options)) trees.set(id, decodeTree(format, data));
  return trees;
}

const nothing: TreeItems = new Map();

function compareFolders(
  pair: FolderPair,
  trees: ReadonlyMap<ObjectId, TreeItems>,
  changes: PathChange[],
  next: FolderPair[],
): void {
  const before = pair.before === undefined ? nothing : (trees.get(pair.before) as TreeItems);
  const after = pair.after === undefined ? nothing : (trees.get(pair.after) as TreeItems);
  for (const name of new Set([...before.keys(), ...after.keys()])) {
    const old = before.get(name);
    const young = after.get(name);
    if (old?.id === young?.id && old?.mode === young?.mode) continue;
    const path = `${pair.path}${name}`;
    const [oldTree, oldFile] = parted(old);
    const [youngTree, youngFile] = parted(young);
    if (oldTree !== youngTree) next.push({ path: `${path}/`, before: oldTree, after: youngTree });
    if (oldFile !== undefined || youngFile !== undefined) changes.push({ path, before: oldFile, after: youngFile });
  }
}

/** An item is a folder's tree or something else. */
function parted(item: TreeItem | undefined): [ObjectId | undefined, TreeItem | undefined] {
  if (item === undefined) return [undefined, undefined];
  return entryType(item.mode) === "folder" ? [item.id, undefined] : [undefined, item];
}
