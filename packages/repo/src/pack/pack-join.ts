import { createDigest, digestHex, hexFromBytes } from "../platform.ts";
import { compareIds, type ObjectFormat, objectIdBytes, objectIdSizeBytes } from "./object-format.ts";
import { packHeader, packHeaderSizeBytes, parsePackHeader } from "./pack-header.ts";
import { fanoutStart, idsStart, indexSignature, indexVersion, largeOffset, tablesOf } from "./pack-index-layout.ts";
import type { PlainIndex } from "./plain-index.ts";
import type { WholePack } from "./whole-packs.ts";

/** One pack of several, piece by piece. */
export interface JoinedPack {
  readonly pieces: readonly Uint8Array[];
  /** The pack's last bytes, which also name it for Git. */
  readonly checksum: string;
}

/** Places of entries are numbered with so many; 32 bits of an id and such a number are a number that can be sorted. */
const maxEntries = 2 ** 21;

/**
 * One pack of all entries as they stand in these, without looking into any of them: deltas find a base in their own part by the
 * distance, which stays, and in another one by its id. Throws `CORRUPT` for a part that is no pack.
 */
export function joinPacks(format: ObjectFormat, packs: readonly Uint8Array[]): JoinedPack {
  const idSize = objectIdSizeBytes(format);
  const objectCount = packs.reduce((sum, pack) => sum + parsePackHeader(pack), 0);
  const bodies = packs.map((pack) => pack.subarray(packHeaderSizeBytes, pack.length - idSize));
  const digest = createDigest(format);
  const opening = [packHeader(objectCount), ...bodies];
  for (const piece of opening) digest.update(piece);
  const trailer = digest.bytes();
  return { pieces: [...opening, trailer], checksum: hexFromBytes(trailer) };
}

/** The same in one piece. */
export function wholePack({ pieces }: JoinedPack): Uint8Array {
  const bytes = new Uint8Array(pieces.reduce((size, { length }) => size + length, 0));
  let filled = 0;
  for (const piece of pieces) {
    bytes.set(piece, filled);
    filled += piece.length;
  }
  return bytes;
}

/**
 * The index of the pack, of this checksum, that `joinPacks` makes of these, thin or not. `undefined` when an object is in two of them, for its
 * deltas might then go round in a circle; when there are too many, or one has not as many objects as its index.
 */
export function joinIndexes(
  format: ObjectFormat,
  parts: readonly WholePack[],
  checksum: string,
): Uint8Array | undefined {
  if (parts.some(({ pack, index }) => parsePackHeader(pack) !== index.count)) return undefined;
  if (parts.reduce((sum, { pack }) => sum + pack.length, 0) >= largeOffset) return undefined;
  const join = new IndexJoin(format, parts);
  const order = join.order();
  return order && join.bytes(order, checksum);
}

class IndexJoin {
  readonly #format: ObjectFormat;
  readonly #idSize: number;
  readonly #indexes: readonly PlainIndex[];
  /** By part, how far its entries move. */
  readonly #shifts: readonly number[];
  /** By entry, its part, and where it stands in that part's index. */
  readonly #parts: Uint16Array;
  readonly #positions: Uint32Array;

