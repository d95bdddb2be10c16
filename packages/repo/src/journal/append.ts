import { abortedError, type Backend, isTrunksError, type RequestOptions, TrunksError } from "@trunks/core";
import { recordKey } from "../format/key.ts";
import type { EncodedRecord } from "../format/record.ts";
import type { Sleep } from "./sleep.ts";
import { readSlotDigest } from "./tip.ts";

/** How long to go on asking after an answer was lost, as waits in milliseconds before each try: about a minute. */
const unknownWaitsMs = [0, 100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 12_800];

/**
 * Fills `slot` with a record, if it is free: `true` when it holds this record, `false` when it holds another. After a lost
 * answer it reads the slot, and creates the same record again while the slot is empty: the first write may still be on
 * its way, and must find nothing but itself. Throws `OUTCOME_UNKNOWN` when even that finds nothing out, or the signal was
 * raised when the write was under way; what else it throws says that nothing was written.
 */
export async function appendRecord(
  backend: Backend,
  slot: number,
  record: EncodedRecord,
  sleep: Sleep,
  options: RequestOptions = {},
): Promise<boolean> {
  if (options.signal?.aborted) throw abortedError(options.signal);
  let unknown: unknown;
  try {
    return await backend.create(recordKey(slot), record.bytes, options);
  } catch (error) {
    // An aborted write leaves nothing or everything.
    if (!isTrunksError(error, "OUTCOME_UNKNOWN") && !options.signal?.aborted) throw error;
    unknown = error;
  }
  for (const waitMs of unknownWaitsMs) {
    if (options.signal?.aborted) break;
    try {
      if (waitMs > 0) await sleep(waitMs, options.signal);
      const found = await settle(backend, slot, record, options);
      if (found !== undefined) return found;
    } catch (error) {
      unknown = error;
    }
  }
  throw new TrunksError("OUTCOME_UNKNOWN", "the store did not say whether the push was accepted", {
    cause: unknown,
    hint: "run `git fetch` to see whether it was, then push again if it was not",
  });
}

/** Whether the slot holds the record, which is created again while the slot is empty; `undefined` when that is not clear. */
async function settle(
  backend: Backend,
  slot: number,
  record: EncodedRecord,
  options: RequestOptions,
): Promise<boolean | undefined> {
  const before = await readSlotDigest(backend, slot, options);
  if (before !== undefined) return before === record.digest;
  if (await backend.create(recordKey(slot), record.bytes, options)) return true;
  // Filled since then, perhaps by the write whose answer was lost.
  const after = await readSlotDigest(backend, slot, options);
  return after === undefined ? undefined : after === record.digest;
}
