import {
  decodeText,
  encodeText,
  hexFromBytes,
  latin1Text,
  type ObjectFormat,
  type ObjectId,
  objectIdLength,
  TreeCursor,
  treeBytes,
} from "@trunks/repo/client";

/** What a name in a folder means: a mode and an object. */
export interface TreeItem {
  readonly mode: number;
  readonly id: ObjectId;
}

/** A folder's items by name, in the order of the tree. */
export type TreeItems = ReadonlyMap<string, TreeItem>;

export function decodeTree(format: ObjectFormat, data: Uint8Array): Map<string, TreeItem> {
  const items = new Map<string, TreeItem>();
  visitTree(format, data, (name, mode, id) => items.set(name, { mode, id }));
  return items;
}

/**
 * Tells of each item of a tree, in the tree's order. Names and ids are cut out of texts of the whole tree: a text of each would
 * take several times as long to make.
 */
export function visitTree(
  format: ObjectFormat,
  data: Uint8Array,
  visit: (name: string, mode: number, id: ObjectId) => void,
): void {
  const text = latin1Text(data);
  const digits = hexFromBytes(data);
  const idLength = objectIdLength(format);
  for (const cursor = new TreeCursor(format, data); cursor.next(); ) {
    const { nameStart, nameEnd, idStart, mode } = cursor;
    const name = isAscii(data, nameStart, nameEnd) ? text.slice(nameStart, nameEnd) : decodeText(cursor.name());
    visit(name, mode, digits.slice(2 * idStart, 2 * idStart + idLength));
  }
}

function isAscii(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if ((bytes[at] as number) >= 0x80) return false;
  return true;
}

export function encodeTree(items: Iterable<readonly [string, TreeItem]>): Uint8Array {
  return treeBytes(Array.from(items, ([name, { mode, id }]) => ({ mode, name: encodeText(name), id })));
}
