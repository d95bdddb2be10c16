import { type Backend, type RequestOptions, TrunksError } from "@trunks/core";
import { damaged } from "../format/headed-file.ts";
import { journalPrefix, latestKey, recordKey, recordKeySlot, snapshotKeySlot, trunkFileKey } from "../format/key.ts";
import type { Latest } from "../format/latest.ts";
import type { Stub } from "../format/record.ts";
import type { State } from "../format/state.ts";
import { decodeTrunkFile, type TrunkFile } from "../format/trunk-file.ts";
import { emptyState, fold } from "./fold.ts";
import { type ReadRecord, SlotReader, slotConcurrency } from "./slots.ts";
import { listSnapshots, readLatest, readSnapshot } from "./snapshots.ts";
import { checkTip } from "./tip.ts";

/** A state, and the records that were read to get there, in order. */
export interface Reading {
  readonly state: State;
  readonly records: readonly ReadRecord[];
}

/** A tail longer than this is worth a look for a newer snapshot. */
const longTail = 128;
/** Pages of foreign keys that are passed over before a listing is given up. */
const maxPages = 100;

/** Reads the newest state with nothing known: two rounds. `undefined` when there is no trunk. */
export async function readCold(backend: Backend, options: RequestOptions = {}): Promise<Reading | undefined> {
  const [newest, latest] = await Promise.all([newestSlot(backend, options), readLatest(backend, options)]);
  if (newest === undefined && latest === undefined) return readUnborn(backend, options);
  const isLong = (newest ?? -1) - (latest?.slot ?? -1) > longTail;
  const newer = isLong ? (await listSnapshots(backend, options))[0] : undefined;
  const key = newestKey([newer, latest?.snapshotKey]);
  const reading = await readFrom(backend, { key, latest, known: undefined }, newest ?? -1, options);
  return backend.capabilities.promptList
    ? reading
    : joined(reading, await readForward(backend, reading.state, options));
}

/**
 * Reads what came after `state`: one round when that is less than `ahead` records, which are asked for at once. Two serve
 * whoever is one record behind; one is enough for whoever expects nothing new, and more are for where many write.
 */
export async function readForward(
  backend: Backend,
  state: State,
  options: RequestOptions = {},
  ahead: 1 | 2 = 2,
  crowded = false,
): Promise<Reading> {
  const slots = new SlotReader(backend, options);
  const { promptList } = backend.capabilities;
  let reading: Reading = { state, records: [] };
  for (let count: number = ahead; ; count = Math.min(2 * count, slotConcurrency)) {
    const run = await slots.run(reading.state.slot + 1, count);
    if (run.stub !== undefined) return readAfresh(backend, reading, run.stub, options);
    reading = extended(reading, run.records);
    if (run.records.length < count) return reading;
    if (count !== (crowded ? 32 : 2)) continue;
    const newest = (await newestSlot(backend, options)) ?? -1;
    if (newest - reading.state.slot > longTail) return readAfresh(backend, reading, undefined, options);
    const rest = await slots.all(reading.state.slot + 1, newest);
    if (rest.stub !== undefined) return readAfresh(backend, reading, rest.stub, options);
    reading = extended(reading, rest.records);
    if (promptList) return reading;
  }
}

/**
 * Reads a record that is known to be there, and the one behind it if that is there too: where one writer was faster another
 * may have been, and whoever tries the slot behind the first for nothing has lost two rounds.
 */
export async function readNext(backend: Backend, state: State, options: RequestOptions = {}): Promise<Reading> {
  const slots = new SlotReader(backend, options);
  const [run, behind] = await Promise.all([
    slots.run(state.slot + 1, 1),
    // It was not asked for, so it is no reason to fail.
    slots.run(state.slot + 2, 1).catch(() => undefined),
  ]);
  if (run.stub !== undefined) return readAfresh(backend, { state, records: [] }, run.stub, options);
  const more = run.records.length === 1 ? (behind?.records ?? []) : [];
  return extended({ state, records: [] }, [...run.records, ...more]);
}

/** Reads the record behind `state` if it is there, and no other. */
export async function readOne(backend: Backend, state: State, options: RequestOptions = {}): Promise<Reading> {
  const known: Reading = { state, records: [] };
  const run = await new SlotReader(backend, options).run(state.slot + 1, 1);
  return run.stub === undefined ? extended(known, run.records) : readAfresh(backend, known, run.stub, options);
}

export async function readTrunkFile(backend: Backend, options: RequestOptions = {}): Promise<TrunkFile | undefined> {
  const content = await backend.get(trunkFileKey, options);
  return content === undefined ? undefined : decodeTrunkFile(await content.bytes());
}

async function readUnborn(backend: Backend, options: RequestOptions): Promise<Reading | undefined> {
  const file = await readTrunkFile(backend, options);
  if (file === undefined) return undefined;
  const state = emptyState(file);
  return backend.capabilities.promptList ? { state, records: [] } : readForward(backend, state, options);
}

