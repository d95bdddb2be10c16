import type { Backend, RequestOptions } from "@trunks/core";
import { doomListKey, journalPrefix, recordKey } from "../format/key.ts";
import { encodeText } from "../format/text.ts";

/** The size of a list of doomed keys that names nothing but itself: no other list has it. */
export const probeSizeBytes = probeText("0".repeat(32)).length;

/**
 * What time it is by the store's own clock, in milliseconds since 1970: of a key that is written now, as the listing dates
 * it. Clocks of the machines that use the trunk do not matter then. On a store that lists late it is the time of the newest
 * record, which is earlier: whatever is to be old enough then is.
 */
export async function storeTimeMs(
  backend: Backend,
  newId: () => string,
  options: RequestOptions = {},
): Promise<number | undefined> {
  const id = newId();
  const key = doomListKey(id);
  await backend.create(key, encodeText(probeText(id)), options);
  const [probe, newest] = await Promise.all([
    backend.list(key.slice(0, key.indexOf("/") + 1), { ...options, after: key.slice(0, -1), limit: 1 }),
    backend.list(journalPrefix, { ...options, limit: 1 }),
  ]);
  await backend.delete([key], options);
  return (probe.keys.find((listed) => listed.key === key) ?? newest.keys[0])?.modifiedMs;
}

/** When the record in `slot`, or what stands in its place, was written by the store's clock. */
export async function slotTimeMs(backend: Backend, slot: number, options: RequestOptions): Promise<number | undefined> {
  const page = await backend.list(journalPrefix, { ...options, after: recordKey(slot + 1), limit: 1 });
  return page.keys.find(({ key }) => key === recordKey(slot))?.modifiedMs;
}

function probeText(id: string): string {
  return `${doomListKey(id)}\n`;
}
