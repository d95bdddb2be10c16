import { TrunksError } from "@trunks/core";
import { digestHex, hexFromBytes } from "../platform.ts";
import { EntryOffsets, type OffsetList } from "./entry-offsets.ts";
import { compareIds, type ObjectFormat, type ObjectId, objectIdSizeBytes, readObjectId } from "./object-format.ts";
import { packHeaderSizeBytes } from "./pack-header.ts";
import {
  fanoutStart,
  type IndexTables,
  idsStart,
  indexSignature,
  indexVersion,
  largeOffset,
  tablesOf,
} from "./pack-index-layout.ts";

/** One entry of a pack, as its index knows it. */
export interface IndexedEntry {
  readonly id: ObjectId;
  /** Where the entry begins, in bytes from the start of the pack. */
  readonly offset: number;
  /** CRC-32 of the entry as it stands in the pack, header and deflated bytes. */
  readonly crc: number;
}

/** A pack's index of version 2, over its bytes: finds an object by id, and an entry's end by its start. */
export class PackIndex {
  readonly format: ObjectFormat;
  readonly objectCount: number;
  /** Size in bytes of the pack. */
  readonly packSize: number;
  /** The pack's last bytes: the digest of all bytes before them. */
  readonly packChecksum: string;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #idSize: number;
  readonly #tables: IndexTables;
  readonly #largeOffsetCount: number;
  readonly #offsets: OffsetList;
  #entryOffsets: EntryOffsets | undefined;

  /** Checks all of `bytes`, which it keeps. Throws `CORRUPT` unless they are an index of a pack of `packSize` bytes. */
  constructor(format: ObjectFormat, bytes: Uint8Array, packSize: number) {
    this.format = format;
    this.packSize = packSize;
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#idSize = objectIdSizeBytes(format);
    if (bytes.length < idsStart + 2 * this.#idSize) throw corrupt("is cut short");
    if (this.#view.getUint32(0) !== indexSignature || this.#view.getUint32(4) !== indexVersion) {
      throw corrupt("is not of version 2");
    }
    const count = this.#view.getUint32(idsStart - 4);
    this.objectCount = count;
    this.#tables = tablesOf(format, count);
    const trailerStart = bytes.length - 2 * this.#idSize;
    this.#largeOffsetCount = (trailerStart - this.#tables.largeOffsetsStart) / 8;
    if (!Number.isInteger(this.#largeOffsetCount) || this.#largeOffsetCount < 0 || this.#largeOffsetCount > count) {
      throw corrupt(`has not the size of one of ${count} objects`);
    }
    this.packChecksum = readObjectId(format, bytes, trailerStart);
    const checksumStart = trailerStart + this.#idSize;
    if (digestHex(format, bytes.subarray(0, checksumStart)) !== hexFromBytes(bytes, checksumStart)) {
      throw corrupt("does not match its checksum");
    }
    this.#checkIds();
    this.#offsets = this.#readOffsets();
  }

  /** Where the object's entry begins in the pack, or `undefined` when the pack does not hold it. */
  find(id: ObjectId): number | undefined {
    const position = this.#positionOf(id);
    return position === undefined ? undefined : this.offsetAt(position);
  }

  /** The checksum of the object's entry: CRC-32 of its bytes as they stand in the pack; `undefined` when it is not there. */
  crcOf(id: ObjectId): number | undefined {
    const position = this.#positionOf(id);
    return position === undefined ? undefined : this.#view.getUint32(this.#tables.crcsStart + 4 * position);
  }

  /** The ids, at most `limit` of them, that begin with these hexadecimal digits, in order. */
  findPrefix(prefix: string, limit: number): ObjectId[] {
    const found: ObjectId[] = [];
    for (let position = this.#lowerBound(prefix); position < this.objectCount && found.length < limit; position++) {
      const id = this.idAt(position);
      if (!id.startsWith(prefix)) break;
      if (id !== found.at(-1)) found.push(id);
    }
    return found;
  }

  /** Every entry, in the order of the ids. */
  *entries(): Generator<IndexedEntry, void, undefined> {
    for (let position = 0; position < this.objectCount; position++) {
      const crc = this.#view.getUint32(this.#tables.crcsStart + 4 * position);
      yield { id: this.idAt(position), offset: this.offsetAt(position), crc };
    }
  }

  /** Where the entry that begins at `offset` ends. Throws `CORRUPT` when none begins there. */
  entryEnd(offset: number): number {
    this.#entryOffsets ??= new EntryOffsets(this.#offsets, this.packSize - this.#idSize);
    return this.#entryOffsets.next(offset);
  }

  /** The id at a place in the order of ids. */
  idAt(position: number): ObjectId {
    const start = idsStart + position * this.#idSize;
    return hexFromBytes(this.#bytes, start, start + this.#idSize);
  }

  /** The bytes of the same id, which stand in the index. */
  idBytesAt(position: number): Uint8Array {
    const start = idsStart + position * this.#idSize;
    return this.#bytes.subarray(start, start + this.#idSize);
  }

  /** The place in the order of ids of the id whose bytes stand at `offset`; `undefined` when the pack does not hold it. */
  placeOf(bytes: Uint8Array, offset: number): number | undefined {
    const firstByte = bytes[offset] as number;
    let low = this.#fanout(firstByte - 1);
    let high = this.#fanout(firstByte);
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#difference(middle, bytes, offset) < 0) low = middle + 1;
      else high = middle;
    }
    return low < this.objectCount && this.isAt(low, bytes, offset) ? low : undefined;
  }

  /** Whether that id stands at this place. */
  isAt(position: number, bytes: Uint8Array, offset: number): boolean {
    return this.#difference(position, bytes, offset) === 0;
  }

  /** The offset that belongs to the id at a place in the order of ids. */
  offsetAt(position: number): number {
    return this.#offsets[position] as number;
  }

  /** Where an id stands in their order. */
  #positionOf(id: ObjectId): number | undefined {
    if (id.length !== 2 * this.#idSize) return undefined;
    const head = headOf(id);
    let low = this.#fanout((head >>> 24) - 1);
    let high = this.#fanout(head >>> 24);
    while (low < high) {
      const middle = (low + high) >>> 1;
      // The whole ids are compared only where their first four bytes are the same.
      const difference = this.#headAt(middle) - head || this.#compare(middle, id);
      if (difference === 0) return middle;
      if (difference < 0) low = middle + 1;
      else high = middle;
    }
    return undefined;
  }

  /** How many ids sort before these digits, which may be fewer than a whole id's. */
  #lowerBound(digits: string): number {
    const head = headOf(digits);
    let low = this.#fanout((head >>> 24) - 1);
    let high = this.#fanout(head >>> 24);
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#headAt(middle) - head || this.#compare(middle, digits)) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /**
   * Whether an id sorts before these digits (below zero), begins with them (zero), or sorts behind them. By its bytes: a text of
   * each id that is looked at would cost more than all the rest of a search.
   */
  #compare(position: number, digits: string): number {
    const start = idsStart + position * this.#idSize;
    for (let place = 0; place < digits.length; place++) {
      const byte = this.#bytes[start + (place >> 1)] as number;
      const difference = ((place & 1) === 0 ? byte >> 4 : byte & 15) - digitOf(digits, place);
      if (difference !== 0) return difference;
    }
    return 0;
  }

  /** Below zero when the id at this place sorts before the one whose bytes stand at `offset`; zero when it is the same. */
  #difference(position: number, bytes: Uint8Array, offset: number): number {
    return compareIds(this.#bytes, idsStart + position * this.#idSize, bytes, offset, this.#idSize);
  }

  /** The first four bytes of an id, as a number. */
  #headAt(position: number): number {
    return this.#view.getUint32(idsStart + position * this.#idSize);
  }

