import { type Backend, listPages, type RequestOptions } from "@trunks/core";
import { mapConcurrent } from "../concurrent.ts";
import { journalPrefix, recordKey, recordKeySlot } from "../format/key.ts";
import { packNameText } from "../format/pack-name.ts";
import { encodeStub, slotDigest, slotOpeningLength } from "../format/record.ts";
import type { State } from "../format/state.ts";

export interface StubOptions extends RequestOptions {
  /** Records that were written before this moment may go, in milliseconds since 1970 by the store's clock: the log of refs ends there. */
  readonly beforeMs: number;
  /** The key of a snapshot that is in the store, and that readers begin at from now on. */
  readonly snapshotKey: string;
}

/** In bytes. A smaller record takes hardly more room than its stub. */
const leastSizeBytes = 4096;
const stubConcurrency = 16;

/**
 * Puts stubs in the place of old records whose inline packs nobody needs any more, so that what they hold takes no room, and
 * their slots stay filled. `state` is that of the snapshot. Answers how many. See docs/format.md, 3.5.
 */
export async function writeStubs(backend: Backend, state: State, options: StubOptions): Promise<number> {
  const { beforeMs, snapshotKey, signal } = options;
  let written = 0;
  for await (const page of listPages(backend, journalPrefix, { signal, after: recordKey(state.slot) })) {
    const slots = page
      .filter(({ size, modifiedMs }) => size >= leastSizeBytes && modifiedMs < beforeMs)
      .flatMap(({ key }) => recordKeySlot(key) ?? [])
      .filter((slot) => isSpent(state, slot));
    await mapConcurrent(slots, stubConcurrency, async (slot) => {
      const digest = await recordDigest(backend, slot, { signal });
      if (digest === undefined) return;
      const stub = encodeStub({ trunkId: state.trunkId, slot, recordDigest: digest, snapshotKey });
      await backend.put(recordKey(slot), stub, { signal });
      written++;
    });
  }
  return written;
}

/** Whether the record lies below the snapshot, and its inline pack is neither in the catalogue nor within its grace time. */
function isSpent(state: State, slot: number): boolean {
  const text = packNameText({ kind: "record", slot });
  return slot < state.slot && !state.packs.has(text) && !state.retired.has(text);
}

/** The digest of a record; `undefined` for what is none: it stays as it is. */
async function recordDigest(backend: Backend, slot: number, options: RequestOptions): Promise<string | undefined> {
  const range = { start: 0, end: slotOpeningLength };
  const content = await backend.get(recordKey(slot), { ...options, range });
  return content === undefined ? undefined : slotDigest(await content.bytes());
}
