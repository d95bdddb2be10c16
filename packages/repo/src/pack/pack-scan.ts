import { type RequestOptions, TrunksError } from "@trunks/core";
import { crc32Of, digestHex, hexFromBytes, inflate, Room } from "../platform.ts";
import { parseDeltaSizes } from "./delta.ts";
import { type ExternalBases, resolveDeltas, type ScannedEntry } from "./delta-tree.ts";
import { type ObjectType, objectId } from "./git-object.ts";
import { type ObjectFormat, type ObjectId, objectIdSizeBytes } from "./object-format.ts";
import { isDelta, parseEntryHeader } from "./pack-entry.ts";
import { packHeaderSizeBytes, parsePackHeader } from "./pack-header.ts";
import { type IndexedEntry, PackIndex } from "./pack-index.ts";
import { packIndexBytes } from "./pack-index-bytes.ts";

export interface ScanOptions extends RequestOptions {
  /** Without it, a thin pack is `CORRUPT`. */
  readonly externalBases?: ExternalBases;
  /** No object may be larger, in bytes. Default 128 MiB. */
  readonly maxObjectSizeBytes?: number;
  /** All objects together may not be larger, in bytes. Default 4 GiB; they are not in memory at once. */
  readonly maxTotalSizeBytes?: number;
}

export interface PackScan {
  readonly index: PackIndex;
  /** The index as `git index-pack` writes it; of a thin pack, for its own entries alone. */
  readonly indexBytes: Uint8Array;
  /** The objects outside the pack that its deltas are against. */
  readonly externalBases: readonly ObjectId[];
}

/**
 * Makes the index of a pack that is in memory. Throws `CORRUPT` for whatever is no pack, damaged, cut, thin without its bases,
 * or beyond the limits, which are looked at before anything of that size is held.
 */
export async function scanPack(format: ObjectFormat, bytes: Uint8Array, options: ScanOptions = {}): Promise<PackScan> {
  const { maxObjectSizeBytes = 2 ** 27, maxTotalSizeBytes = 2 ** 32 } = options;
  const end = bytes.length - objectIdSizeBytes(format);
  const count = parsePackHeader(bytes);
  const checksum = hexFromBytes(bytes, Math.max(0, end));
  if (end < packHeaderSizeBytes || digestHex(format, bytes.subarray(0, end)) !== checksum) {
    throw new TrunksError("CORRUPT", "a pack does not match its checksum");
  }
  const budget = new SizeBudget(maxObjectSizeBytes, maxTotalSizeBytes);
  const entries: ScannedEntry[] = [];
  let offset = packHeaderSizeBytes;
  while (entries.length < count) {
    const entry = scanEntry(format, bytes, offset, end, budget);
    entries.push(entry);
    offset += entry.header.headerSize + entry.deflated.length;
  }
  if (offset !== end) throw new TrunksError("CORRUPT", `a pack of ${count} entries goes on behind them`);
  const externalBases = await resolveDeltas(format, entries, options.externalBases, options);
  const indexBytes = packIndexBytes(format, entries as readonly IndexedEntry[], checksum);
  return { index: new PackIndex(format, indexBytes, bytes.length), indexBytes, externalBases };
}

function scanEntry(
  format: ObjectFormat,
  bytes: Uint8Array,
  offset: number,
  end: number,
  budget: SizeBudget,
): ScannedEntry {
  const rest = bytes.subarray(offset, end);
  const header = parseEntryHeader(format, rest, 0, offset);
  budget.check(header.size);
  const inflated = inflate(rest, header.size, budget.room, header.headerSize);
  const size = header.headerSize + inflated.consumed;
  const delta = isDelta(header);
  budget.take(delta ? parseDeltaSizes(inflated.bytes).size : header.size);
  return {
    offset,
    header,
    deflated: rest.subarray(header.headerSize, size),
    inflated: budget.keeps(inflated.bytes.length) ? inflated.bytes : undefined,
    crc: crc32Of(rest.subarray(0, size)),
    id: delta ? undefined : objectId(format, header.type as ObjectType, inflated.bytes),
  };
}

/** So many bytes of inflated entries are kept until their deltas are made; others are inflated again. */
const maxKeptSizeBytes = 2 ** 24;

/** What the objects of a pack may take. */
class SizeBudget {
  readonly #maxObjectSizeBytes: number;
  #left: number;
  #keptLeft = maxKeptSizeBytes;
  /** Of small entries, all of which live for as long as the scan. */
  readonly room = new Room();

  constructor(maxObjectSizeBytes: number, maxTotalSizeBytes: number) {
    this.#maxObjectSizeBytes = maxObjectSizeBytes;
    this.#left = maxTotalSizeBytes;
  }

  /** Whether so many more inflated bytes may stay in memory. */
  keeps(size: number): boolean {
    if (size > this.#keptLeft) return false;
    this.#keptLeft -= size;
    return true;
  }

  check(size: number): void {
    if (size <= this.#maxObjectSizeBytes) return;
    throw new TrunksError("CORRUPT", `a pack declares an object of ${size} bytes, more than it may hold here`);
  }

  take(size: number): void {
    this.check(size);
    this.#left -= size;
    if (this.#left < 0) throw new TrunksError("CORRUPT", "a pack declares more bytes than it may hold here");
  }
}
