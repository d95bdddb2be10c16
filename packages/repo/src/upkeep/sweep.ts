import type { Backend, RequestOptions } from "@trunks/core";
import { packKeys, packNameOfKey, packNameText } from "../format/pack-name.ts";
import type { State } from "../format/state.ts";
import { checkGrace, defaultGraceMs } from "./grace.ts";
import { deleteNameless, listOldPacks } from "./old-keys.ts";
import { slotTimeMs, storeTimeMs } from "./store-clock.ts";
import { SweptMirrors } from "./swept-mirrors.ts";
import type { TendedTrunk } from "./tended-trunk.ts";
import { appendUpkeep, readForUpkeep } from "./upkeep-record.ts";

export interface SweepOptions extends RequestOptions {
  /** How long what is needless must have been so, in milliseconds by the store's clock. Default 24 hours. */
  readonly graceMs?: number;
  /** Allow a grace time of less than an hour. Default false. */
  readonly force?: boolean;
  /** Makes names that nobody has used. */
  readonly newId: () => string;
  /** Told how many keys are gone. */
  readonly progress?: (keys: number) => void;
}

export interface Sweep {
  /** Keys that were deleted. */
  readonly deletedKeys: number;
  /** In bytes, as far as they were listed. */
  readonly deletedSize: number;
  /** Inline packs of records whose room may be taken by a stub now. */
  readonly releasedRecords: number;
  readonly state: State;
}

/** Keys that one record names. */
const batchLength = 1000;
const maxLost = 3;

/**
 * Deletes what has been needless for the grace time: retired packs, and uploads, intents and snapshots that nobody names. The
 * keys of packs are named in the journal first, so that no later push can build on them: see docs/format.md, 5, "Sweeping". A run
 * that ends half-way is ended by the next one. The same goes for mirrors that are even with the primary, and for what lies
 * in them alone.
 */
export async function sweep(repository: TendedTrunk, options: SweepOptions): Promise<Sweep> {
  const { graceMs = defaultGraceMs, force = false, signal } = options;
  checkGrace(graceMs, force);
  const { backend } = repository;
  let state = await readForUpkeep(repository, { signal });
  const nowMs = await storeTimeMs(backend, options.newId, { signal });
  if (nowMs === undefined) return { deletedKeys: 0, deletedSize: 0, releasedRecords: 0, state };
  // Listed after the state: what is listed and not in it was there before whatever comes behind it.
  const mirrors = new SweptMirrors(repository.mirrors);
  const listed = new Map([
    ...(await mirrors.list(state, graceMs, { signal, newId: options.newId })),
    ...(await listOldPacks(backend, nowMs - graceMs, { signal })),
  ]);
  const expired = await expiredKeys(backend, state, nowMs - graceMs, { signal });
  const total = { deletedKeys: 0, deletedSize: 0, releasedRecords: 0 };
  for (let lost = 0; lost < maxLost; ) {
    const victims = victimsOf(state, [...expired, ...listed.keys()], expired);
    const batch = victims.filter((key) => !state.doomed.has(key)).slice(0, batchLength);
    if (batch.length > 0) {
      const still = (later: State) => victimsOf(later, batch, expired).length === batch.length;
      const after = await appendUpkeep(repository, state, { doomed: batch }, still, { signal });
      state = after ?? (await readForUpkeep(repository, { signal }));
      if (after === undefined) {
        lost++;
        continue;
      }
    }
    // Also those that an earlier sweep named and did not come to delete.
    const doomed = victims.filter((key) => state.doomed.has(key));
    const files = doomed.filter((key) => !isRecordKey(key)).slice(0, batchLength);
    if (batch.length === 0 && files.length === 0) break;
    if (files.length > 0) {
      await backend.delete(files, { signal });
      await mirrors.remove(files, state, { signal });
    }
    for (const key of doomed.filter((one) => isRecordKey(one) || files.includes(one))) {
      total.deletedKeys += isRecordKey(key) ? 0 : 1;
      total.releasedRecords += isRecordKey(key) ? 1 : 0;
      total.deletedSize += listed.get(key)?.size ?? 0;
      listed.delete(key);
      expired.delete(key);
    }
    options.progress?.(total.deletedKeys);
  }
  total.deletedKeys += await deleteNameless(backend, nowMs - graceMs, { signal });
  await mirrors.deleteNameless({ signal });
  return { ...total, state };
}

/** Keys of packs that were retired by `beforeMs`, of a clock that may count whole seconds; those of inline packs are the keys of their records. */
async function expiredKeys(
  backend: Backend,
  state: State,
  beforeMs: number,
  options: RequestOptions,
): Promise<Set<string>> {
  const keys = new Set<string>();
  for (const [slot, retired] of Map.groupBy(state.retired.values(), (pack) => pack.slot)) {
    const retiredMs = await slotTimeMs(backend, slot, options);
    if (retiredMs === undefined || retiredMs > beforeMs) continue;
    for (const { name } of retired) for (const key of packKeys(name)) keys.add(key);
  }
  return keys;
}

/** Those of the keys that nobody needs as of `state`: of packs that expired, or that no record has named. */
function victimsOf(state: State, keys: Iterable<string>, expired: ReadonlySet<string>): string[] {
  return [...new Set(keys)].filter((key) => {
    const name = packNameOfKey(key);
    if (name === undefined) return false;
    const text = packNameText(name);
    return !state.packs.has(text) && (expired.has(key) || !state.retired.has(text));
  });
}

function isRecordKey(key: string): boolean {
  return packNameOfKey(key)?.kind === "record";
}