/** Reads on from the newest snapshot, because `stub` stands where a record was wanted, or because many came. */
async function readAfresh(
  backend: Backend,
  known: Reading,
  stub: Stub | undefined,
  options: RequestOptions,
): Promise<Reading> {
  const [listed, newest] = await Promise.all([listSnapshots(backend, options), newestSlot(backend, options)]);
  const key = newestKey([listed[0], stub?.snapshotKey]);
  const isNewer = key !== undefined && (snapshotKeySlot(key) ?? -1) > known.state.slot;
  const start = { key: isNewer ? key : undefined, latest: undefined, known };
  const reading = await readFrom(backend, start, newest ?? -1, options);
  // A listing that is late shows nothing of what the stub knows.
  if (stub !== undefined && reading.state.slot < stub.slot) throw snapshotGone(stub);
  return backend.capabilities.promptList
    ? reading
    : joined(reading, await readForward(backend, reading.state, options));
}

/** Where a reading begins: at a snapshot, or else behind what is known, or else at the first record. */
interface Start {
  readonly key: string | undefined;
  readonly latest: Latest | undefined;
  readonly known: Reading | undefined;
}

/** The state at slot `newest`, or at the snapshot if that is newer. Snapshots that are gone are passed over. */
async function readFrom(backend: Backend, start: Start, newest: number, options: RequestOptions): Promise<Reading> {
  const { known } = start;
  const slots = new SlotReader(backend, options);
  const tried = new Set<string | undefined>();
  let { key } = start;
  for (;;) {
    tried.add(key);
    const slot = key === undefined ? known?.state.slot : snapshotKeySlot(key);
    const [base, run] = await Promise.all([
      key === undefined ? known?.state : readSnapshot(backend, key, options),
      slots.all((slot ?? -1) + 1, newest),
    ]);
    const isGone = key !== undefined && base === undefined;
    if (!isGone && run.stub === undefined) {
      if (key === undefined) return known === undefined ? begun(run.records) : extended(known, run.records);
      const reading = extended({ state: base as State, records: [] }, run.records);
      await checkSnapshot(backend, reading, key, start, options);
      return reading;
    }
    key = await nextStart(backend, tried, (known?.state.slot ?? -1) + 1, run.stub, options);
  }
}

/** The newest snapshot from `least` on that was not tried yet, or `undefined` to do without one. */
async function nextStart(
  backend: Backend,
  tried: ReadonlySet<string | undefined>,
  least: number,
  stub: Stub | undefined,
  options: RequestOptions,
): Promise<string | undefined> {
  const listed = await listSnapshots(backend, options);
  const key = newestKey([...listed, stub?.snapshotKey].filter((one) => !tried.has(one)));
  if (key !== undefined && (snapshotKeySlot(key) ?? -1) >= (stub?.slot ?? least)) return key;
  if (stub !== undefined) throw snapshotGone(stub);
  if (!tried.has(undefined)) return undefined;
  throw damaged(latestKey, "the snapshot that it names is missing, and so are the records before it");
}

/**
 * A snapshot in a place where it does not belong is noticed by the record behind it. Where there is none, its own record
 * speaks for it, or `latest` does: that costs no request.
 */
async function checkSnapshot(
  backend: Backend,
  { state, records }: Reading,
  key: string,
  { known, latest }: Start,
  options: RequestOptions,
): Promise<void> {
  if (known !== undefined && known.state.trunkId !== state.trunkId) throw damaged(key, "it belongs to another trunk");
  const isVouched = key === latest?.snapshotKey && state.trunkId === latest.trunkId;
  if (records.length === 0 && !isVouched) await checkTip(backend, state, options);
}

/** The state of a journal that was read from its first record on. */
function begun(records: readonly ReadRecord[]): Reading {
  const [first] = records;
  if (first === undefined) throw damaged(latestKey, "it names a snapshot that is missing, and the journal is empty");
  const { trunkId, objects } = first.record;
  return extended({ state: emptyState({ id: trunkId, objects }), records: [] }, records);
}

function extended(reading: Reading, records: readonly ReadRecord[]): Reading {
  return { state: fold(reading.state, records), records: [...reading.records, ...records] };
}

/** Two readings of which the second began where the first ended; its records are all there is when it left some out. */
export function joined(first: Reading, second: Reading): Reading {
  const [next] = second.records;
  const follows = next === undefined ? first.state === second.state : next.record.previous === first.state.recordDigest;
  return { state: second.state, records: follows ? [...first.records, ...second.records] : second.records };
}

/** The greatest slot in the journal as the store lists it. Keys that are no records are passed over. */
export async function newestSlot(backend: Backend, options: RequestOptions): Promise<number | undefined> {
  let after: string | undefined;
  for (let pages = 0; pages < maxPages; pages++) {
    const page = await backend.list(journalPrefix, { ...options, after, limit: pages === 0 ? 1 : 1000 });
    const newest = page.keys.map(({ key }) => recordKeySlot(key)).find((slot) => slot !== undefined);
    if (newest !== undefined || !page.more) return newest;
    after = page.keys.at(-1)?.key ?? after;
  }
  throw new TrunksError("CORRUPT", `${journalPrefix} is full of keys that are no records`);
}

/** Slots are counted down in keys, so the newest snapshot is the first in their order. */
function newestKey(keys: readonly (string | undefined)[]): string | undefined {
  return keys.filter((key) => key !== undefined).sort()[0];
}

function snapshotGone(stub: Stub): TrunksError {
  return damaged(stub.snapshotKey, `it is missing, and ${recordKey(stub.slot)} stands for it`);
}
