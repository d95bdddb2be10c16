import { type Backend, type RequestOptions, TrunksError } from "@trunks/core";
import { mapConcurrent } from "../concurrent.ts";
import { damaged } from "../format/headed-file.ts";
import { latestKey, recordKey, snapshotKeySlot, trunkFileKey } from "../format/key.ts";
import { type DoomList, decodeSlot, type SlotContent } from "../format/record.ts";
import type { CataloguePack, State } from "../format/state.ts";
import { appendRecord } from "../journal/append.ts";
import { readTrunkFile } from "../journal/read.ts";
import { listSnapshots } from "../journal/snapshots.ts";
import { readSlotDigest } from "../journal/tip.ts";
import { sha256Hex } from "../platform.ts";
import { createSame, isThere, readWhole } from "./copy-key.ts";
import { type CopyOptions, copyPacks } from "./copy-packs.ts";

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

/** A slot's bytes, and what they say. */
interface SlotBytes {
  readonly slot: number;
  readonly bytes: Uint8Array;
  readonly content: SlotContent;
}

/** What is in a slot; throws `CORRUPT` when it is damaged, `NOT_FOUND` when it is empty. */
export async function readRecord(source: Backend, slot: number, options: RequestOptions): Promise<SlotBytes> {
  const bytes = await readWhole(source, recordKey(slot), options);
  return { slot, bytes, content: decodeSlot(bytes, slot) };
}

/** The digest of the record in a slot, also when a stub stands for it. */
export function digestOf(content: SlotContent): string {
  return content.kind === "stub" ? content.recordDigest : content.digest;
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
    for (const list of content.record.doomLists) await copyDoomList(source, target, list, options);
  }
  if (await fillSlot(target, slot, { bytes, digest: digestOf(content) }, options)) return;
  await settleConflict(source, target, slot, options);
}

/** Copies a list of doomed keys, unless it is there and whole. */
export async function copyDoomList(
  source: Backend,
  target: Backend,
  { key, digest }: DoomList,
  options: CopyOptions,
): Promise<void> {
  const there = await (await target.get(key, { signal: options.signal }))?.bytes();
  if (there !== undefined && sha256Hex(there) === digest) return;
  options.looker?.found(key, there === undefined ? "missing" : "damaged");
  const list = await readWhole(source, key, options);
  if (sha256Hex(list) !== digest) throw damaged(key, "it does not match its digest");
  if (there === undefined) await createSame(target, key, list, options);
  else await target.put(key, list, { signal: options.signal });
  options.looker?.mended(key);
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
export async function copySnapshot(
  source: Backend,
  target: Backend,
  state: State,
  options: CopyOptions,
): Promise<void> {
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
