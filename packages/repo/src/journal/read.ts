import { type Backend, isTrunksError, type RequestOptions, TrunksError } from "@trunks/core";
import { mapConcurrent } from "../concurrent.ts";
import { damaged } from "../format/headed-file.ts";
import {
  journalPrefix,
  latestKey,
  recordKey,
  recordKeySlot,
  snapshotKeySlot,
  snapshotPrefix,
  trunkFileKey,
} from "../format/key.ts";
import { decodeLatest } from "../format/latest.ts";
import { type DoomList, decodeSlot, type TrunkRecord } from "../format/record.ts";
import { decodeSnapshot } from "../format/snapshot.ts";
import type { State } from "../format/state.ts";
import { decodeText } from "../format/text.ts";
import { decodeTrunkFile, type TrunkFile } from "../format/trunk-file.ts";
import { sha256Hex } from "../platform.ts";
import { emptyState, type FoldInput, fold } from "./fold.ts";

/** A record that was read on the way to a state, with its inline pack. */
export interface ReadRecord extends FoldInput {
  readonly record: TrunkRecord;
  readonly pack: Uint8Array | undefined;
}

/** A state, and the records that were read to get there, in order. */
export interface Reading {
  readonly state: State;
  readonly records: readonly ReadRecord[];
}

/** Records asked for at once. */
const readConcurrency = 64;
/** A tail longer than this without a known snapshot is worth a look for one. */
const longTail = 64;

/** A snapshot in place of the record that was asked for: what is wanted lies before it. */
const stubbed = Symbol("stubbed");

/** Reads the newest state with nothing known: two rounds. `undefined` when there is no trunk. */
export async function readCold(backend: Backend, options: RequestOptions = {}): Promise<Reading | undefined> {
  const [page, latest] = await Promise.all([
    backend.list(journalPrefix, { ...options, limit: 1 }),
    readLatestSnapshotKey(backend, options),
  ]);
  const newest = page.keys.map(({ key }) => recordKeySlot(key)).find((slot) => slot !== undefined);
  if (newest === undefined && latest === undefined) return readUnborn(backend, options);
  const start = latest ?? ((newest ?? 0) > longTail ? await newestSnapshotKey(backend, options) : undefined);
  const reading = await readFrom(backend, start, newest ?? -1, options);
  return backend.capabilities.promptList
    ? reading
    : joined(reading, await readForward(backend, reading.state, options));
}

/** Reads what came after `state`: one round when that is one record or none. */
export async function readForward(backend: Backend, state: State, options: RequestOptions = {}): Promise<Reading> {
  const next = state.slot + 1;
  const [early, second] = await Promise.all([readSlot(backend, next, options), readSlot(backend, next + 1, options)]);
  if (early === undefined && second === undefined) return { state, records: [] };
  // Both may have been written between the two answers.
  const first = early ?? (await readSlot(backend, next, options));
  if (first === undefined) throw damaged(recordKey(next), "it is missing, and the record behind it is there");
  if (first === stubbed || second === stubbed) return readAfresh(backend, state, options);
  if (second === undefined) return folded(state, [first]);
  const reading = folded(state, [first, second]);
  const newest = await newestSlot(backend, options);
  if (newest === undefined || newest <= reading.state.slot) {
    return backend.capabilities.promptList
      ? reading
      : joined(reading, await readForward(backend, reading.state, options));
  }
  if (newest - reading.state.slot > longTail) return readAfresh(backend, state, options);
  const rest = await readSlots(backend, reading.state.slot + 1, newest, options);
  return rest === stubbed ? readAfresh(backend, state, options) : joined(reading, folded(reading.state, rest));
}

/** Whether slot `state.slot` still holds the record that `state` was folded from; throws `CORRUPT` when it does not. */
export async function checkTip(backend: Backend, state: State, options: RequestOptions = {}): Promise<void> {
  if (state.slot < 0) return;
  const key = recordKey(state.slot);
  // The whole of a stub, and the first lines of a record.
  const content = await backend.get(key, { ...options, range: { start: 0, end: 512 } });
  const opening = content === undefined ? "" : decodeText(await content.bytes());
  const pattern = opening.startsWith("trunks stub")
    ? /\nrecord ([0-9a-f]{64})\n/
    : /^trunks record [0-9]+\ndigest ([0-9a-f]{64})\n/;
  const digest = pattern.exec(opening)?.[1];
  if (digest === state.recordDigest) return;
  throw new TrunksError(
    "CORRUPT",
    `the trunk is not the one that was here before: ${key} ${content === undefined ? "is gone" : "holds another record"}`,
    {
      hint: "if the store was restored from a backup on purpose, remove the folder `trunks` in your .git folder and fetch again",
    },
  );
}

