import { type Backend, isTrunksError, type RequestOptions, TrunksError } from "@trunks/core";
import { recordKey } from "../format/key.ts";
import { decodeSlot } from "../format/record.ts";

/** How long to go on asking after an answer was lost, as waits in milliseconds before each new try: about a minute. */
const unknownWaitsMs = [100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 12_800];

export type Sleep = (ms: number, signal?: AbortSignal) => Promise<void>;

/**
 * Fills `slot` with a record, if it is free: `true` when it holds this record, `false` when it holds another. After a lost
 * answer it reads the slot, and creates the same record again while the slot is empty: the first write may still be on
 * its way, and must find nothing but itself. Throws `OUTCOME_UNKNOWN` when even that finds nothing out.
 */
export async function appendRecord(
  backend: Backend,
  slot: number,
  record: { readonly bytes: Uint8Array; readonly digest: string },
  sleep: Sleep,
  options: RequestOptions = {},
): Promise<boolean> {
  let unknown: unknown;
  for (const waitMs of [0, ...unknownWaitsMs]) {
    try {
      if (waitMs > 0) await sleep(waitMs, options.signal);
      if (unknown !== undefined) {
        const holder = await readSlotDigest(backend, slot, options);
        if (holder !== undefined) return holder === record.digest;
      }
      const created = await backend.create(recordKey(slot), record.bytes, options);
      if (created || unknown === undefined) return created;
      // The slot was filled after all, perhaps by the write whose answer was lost: the next turn reads it.
    } catch (error) {
      if (unknown === undefined && !isTrunksError(error, "OUTCOME_UNKNOWN")) throw error;
      unknown = error;
      if (options.signal?.aborted) break;
    }
  }
  throw new TrunksError("OUTCOME_UNKNOWN", "the store did not say whether the push was accepted", {
    cause: unknown,
    hint: "run `git fetch` to see whether it was, then push again if it was not",
  });
}

async function readSlotDigest(backend: Backend, slot: number, options: RequestOptions): Promise<string | undefined> {
  const content = await backend.get(recordKey(slot), options);
  if (content === undefined) return undefined;
  const decoded = decodeSlot(await content.bytes(), slot);
  return decoded.kind === "stub" ? decoded.recordDigest : decoded.digest;
}