  constructor(format: ObjectFormat, parts: readonly WholePack[]) {
    this.#format = format;
    this.#idSize = objectIdSizeBytes(format);
    this.#indexes = parts.map(({ index }) => index);
    let shift = 0;
    this.#shifts = parts.map(({ pack }) => {
      const before = shift;
      shift += pack.length - packHeaderSizeBytes - this.#idSize;
      return before;
    });
    const total = this.#indexes.reduce((sum, { count }) => sum + count, 0);
    this.#parts = new Uint16Array(total);
    this.#positions = new Uint32Array(total);
  }

  /** The entries in the order of their ids. */
  order(): Uint32Array | undefined {
    const total = this.#parts.length;
    if (total > maxEntries || this.#indexes.length > 2 ** 16) return undefined;
    const keys = new Float64Array(total);
    let entry = 0;
    const parts = this.#parts;
    const positions = this.#positions;
    const idSize = this.#idSize;
    for (const [part, { count, view }] of this.#indexes.entries()) {
      for (let position = 0; position < count; position++) {
        parts[entry] = part;
        positions[entry] = position;
        keys[entry] = view.getUint32(idsStart + position * idSize) * maxEntries + entry;
        entry++;
      }
    }
    keys.sort();
    // Plainly counted, here and below: this is done once in a process, most often before it is compiled.
    const order = new Uint32Array(total);
    let before = -1;
    for (let place = 0; place < total; place++) {
      const key = keys[place] as number;
      const head = Math.floor(key / maxEntries);
      order[place] = key - head * maxEntries;
      if (head === before && !this.#settle(order, place)) return undefined;
      before = head;
    }
    return order;
  }

  /** Puts the last of the first entries in its place among those with the same four bytes; false when its object is there already. */
  #settle(order: Uint32Array, last: number): boolean {
    for (let at = last; at > 0; at--) {
      const difference = this.#compare(order[at - 1] as number, order[at] as number);
      if (difference === 0) return false;
      if (difference < 0) break;
      [order[at - 1], order[at]] = [order[at] as number, order[at - 1] as number];
    }
    return true;
  }

  bytes(order: Uint32Array, packChecksum: string): Uint8Array {
    const { crcsStart, offsetsStart, largeOffsetsStart } = tablesOf(this.#format, order.length);
    const bytes = new Uint8Array(largeOffsetsStart + 2 * this.#idSize);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, indexSignature);
    view.setUint32(4, indexVersion);
    const counts = new Uint32Array(256);
    const target = wordsOf(bytes);
    const sources = this.#indexes.map(({ bytes, view, tables }, part) => ({
      index: bytes,
      words: wordsOf(bytes),
      view,
      crcs: tables.crcsStart / 4,
      offsets: tables.offsetsStart,
      shift: this.#shifts[part] as number,
    }));
    const parts = this.#parts;
    const positions = this.#positions;
    const idWords = this.#idSize / 4;
    for (let place = 0; place < order.length; place++) {
      const entry = order[place] as number;
      const position = positions[entry] as number;
      const source = sources[parts[entry] as number] as (typeof sources)[number];
      const from = idsStart / 4 + position * idWords;
      const to = idsStart / 4 + place * idWords;
      for (let word = 0; word < idWords; word++) target[to + word] = source.words[from + word] as number;
      target[crcsStart / 4 + place] = source.words[source.crcs + position] as number;
      counts[source.index[4 * from] as number]! += 1;
      view.setUint32(offsetsStart + 4 * place, source.view.getUint32(source.offsets + 4 * position) + source.shift);
    }
    let total = 0;
    for (const [firstByte, count] of counts.entries()) {
      total += count;
      view.setUint32(fanoutStart + 4 * firstByte, total);
    }
    bytes.set(objectIdBytes(packChecksum), largeOffsetsStart);
    const end = largeOffsetsStart + this.#idSize;
    bytes.set(objectIdBytes(digestHex(this.#format, bytes.subarray(0, end))), end);
    return bytes;
  }

  #compare(left: number, right: number): number {
    const leftIndex = this.#indexes[this.#parts[left] as number] as PlainIndex;
    const rightIndex = this.#indexes[this.#parts[right] as number] as PlainIndex;
    return compareIds(leftIndex.bytes, this.#idStart(left), rightIndex.bytes, this.#idStart(right), this.#idSize);
  }

  #idStart(entry: number): number {
    return idsStart + (this.#positions[entry] as number) * this.#idSize;
  }
}

/** The bytes in fours, in the order of this machine: to be moved, not to be read. */
function wordsOf(bytes: Uint8Array): Uint32Array {
  return new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2);
}
