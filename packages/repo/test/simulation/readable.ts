import { recordKeySlot, snapshotKeySlot } from "../../src/format/key.ts";

/** Keys and ids as a person reads them: slots as numbers, and of ids the first digits. */
export function readable(text: string): string {
  return text.replace(/[a-z]+\/[\w.-]+/g, readableKey).replace(/\b([0-9a-f]{6})[0-9a-f]{6,}\b/g, "$1");
}

function readableKey(key: string): string {
  const slot = recordKeySlot(key);
  if (slot !== undefined) return `journal/${slot}`;
  const snapshotSlot = snapshotKeySlot(key);
  return snapshotSlot === undefined ? key : `refs/${snapshotSlot}-${key.slice(-32)}`;
}
