import { TrunksError } from "@trunks/core";
import type { ObjectType } from "./git-object.ts";
import { type ObjectFormat, type ObjectId, objectIdBytes, objectIdSizeBytes, readObjectId } from "./object-format.ts";
import { packHeaderSizeBytes } from "./pack-header.ts";

/** What a pack's entry holds: an object, or a delta against another object. */
type EntryType = ObjectType | "ofs-delta" | "ref-delta";

export interface EntryHeader {
  readonly type: EntryType;
  /** Inflated size in bytes of what follows: of the object, or of the delta. */
  readonly size: number;
  /** Size in bytes of this header; the deflated bytes follow. */
  readonly headerSize: number;
  /** Of an `ofs-delta`: where in the same pack its base stands. */
  readonly baseOffset: number | undefined;
  /** Of a `ref-delta`: the id of its base. */
  readonly baseId: ObjectId | undefined;
}

export function isDelta(header: EntryHeader): boolean {
  return header.baseOffset !== undefined || header.baseId !== undefined;
}

/** Whether the entry is a delta that begins with this byte. */
export function beginsDelta(firstByte: number): boolean {
  return ((firstByte >> 4) & 6) === 6;
}

const typeOfCode: readonly (EntryType | undefined)[] = [
  undefined,
  "commit",
  "tree",
  "blob",
  "tag",
  undefined,
  "ofs-delta",
  "ref-delta",
];

/** What the last digit of the largest size that fits a JavaScript number counts. */
const maxUnit = 2 ** 46;

/** No header is longer, in either object format. */
export const maxEntryHeaderSizeBytes = 64;

/**
 * The header of the entry at `entryOffset` of a pack, whose bytes begin at `start` of `bytes`. Throws `CORRUPT` when there
 * is none, when a number is larger than JavaScript can count, or when a base would lie outside the pack.
 */
export function parseEntryHeader(
  format: ObjectFormat,
  bytes: Uint8Array,
  start: number,
  entryOffset: number,
): EntryHeader {
  let offset = start;
  let byte = byteAt(bytes, offset++, entryOffset);
  const type = typeOfCode[(byte >> 4) & 7];
  if (type === undefined) throw new TrunksError("CORRUPT", `pack entry at ${entryOffset}: unknown type`);
  let size = byte & 15;
  for (let unit = 16; byte >= 0x80; unit *= 128) {
    if (unit > maxUnit) throw tooLarge(entryOffset);
    byte = byteAt(bytes, offset++, entryOffset);
    size += (byte & 0x7f) * unit;
  }
  let baseOffset: number | undefined;
  let baseId: ObjectId | undefined;
  if (type === "ofs-delta") {
    byte = byteAt(bytes, offset++, entryOffset);
    let distance = byte & 0x7f;
    while (byte >= 0x80) {
      byte = byteAt(bytes, offset++, entryOffset);
      // Each further byte stands for values that shorter numbers cannot express, hence the one.
      distance = (distance + 1) * 128 + (byte & 0x7f);
      if (distance > Number.MAX_SAFE_INTEGER) throw tooLarge(entryOffset);
    }
    baseOffset = entryOffset - distance;
    if (distance === 0 || baseOffset < packHeaderSizeBytes) {
      throw new TrunksError("CORRUPT", `pack entry at ${entryOffset}: its base would lie outside the pack`);
    }
  } else if (type === "ref-delta") {
    const end = offset + objectIdSizeBytes(format);
    if (end > bytes.length) throw cutShort(entryOffset);
    baseId = readObjectId(format, bytes, offset);
    offset = end;
  }
  return { type, size, headerSize: offset - start, baseOffset, baseId };
}

/** The header of an entry that holds an object, or a delta against the object `baseId`, or against one `baseDistance` bytes before. */
export function entryHeaderBytes(
  type: ObjectType | { readonly baseId: ObjectId } | { readonly baseDistance: number },
  size: number,
): Uint8Array {
  const bytes: number[] = [];
  const code = typeof type === "string" ? typeOfCode.indexOf(type) : "baseId" in type ? 7 : 6;
  let byte = (code << 4) | (size % 16);
  for (let rest = Math.floor(size / 16); ; rest = Math.floor(rest / 128)) {
    bytes.push(rest > 0 ? byte | 0x80 : byte);
    if (rest === 0) break;
    byte = rest % 128;
  }
  if (typeof type !== "string") {
    if ("baseId" in type) bytes.push(...objectIdBytes(type.baseId));
    else bytes.push(...distanceBytes(type.baseDistance));
  }
  return Uint8Array.from(bytes);
}

function distanceBytes(distance: number): number[] {
  const bytes = [distance % 128];
  for (let rest = Math.floor(distance / 128); rest > 0; rest = Math.floor(rest / 128)) {
    rest -= 1;
    bytes.unshift((rest % 128) | 0x80);
  }
  return bytes;
}

function byteAt(bytes: Uint8Array, offset: number, entryOffset: number): number {
  const byte = bytes[offset];
  if (byte === undefined) throw cutShort(entryOffset);
  return byte;
}

function cutShort(entryOffset: number): TrunksError {
  return new TrunksError("CORRUPT", `pack entry at ${entryOffset}: the pack ends within its header`);
}

function tooLarge(entryOffset: number): TrunksError {
  return new TrunksError("CORRUPT", `pack entry at ${entryOffset}: an impossible number`);
}
