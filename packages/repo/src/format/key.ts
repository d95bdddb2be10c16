import { parseSlotName, slotName } from "./slot.ts";

/** The keys of a trunk, relative to `<root>/trunks/<name>.trunk/`. See docs/format.md, 2. */
export const trunkFileKey = "trunk.json";
export const latestKey = "latest";
export const placeKey = "place";
export const journalPrefix = "journal/";
export const snapshotPrefix = "refs/";
export const segmentPrefix = "objects/";
/** Packs of chunks, which large blobs are cut into. */
export const containerPrefix = "chunks/";
export const intentPrefix = "intents/";
export const doomedPrefix = "doomed/";

export function recordKey(slot: number): string {
  return `${journalPrefix}${slotName(slot)}`;
}

/** The slot of a record's key, or `undefined` when it is none. */
export function recordKeySlot(key: string): number | undefined {
  return key.startsWith(journalPrefix) ? parseSlotName(key.slice(journalPrefix.length)) : undefined;
}

export function snapshotKey(slot: number, id: string): string {
  return `${snapshotPrefix}${slotName(slot)}-${id}`;
}

/** The slot of a snapshot's key, or `undefined` when it is none. */
export function snapshotKeySlot(key: string): number | undefined {
  const found = /^refs\/([0-9]{15})-[0-9a-f]{32}$/.exec(key);
  return found === null ? undefined : parseSlotName(found[1] as string);
}

export function packKey(segmentId: string): string {
  return `${segmentPrefix}${segmentId}.pack`;
}

export function indexKey(segmentId: string): string {
  return `${segmentPrefix}${segmentId}.idx`;
}

export function containerPackKey(containerId: string): string {
  return `${containerPrefix}${containerId}.pack`;
}

export function containerIndexKey(containerId: string): string {
  return `${containerPrefix}${containerId}.idx`;
}

export function intentKey(entryId: string): string {
  return `${intentPrefix}${entryId}`;
}

/** The id of an intent's entry, or `undefined` when it is no intent's key. */
export function intentKeyId(key: string): string | undefined {
  return /^intents\/([0-9a-f]{32})$/.exec(key)?.[1];
}

export function doomListKey(id: string): string {
  return `${doomedPrefix}${id}`;
}

/** Whether `key` is that of a list of doomed keys. */
export function isDoomListKey(key: string): boolean {
  return /^doomed\/[0-9a-f]{32}$/.test(key);
}
