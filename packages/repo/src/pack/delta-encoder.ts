/**
 * Finds what a target shares with a base and writes the rest down, in time linear in both: the base's blocks of 16 bytes
 * are indexed by a hash that rolls over the target byte by byte, and only so many equal hashes are tried at one place.
 * The idea is rsync's, as in Git's own encoder; the bytes differ from Git's.
 */
const blockSize = 16;
const maxCandidates = 16;
const multiplier = 0x01000193;
/** `multiplier` to the power of `blockSize - 1`, for taking the oldest byte out of the hash. */
const oldestWeight = powerOf(multiplier, blockSize - 1);
/** The longest copy that every reader understands. */
const maxCopyLength = 0x10000;
const maxInsertLength = 0x7f;

/**
 * A delta that makes `target` of `base`, or `undefined` when it would take more than `maxSize` bytes (or when the base is
 * too large to be pointed into).
 */
export function createDelta(base: Uint8Array, target: Uint8Array, maxSize: number): Uint8Array | undefined {
  if (base.length >= 2 ** 31 || maxSize <= 0) return undefined;
  const writer = new DeltaWriter(base.length, target, maxSize);
  if (target.length >= blockSize && base.length >= blockSize) copyMatches(new BlockIndex(base), target, writer);
  writer.insertUpTo(target.length);
  return writer.finish();
}

function copyMatches(index: BlockIndex, target: Uint8Array, writer: DeltaWriter): void {
  const last = target.length - blockSize;
  let offset = 0;
  let hash = blockHash(target, 0);
  while (!writer.overflown) {
    const match = index.longestMatch(target, offset, hash);
    if (match === undefined) {
      if (offset === last) return;
      const oldest = target[offset] as number;
      hash =
        (Math.imul(hash - Math.imul(oldest, oldestWeight), multiplier) + (target[offset + blockSize] as number)) | 0;
      offset++;
      continue;
    }
    const { base } = index;
    let from = match.from;
    let start = offset;
    while (start > writer.written && from > 0 && target[start - 1] === base[from - 1]) {
      start--;
      from--;
    }
    writer.insertUpTo(start);
    writer.copy(from, offset + match.length - start);
    offset += match.length;
    if (offset > last) return;
    hash = blockHash(target, offset);
  }
}

/** Where in the base a block with a given hash stands. */
class BlockIndex {
  readonly base: Uint8Array;
  /** By bucket, the last block plus one. */
  readonly #heads: Int32Array;
  /** By block, the block before it in the same bucket plus one. */
  readonly #nexts: Int32Array;
  readonly #hashes: Int32Array;
  readonly #shift: number;

  constructor(base: Uint8Array) {
    this.base = base;
    const blockCount = Math.floor(base.length / blockSize);
    const bits = Math.max(4, 32 - Math.clz32(blockCount));
    this.#shift = 32 - bits;
    this.#heads = new Int32Array(1 << bits);
    this.#nexts = new Int32Array(blockCount);
    this.#hashes = new Int32Array(blockCount);
    // From the end, so that of equal blocks the first in the base is tried first.
    for (let block = blockCount - 1; block >= 0; block--) {
      const hash = blockHash(base, block * blockSize);
      // A long run of one block would fill a bucket with itself; its first block serves.
      if (block + 1 < blockCount && this.#hashes[block + 1] === hash) this.#unlink(block + 1);
      const bucket = this.#bucket(hash);
      this.#hashes[block] = hash;
      this.#nexts[block] = this.#heads[bucket] as number;
      this.#heads[bucket] = block + 1;
    }
  }

  /** The longest of the matches tried that begin at `offset` of the target. */
  longestMatch(target: Uint8Array, offset: number, hash: number): { from: number; length: number } | undefined {
    let from = 0;
    let length = 0;
    let link = this.#heads[this.#bucket(hash)] as number;
    for (let tried = 0; link !== 0 && tried < maxCandidates; tried++) {
      const block = link - 1;
      if (this.#hashes[block] === hash) {
        const shared = this.#sharedLength(block * blockSize, target, offset);
        if (shared > length) {
          from = block * blockSize;
          length = shared;
        }
      }
      link = this.#nexts[block] as number;
    }
    return length < blockSize ? undefined : { from, length };
  }

  #sharedLength(from: number, target: Uint8Array, offset: number): number {
    const { base } = this;
    const limit = Math.min(base.length - from, target.length - offset);
    let length = 0;
    while (length < limit && base[from + length] === target[offset + length]) length++;
    return length;
  }