/** The inline packs and the records from slot `first` on; `undefined` when some are stubs by now. */
export async function readRecords(
  backend: Backend,
  first: number,
  last: number,
  options: RequestOptions = {},
): Promise<ReadRecord[] | undefined> {
  const records = await readSlots(backend, first, last, options);
  return records === stubbed ? undefined : records;
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

/** Reads again from the newest snapshot, because records in between are gone. */
async function readAfresh(backend: Backend, known: State, options: RequestOptions): Promise<Reading> {
  const [key, newest] = await Promise.all([newestSnapshotKey(backend, options), newestSlot(backend, options)]);
  const reading = await readFrom(backend, key, newest ?? -1, options);
  if (reading.state.trunkId === known.trunkId && reading.state.slot >= known.slot) return reading;
  throw new TrunksError("CORRUPT", "the trunk is not the one that was here before, or an older state of it");
}

/** The state at slot `newest`, or at the snapshot if that is newer. */
async function readFrom(
  backend: Backend,
  key: string | undefined,
  newest: number,
  options: RequestOptions,
): Promise<Reading> {
  const slot = key === undefined ? -1 : (snapshotKeySlot(key) ?? -1);
  const [base, records] = await Promise.all([
    key === undefined ? undefined : readSnapshot(backend, key, options),
    readSlots(backend, slot + 1, newest, options),
  ]);
  if (records !== stubbed && (base !== undefined || key === undefined)) return folded(base, records);
  const newer = await newestSnapshotKey(backend, options);
  if (newer === undefined || newer === key)
    throw damaged(key ?? recordKey(0), "it is missing, and no snapshot stands for it");
  return readFrom(backend, newer, newest, options);
}

async function readSnapshot(backend: Backend, key: string, options: RequestOptions): Promise<State | undefined> {
  const content = await backend.get(key, options);
  if (content === undefined) return undefined;
  const state = decodeSnapshot(await content.bytes(), key);
  if (state.slot !== snapshotKeySlot(key)) throw damaged(key, `it is a snapshot of slot ${state.slot}`);
  return state;
}

async function readSlots(
  backend: Backend,
  first: number,
  last: number,
  options: RequestOptions,
): Promise<ReadRecord[] | typeof stubbed> {
  const slots = Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index);
  const records = await mapConcurrent(slots, readConcurrency, (slot) => readSlot(backend, slot, options));
  if (records.includes(stubbed)) return stubbed;
  const missing = records.indexOf(undefined);
  if (missing !== -1) throw damaged(recordKey(first + missing), "it is missing, and a record behind it is there");
  return records as ReadRecord[];
}

async function readSlot(
  backend: Backend,
  slot: number,
  options: RequestOptions,
): Promise<ReadRecord | typeof stubbed | undefined> {
  const content = await backend.get(recordKey(slot), options);
  if (content === undefined) return undefined;
  const decoded = decodeSlot(await content.bytes(), slot);
  if (decoded.kind === "stub") return stubbed;
  const { record, digest, pack } = decoded;
  const lists = await Promise.all(record.doomLists.map((list) => readDoomList(backend, list, options)));
  return { record, digest, pack, doomedKeys: [...record.doomed, ...lists.flat()] };
}

async function readDoomList(backend: Backend, list: DoomList, options: RequestOptions): Promise<string[]> {
  const content = await backend.get(list.key, options);
  const bytes = await content?.bytes();
  if (bytes === undefined || bytes.length !== list.size || sha256Hex(bytes) !== list.digest) {
    throw damaged(list.key, bytes === undefined ? "it is missing" : "it does not match its digest");
  }
  return decodeText(bytes).split("\n").filter(Boolean);
}

function folded(base: State | undefined, records: readonly ReadRecord[]): Reading {
  const first = records[0]?.record;
  const start = base ?? (first === undefined ? undefined : emptyState({ id: first.trunkId, objects: first.objects }));
  if (start === undefined) throw new TrunksError("INTERNAL", "nothing to fold");
  return { state: fold(start, records), records };
}

function joined(first: Reading, second: Reading): Reading {
  return { state: second.state, records: [...first.records, ...second.records] };
}

/** The key that `latest` names. A missing or unreadable pointer is as good as none. */
async function readLatestSnapshotKey(backend: Backend, options: RequestOptions): Promise<string | undefined> {
  const content = await backend.get(latestKey, options);
  if (content === undefined) return undefined;
  try {
    return decodeLatest(await content.bytes()).snapshotKey;
  } catch (error) {
    if (isTrunksError(error, "CORRUPT")) return undefined;
    throw error;
  }
}

async function newestSnapshotKey(backend: Backend, options: RequestOptions): Promise<string | undefined> {
  const page = await backend.list(snapshotPrefix, { ...options, limit: 16 });
  return page.keys.map(({ key }) => key).find((key) => snapshotKeySlot(key) !== undefined);
}

async function newestSlot(backend: Backend, options: RequestOptions): Promise<number | undefined> {
  const page = await backend.list(journalPrefix, { ...options, limit: 1 });
  return page.keys.map(({ key }) => recordKeySlot(key)).find((slot) => slot !== undefined);
}
