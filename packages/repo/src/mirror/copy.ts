import { type Backend, type Body, isTrunksError, type RequestOptions, type Source, TrunksError } from "@trunks/core";
import { mapConcurrent } from "../concurrent.ts";
import { damaged } from "../format/headed-file.ts";
import { indexKey, intentKey, latestKey, packKey, recordKey, snapshotKeySlot, trunkFileKey } from "../format/key.ts";
import type { Segment } from "../format/pack-name.ts";
import { decodeSlot, type SlotContent } from "../format/record.ts";
import type { CataloguePack, State } from "../format/state.ts";
import { appendRecord } from "../journal/append.ts";
import { readTrunkFile } from "../journal/read.ts";
import type { Sleep } from "../journal/sleep.ts";
import { listSnapshots } from "../journal/snapshots.ts";
import { readSlotDigest } from "../journal/tip.ts";
import { sha256Hex } from "../platform.ts";
import { downloadInline, downloadSegment, missing } from "../transfer/download.ts";

export interface CopyOptions extends RequestOptions {
  readonly sleep: Sleep;
  /** The target is a strict mirror: see `settleConflict`. Default false. */
  readonly strict?: boolean;
  /** Called with so many further bytes of packs that need not be copied any more. */
  readonly progress?: (bytes: number) => void;
}

/** Tries after a lost answer: whoever wrote the key, the bytes are the same. */
const maxTries = 5;
/** Packs copied at once. Each large one is read and written in parallel parts, which need memory. */
const packConcurrency = 8;
const largePackConcurrency = 2;
/** In bytes. */
const largePackSize = 2 ** 24;
/** Records read ahead, or copied at once where no order is kept. */
const recordConcurrency = 16;
/** So many records behind a snapshot are read quickly enough. */
const longGap = 64;

/**
 * Brings `target`, which holds the trunk up to slot `from`, to `state`, as `source` has it: packs first, then one record
 * after the other, so that what is there is a trunk at each moment. Ended half-way it goes on from there the next time.
 * Throws `PRECONDITION_FAILED` when the target holds something else.
 */
export async function bringUp(
  source: Backend,
  target: Backend,
  state: State,
  from: number,
  options: CopyOptions,
): Promise<void> {
  if (from >= 0) await agree(source, target, from, options);
  else await copyTrunkFile(source, target, state, options);
  await copyPacks(source, target, packsAfter(state, from), options);
  for (let first = from + 1; first <= state.slot; first += recordConcurrency) {
    const count = Math.min(recordConcurrency, state.slot - first + 1);
    const slots = Array.from({ length: count }, (_, index) => first + index);
    const records = await mapConcurrent(slots, recordConcurrency, (slot) => readRecord(source, slot, options));
    for (const record of records) await copyRecord(source, target, record, options);
  }
  if (state.slot - from >= longGap) await copySnapshot(source, target, state, options);
}

/** The packs that `bringUp` copies. */
export function packsAfter(state: State, from: number): CataloguePack[] {
  return [...state.packs.values()].filter(({ slot, name }) => slot > from && name.kind !== "record");
}

/**
 * Copies a whole trunk into an empty place. The newest record comes first: whoever reads there before everything is copied
 * meets a gap, and takes nothing for the trunk. May be repeated after it was ended half-way.
 */
export async function copyTrunk(source: Backend, target: Backend, state: State, options: CopyOptions): Promise<void> {
  await checkTrunkFile(target, state, options);
  await copyPacks(source, target, packsAfter(state, -1), options);
  const copy = async (slot: number) => copyRecord(source, target, await readRecord(source, slot, options), options);
  if (state.slot >= 0) await copy(state.slot);
  const slots = Array.from({ length: Math.max(0, state.slot) }, (_, slot) => slot);
  await mapConcurrent(slots, recordConcurrency, copy);
  await copySnapshot(source, target, state, options);
  await copyTrunkFile(source, target, state, options);
}

export async function copyPacks(
  source: Backend,
  target: Backend,
  packs: readonly CataloguePack[],
  options: CopyOptions,
): Promise<void> {
  const isLarge = ({ pack }: CataloguePack) => pack.size > largePackSize;
  const copy = (pack: CataloguePack) => copyPack(source, target, pack, options);
  await mapConcurrent(
    packs.filter((pack) => !isLarge(pack)),
    packConcurrency,
    copy,
  );
  await mapConcurrent(packs.filter(isLarge), largePackConcurrency, copy);
}

