import { decodeText, encodeText, type ObjectFormat, type ObjectId, treeBytes, treeEntries } from "@trunks/repo/client";

/** What a name in a folder means: a mode and an object. */
export interface TreeItem {
  readonly mode: number;
  readonly id: ObjectId;
}

/** A folder's items by name, in the order of the tree. */
export type TreeItems = ReadonlyMap<string, TreeItem>;

export function decodeTree(format: ObjectFormat, data: Uint8Array): Map<string, TreeItem> {
  const items = new Map<string, TreeItem>();
  for (const { mode, name, id } of treeEntries(format, data)) items.set(decodeText(name), { mode, id });
  return items;
}

export function encodeTree(items: Iterable<readonly [string, TreeItem]>): Uint8Array {
  return treeBytes(Array.from(items, ([name, { mode, id }]) => ({ mode, name: encodeText(name), id })));
}