  /** Takes out a block that is the newest of its bucket. */
  #unlink(block: number): void {
    this.#heads[this.#bucket(this.#hashes[block] as number)] = this.#nexts[block] as number;
  }

  #bucket(hash: number): number {
    return Math.imul(hash, 0x9e3779b1) >>> this.#shift;
  }
}

/** Writes instructions up to a size. */
class DeltaWriter {
  /** How much of the target the instructions so far make. */
  written = 0;
  overflown = false;
  readonly #target: Uint8Array;
  readonly #maxSize: number;
  #bytes: Uint8Array;
  #filled = 0;

  constructor(baseSize: number, target: Uint8Array, maxSize: number) {
    this.#target = target;
    this.#maxSize = maxSize;
    this.#bytes = new Uint8Array(Math.min(maxSize, 1024));
    this.#size(baseSize);
    this.#size(target.length);
  }

  insertUpTo(end: number): void {
    while (this.written < end) {
      const length = Math.min(end - this.written, maxInsertLength);
      if (!this.#reserve(1 + length)) return;
      this.#bytes[this.#filled++] = length;
      this.#bytes.set(this.#target.subarray(this.written, this.written + length), this.#filled);
      this.#filled += length;
      this.written += length;
    }
  }

  copy(from: number, length: number): void {
    const end = from + length;
    for (let start = from; start < end; start += maxCopyLength) {
      if (!this.#reserve(7)) return;
      this.#copyPiece(start, Math.min(maxCopyLength, end - start));
    }
    this.written += length;
  }

  #copyPiece(from: number, length: number): void {
    const at = this.#filled++;
    let instruction = 0x80;
    for (let byte = 0; byte < 4; byte++) {
      const value = (from >>> (8 * byte)) & 0xff;
      if (value === 0) continue;
      instruction |= 1 << byte;
      this.#bytes[this.#filled++] = value;
    }
    // The full length is written as none at all.
    for (let byte = 0; byte < 2 && length < maxCopyLength; byte++) {
      const value = (length >>> (8 * byte)) & 0xff;
      if (value === 0) continue;
      instruction |= 0x10 << byte;
      this.#bytes[this.#filled++] = value;
    }
    this.#bytes[at] = instruction;
  }

  finish(): Uint8Array | undefined {
    return this.overflown ? undefined : this.#bytes.slice(0, this.#filled);
  }

  #size(value: number): void {
    if (!this.#reserve(8)) return;
    let rest = value;
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) this.#bytes[this.#filled++] = (rest % 0x80) | 0x80;
    this.#bytes[this.#filled++] = rest;
  }

  #reserve(size: number): boolean {
    const needed = this.#filled + size;
    if (needed > this.#maxSize) this.overflown = true;
    else if (needed > this.#bytes.length) {
      const larger = new Uint8Array(Math.min(this.#maxSize, 2 * needed));
      larger.set(this.#bytes.subarray(0, this.#filled));
      this.#bytes = larger;
    }
    return !this.overflown;
  }
}

function blockHash(bytes: Uint8Array, offset: number): number {
  let hash = 0;
  for (let index = offset; index < offset + blockSize; index++) {
    hash = (Math.imul(hash, multiplier) + (bytes[index] as number)) | 0;
  }
  return hash;
}

function powerOf(value: number, exponent: number): number {
  let power = 1;
  for (let step = 0; step < exponent; step++) power = Math.imul(power, value);
  return power;
}