async function copyPack(source: Backend, target: Backend, pack: CataloguePack, options: CopyOptions): Promise<void> {
  const { name } = pack;
  if (name.kind === "record") return; // Comes with its record.
  if (name.kind === "segment") {
    const segment = pack.pack as Segment;
    const parts = ["pack", "index"] as const;
    await Promise.all(parts.map((part) => copyPart(source, target, segment, part, options)));
    return;
  }
  const key = intentKey(name.id);
  const check = () => downloadInline(target, pack, [], options);
  const there = await lookAt(target, key, check, options);
  if (there === "whole") return;
  const bytes = await readWhole(source, key, options);
  await downloadInline(source, pack, [], options); // Checks the pack in it.
  await write(target, key, bytes, there, options);
}

/** Copies one file of a segment. What the target ends up with has the digest that the journal states. */
async function copyPart(
  source: Backend,
  target: Backend,
  segment: Segment,
  part: "pack" | "index",
  options: CopyOptions,
): Promise<void> {
  const key = part === "pack" ? packKey(segment.id) : indexKey(segment.id);
  const body = new SegmentSource(source, segment, part, options);
  const there = await lookAt(target, key, () => readThrough(target, segment, part, options), options);
  if (there !== "whole") {
    await write(target, key, body, there, options);
    if (body.unchecked) await checkCopy(target, segment, part, key, options);
  }
  options.progress?.(body.size);
}

/** What lies under a key of the target: somebody may have copied it by hand, or not have come to check it. */
async function lookAt(
  target: Backend,
  key: string,
  check: () => Promise<unknown>,
  options: RequestOptions,
): Promise<"nothing" | "damaged" | "whole"> {
  if (!(await isThere(target, key, options))) return "nothing";
  try {
    await check();
    return "whole";
  } catch (error) {
    if (isTrunksError(error, "CORRUPT")) return "damaged";
    throw error;
  }
}

/** Writes what is missing, or in the place of what is damaged. */
async function write(
  target: Backend,
  key: string,
  body: Body,
  there: "nothing" | "damaged",
  options: RequestOptions,
): Promise<void> {
  if (there === "nothing") await createSame(target, key, body, options);
  else await target.put(key, body, { signal: options.signal });
}

/** Reads a segment's file to its end; throws `CORRUPT` when it is not what the journal says. */
async function readThrough(
  store: Backend,
  segment: Segment,
  part: "pack" | "index",
  options: RequestOptions,
): Promise<void> {
  for await (const chunk of downloadSegment(store, segment, part, options)) if (chunk.length === 0) break;
}

/** A store that writes parts in parallel reads them in any order, so their digest is taken from what it holds then. */
async function checkCopy(
  target: Backend,
  segment: Segment,
  part: "pack" | "index",
  key: string,
  options: CopyOptions,
): Promise<void> {
  try {
    await readThrough(target, segment, part, options);
  } catch (error) {
    if (isTrunksError(error, "CORRUPT")) await target.delete([key], options);
    throw error;
  }
}

/** A segment's file in another store. Read as a whole, it is checked before its last bytes are handed out. */
class SegmentSource implements Source {
  readonly size: number;
  /** Whether only parts were read, which cannot be checked. */
  unchecked = false;
  readonly #source: Backend;
  readonly #segment: Segment;
  readonly #part: "pack" | "index";
  readonly #options: RequestOptions;

  constructor(source: Backend, segment: Segment, part: "pack" | "index", { signal }: RequestOptions) {
    this.size = part === "pack" ? segment.size : segment.indexSize;
    this.#source = source;
    this.#segment = segment;
    this.#part = part;
    this.#options = { signal };
  }

