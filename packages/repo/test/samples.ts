import { createHash } from "node:crypto";
import type { Container } from "../src/format/container.ts";
import type { InlinePack, Segment } from "../src/format/pack-name.ts";
import type { RecordEntry, TrunkRecord } from "../src/format/record.ts";
import type { State } from "../src/format/state.ts";
import type { TrunkFile } from "../src/format/trunk-file.ts";
import { emptyState } from "../src/journal/fold.ts";
import { recordBehind } from "../src/journal/record-behind.ts";

/** Values for tests: small, plain, and each with a sensible default for all that a test does not speak of. */
export const trunk: TrunkFile = { id: "7".repeat(32), objects: "sha1" };

/** A name of 32 digits that ends in `number`. */
export function name(number: number): string {
  return number.toString(16).padStart(32, "e");
}

/** An object id that ends in `number`. */
export function oid(number: number, digits = 40): string {
  return number.toString(16).padStart(digits, "0");
}

export function sha256(bytes: Uint8Array | string): string {
  return createHash("sha256").update(bytes).digest("hex");
}

export function segment(number: number): Segment {
  const digest = sha256(`segment ${number}`);
  return { id: name(number), size: 100 + number, digest, indexSize: 1072, indexDigest: sha256(digest), objectCount: 3 };
}

/** A container whose pack holds the manifests of blobs that end in these numbers. */
export function container(number: number, ...blobs: readonly number[]): Container {
  const large = blobs.map((blob) => ({ id: oid(blob), size: 1000 + blob, manifestId: oid(500 + blob) }));
  return { ...segment(number), large };
}

export function inlineOf(bytes: Uint8Array): InlinePack {
  return { size: bytes.length, digest: sha256(bytes), objectCount: 1 };
}

let entries = 0;

/** An entry that moves nothing, based on the empty journal. */
export function entry(fields: Partial<RecordEntry> = {}): RecordEntry {
  return {
    id: name(1_000_000 + entries++),
    carried: false,
    basis: -1,
    last: 4095,
    timeMs: 0,
    options: [],
    atomic: false,
    unproved: false,
    assumed: [],
    moves: [],
    segments: [],
    ...fields,
  };
}

/** A move `ref old new`; 0 for absent. */
export function move(ref: string, oldNumber: number, newNumber: number) {
  return {
    ref,
    oldId: oldNumber === 0 ? undefined : oid(oldNumber),
    newId: newNumber === 0 ? undefined : oid(newNumber),
  };
}

/** A record for the slot behind `state`. */
export function recordAfter(state: State, fields: Partial<TrunkRecord> = {}): TrunkRecord {
  return { ...recordBehind(state, {}), ...fields };
}

export const unborn: State = emptyState(trunk);
