import type { Backend, RequestOptions } from "@trunks/core";
import { listSnapshots, readSnapshot } from "../journal/snapshots.ts";
import { readSlotDigest } from "../journal/tip.ts";
import { createSame, readWhole } from "../mirror/copy-key.ts";
import { defaultGraceMs } from "./grace.ts";
import { storeTimeMs } from "./store-clock.ts";
import { writeStubs } from "./stub.ts";
import { reached } from "./swept-mirrors.ts";
import type { TendedTrunk } from "./tended-trunk.ts";
import { readForUpkeep } from "./upkeep-record.ts";

/** In milliseconds. How long what a ref has pointed to can be had back. */
export const defaultRetentionMs = 30 * 24 * 3_600_000;

export interface OldRecordsOptions extends RequestOptions {
  /** The log of refs reaches back so far, in milliseconds by the store's clock. Default 30 days; never less than a day. */
  readonly retentionMs?: number;
  /** Makes names that nobody has used. */
  readonly newId: () => string;
}

/**
 * Puts stubs in the place of records that lie before the retention and below the newest snapshot, and whose packs nobody needs
 * any more. Answers how many. The same in the mirrors that hold the newest state, so far as they can be reached.
 */
export async function stubOldRecords(repository: TendedTrunk, options: OldRecordsOptions): Promise<number> {
  const { retentionMs = defaultRetentionMs, newId, signal } = options;
  const newest = await readForUpkeep(repository, { signal });
  const { backend, mirrors } = repository;
  const [snapshotKey] = await listSnapshots(backend, { signal });
  const state = snapshotKey === undefined ? undefined : await readSnapshot(backend, snapshotKey, { signal });
  if (snapshotKey === undefined || state === undefined || state.trunkId !== newest.trunkId) return 0;
  // What is overwritten cannot be had back: so the snapshot must be that of this journal.
  if ((await readSlotDigest(backend, state.slot, { signal })) !== state.recordDigest) return 0;
  const stub = async (store: Backend) => {
    const nowMs = await storeTimeMs(store, newId, { signal });
    if (nowMs === undefined) return 0;
    const beforeMs = nowMs - Math.max(retentionMs, defaultGraceMs);
    return writeStubs(store, state, { beforeMs, snapshotKey, signal });
  };
  const stubs = await stub(backend);
  const copies = (await mirrors.holders(newest)).map(async (store) => {
    await createSame(store, snapshotKey, await readWhole(backend, snapshotKey, { signal }), { signal });
    await stub(store);
  });
  await reached(copies, signal);
  return stubs;
}