  async *read(start: number, end: number): AsyncGenerator<Uint8Array> {
    if (start === 0 && end === this.size) {
      yield* downloadSegment(this.#source, this.#segment, this.#part, this.#options);
      return;
    }
    this.unchecked = true;
    const key = this.#part === "pack" ? packKey(this.#segment.id) : indexKey(this.#segment.id);
    const content = await this.#source.get(key, { ...this.#options, range: { start, end } });
    if (content === undefined) throw missing(key);
    yield* content;
  }
}

/** A slot's bytes, and what they say. */
interface SlotBytes {
  readonly slot: number;
  readonly bytes: Uint8Array;
  readonly content: SlotContent;
}

async function readRecord(source: Backend, slot: number, options: RequestOptions): Promise<SlotBytes> {
  const bytes = await readWhole(source, recordKey(slot), options);
  return { slot, bytes, content: decodeSlot(bytes, slot) };
}

/** Fills the target's slot with the same bytes, and what a reader of them needs before it. */
async function copyRecord(
  source: Backend,
  target: Backend,
  { slot, bytes, content }: SlotBytes,
  options: CopyOptions,
): Promise<void> {
  if (content.kind === "stub") await copySnapshotOf(source, target, content.snapshotKey, options);
  else {
    for (const { key, digest } of content.record.doomLists) {
      const list = await readWhole(source, key, options);
      if (sha256Hex(list) !== digest) throw damaged(key, "it does not match its digest");
      await createSame(target, key, list, options);
    }
  }
  const digest = content.kind === "stub" ? content.recordDigest : content.digest;
  if (await fillSlot(target, slot, { bytes, digest }, options)) return;
  await settleConflict(source, target, slot, options);
}

/** Whether the slot holds this record now, whoever put it there. */
export async function fillSlot(
  target: Backend,
  slot: number,
  record: { readonly bytes: Uint8Array; readonly digest: string },
  options: CopyOptions,
): Promise<boolean> {
  const created = await appendRecord(target, slot, record, options.sleep, options);
  return created || (await readSlotDigest(target, slot, options)) === record.digest;
}

/** Throws unless both hold the same record in the slot. */
async function agree(source: Backend, target: Backend, slot: number, options: CopyOptions): Promise<void> {
  const [own, other] = await Promise.all([
    readSlotDigest(source, slot, options),
    readSlotDigest(target, slot, options),
  ]);
  if (own === undefined || own !== other) await settleConflict(source, target, slot, options);
}

/**
 * Two records in one slot. A push that was under way when its primary was given up for another may have reached this
 * strict mirror and cannot have reached the one that decided, so nobody was told that it succeeded: then the promotion
 * takes its place. See docs/mirrors.md. Everything else throws `PRECONDITION_FAILED`.
 */
export async function settleConflict(
  source: Backend,
  target: Backend,
  slot: number,
  options: CopyOptions,
): Promise<void> {
  const [own, other, behind] = await Promise.all([
    readRecord(source, slot, options),
    readRecord(target, slot, options),
    readSlotDigest(target, slot + 1, options),
  ]);
  const undecided =
    options.strict === true &&
    own.content.kind === "record" &&
    own.content.record.map?.primary !== undefined &&
    other.content.kind === "record" &&
    other.content.record.map === undefined &&
    other.content.record.previous === own.content.record.previous &&
    behind === undefined;
  if (!undecided) throw diverged(slot);
  await target.put(recordKey(slot), own.bytes, options);
}

export function diverged(slot: number): TrunksError {
  return new TrunksError("PRECONDITION_FAILED", `it holds another record in slot ${slot}`);
}

async function copyTrunkFile(source: Backend, target: Backend, state: State, options: RequestOptions): Promise<void> {
  await createSame(target, trunkFileKey, await readWhole(source, trunkFileKey, options), options);
  await checkTrunkFile(target, state, options);
}

/** Throws `ALREADY_EXISTS` when the target holds another trunk. */
async function checkTrunkFile(target: Backend, state: State, options: RequestOptions): Promise<void> {
  const file = await readTrunkFile(target, options);
  if (file === undefined || file.id === state.trunkId) return;
  throw new TrunksError("ALREADY_EXISTS", "there is another trunk in its place", {
    hint: "name another folder of the store, or move that trunk away",
  });
}

/** Copies the newest snapshot that is no newer than `state`, so that a cold reader of the target has a short way. */
async function copySnapshot(source: Backend, target: Backend, state: State, options: CopyOptions): Promise<void> {
  const key = (await listSnapshots(source, options)).find((one) => (snapshotKeySlot(one) ?? 0) <= state.slot);
  if (key === undefined) return;
  await copySnapshotOf(source, target, key, options);
  const latest = await source.get(latestKey, options);
  if (latest !== undefined) await target.put(latestKey, await latest.bytes(), options);
}

/** A snapshot that is gone has a newer one in its place. */
async function copySnapshotOf(source: Backend, target: Backend, key: string, options: CopyOptions): Promise<void> {
  if (await isThere(target, key, options)) return;
  const content = await source.get(key, options);
  if (content !== undefined) return createSame(target, key, await content.bytes(), options);
  const [newest] = await listSnapshots(source, options);
  if (newest !== undefined && newest !== key) await copySnapshotOf(source, target, newest, options);
}

/** Writes bytes under a key whose bytes are the same everywhere. */
async function createSame(target: Backend, key: string, body: Body, options: RequestOptions): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await target.create(key, body, { signal: options.signal });
      return;
    } catch (error) {
      if (!isTrunksError(error, "OUTCOME_UNKNOWN") || options.signal?.aborted || attempt === maxTries) throw error;
    }
  }
}

async function readWhole(source: Backend, key: string, { signal }: RequestOptions): Promise<Uint8Array> {
  const content = await source.get(key, { signal });
  if (content === undefined) throw missing(key);
  return content.bytes();
}

async function isThere(target: Backend, key: string, { signal }: RequestOptions): Promise<boolean> {
  const content = await target.get(key, { signal, range: { start: 0, end: 1 } });
  await content?.bytes();
  return content !== undefined;
}
