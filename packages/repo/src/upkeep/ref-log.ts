import type { Backend, RequestOptions } from "@trunks/core";
import { mapConcurrent } from "../concurrent.ts";
import { journalPrefix, recordKey, recordKeySlot } from "../format/key.ts";
import { decodeSlot } from "../format/record.ts";
import { slotConcurrency } from "../journal/slots.ts";

/**
 * What refs were moved from and to in records that were written after `sinceMs`, by the store's clock: the journal is the log
 * of the refs. Moves that were refused are among them, and records that have become stubs are not.
 */
export async function loggedIds(backend: Backend, sinceMs: number, options: RequestOptions = {}): Promise<Set<string>> {
  const slots: number[] = [];
  let after: string | undefined;
  for (let more = true; more; ) {
    const page = await backend.list(journalPrefix, { ...options, after });
    const recent = page.keys.filter(({ modifiedMs }) => modifiedMs >= sinceMs);
    for (const { key } of recent) slots.push(recordKeySlot(key) ?? -1);
    const last = page.keys.at(-1)?.key;
    // The newest come first. A clock may have jumped between two of them, hardly between a thousand.
    more = page.more && recent.length > 0 && last !== undefined && last !== after;
    after = last;
  }
  const ids = new Set<string>();
  await mapConcurrent(
    slots.filter((slot) => slot >= 0),
    slotConcurrency,
    async (slot) => {
      const content = await backend.get(recordKey(slot), options);
      const decoded = content && decodeSlot(await content.bytes(), slot);
      if (decoded?.kind !== "record") return;
      for (const { oldId, newId } of decoded.record.entries.flatMap(({ moves }) => moves)) {
        if (oldId !== undefined) ids.add(oldId);
        if (newId !== undefined) ids.add(newId);
      }
    },
  );
  return ids;
}