  /** How many ids begin with this byte or a lower one. */
  #fanout(firstByte: number): number {
    return firstByte < 0 ? 0 : this.#view.getUint32(fanoutStart + 4 * firstByte);
  }

  #checkIds(): void {
    let position = 0;
    let previous = -1;
    // At hand: the first index of a process is read before this is compiled.
    const view = this.#view;
    const idSize = this.#idSize;
    for (let firstByte = 0; firstByte < 256; firstByte++) {
      const end = this.#fanout(firstByte);
      if (end < position || end > this.objectCount) throw corrupt("counts its objects wrongly");
      for (; position < end; position++) {
        const head = view.getUint32(idsStart + position * idSize);
        if (head >>> 24 !== firstByte) throw corrupt("counts its objects wrongly");
        // Equal ids are allowed: Git writes such an index for a pack that holds an object twice.
        if (head < previous || (head === previous && this.idAt(position) < this.idAt(position - 1))) {
          throw corrupt("is not in order");
        }
        previous = head;
      }
    }
  }

  /** By the order of ids. */
  #readOffsets(): OffsetList {
    const end = this.packSize - this.#idSize;
    const { objectCount } = this;
    const offsets = end < 2 ** 32 ? new Uint32Array(objectCount) : new Float64Array(objectCount);
    const { offsetsStart } = this.#tables;
    // At hand: the first index of a process is read before this is compiled.
    const view = this.#view;
    for (let position = 0; position < objectCount; position++) {
      let offset = view.getUint32(offsetsStart + 4 * position);
      if (offset >= largeOffset) offset = this.#largeOffset(offset - largeOffset);
      if (offset < packHeaderSizeBytes || offset >= end) throw corrupt(`points outside its pack, to ${offset}`);
      offsets[position] = offset;
    }
    return offsets;
  }

  #largeOffset(place: number): number {
    if (place >= this.#largeOffsetCount) throw corrupt("points beyond its large offsets");
    const start = this.#tables.largeOffsetsStart + 8 * place;
    return this.#view.getUint32(start) * 2 ** 32 + this.#view.getUint32(start + 4);
  }
}

/** The first four bytes of an id that begins with these digits, and goes on with zeros. */
function headOf(digits: string): number {
  return Number.parseInt(digits.slice(0, 8).padEnd(8, "0"), 16);
}

/** The value of a lower-case hexadecimal digit; of anything else, what no digit is worth. */
function digitOf(digits: string, place: number): number {
  const code = digits.charCodeAt(place);
  if (code >= 0x61) return code - 0x57;
  return code <= 0x39 ? code - 0x30 : -1;
}

function corrupt(problem: string): TrunksError {
  return new TrunksError("CORRUPT", `a pack's index ${problem}`);
}
