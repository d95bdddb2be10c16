import { type ObjectFormat, type ObjectId, objectIdBytes, objectIdSizeBytes, readObjectId } from "./object-format.ts";

/** Ids stand in blocks of so many, so that a set that grows copies none of them. */
const blockLength = 2 ** 12;
const firstSlots = 2 ** 10;

/**
 * A set of object ids as bytes, in the order in which they came: about 30 bytes for each of SHA-1, where a set of strings takes
 * several times as many. Whoever has the bytes of an id asks with those.
 */
export class IdSet implements Iterable<ObjectId> {
  readonly #format: ObjectFormat;
  readonly #idSize: number;
  readonly #blocks: Uint8Array[] = [];
  /** By the hash of an id, the number of its entry and one; 0 for none. */
  #slots = new Uint32Array(firstSlots);
  #size = 0;

  constructor(format: ObjectFormat, ids: Iterable<ObjectId> = []) {
    this.#format = format;
    this.#idSize = objectIdSizeBytes(format);
    for (const id of ids) this.add(id);
  }

  get size(): number {
    return this.#size;
  }

  /** False when it was there before. */
  add(id: ObjectId): boolean {
    return this.addBytes(objectIdBytes(id), 0);
  }

  has(id: ObjectId): boolean {
    return this.hasBytes(objectIdBytes(id), 0);
  }

  /** Adds the id whose bytes stand at `offset`; false when it was there before. */
  addBytes(bytes: Uint8Array, offset: number): boolean {
    const slot = this.#slotOf(bytes, offset);
    if (this.#slots[slot] !== 0) return false;
    const number = this.#size++;
    const place = number % blockLength;
    if (place === 0) this.#blocks.push(new Uint8Array(blockLength * this.#idSize));
    this.#blocks.at(-1)?.set(bytes.subarray(offset, offset + this.#idSize), place * this.#idSize);
    this.#slots[slot] = number + 1;
    if (3 * this.#size > 2 * this.#slots.length) this.#grow();
    return true;
  }

  hasBytes(bytes: Uint8Array, offset: number): boolean {
    return this.#slots[this.#slotOf(bytes, offset)] !== 0;
  }

  *[Symbol.iterator](): Generator<ObjectId> {
    for (let number = 0; number < this.#size; number++) {
      const block = this.#blocks[Math.floor(number / blockLength)] as Uint8Array;
      yield readObjectId(this.#format, block, (number % blockLength) * this.#idSize);
    }
  }

  /** Where the id is, or may be put. */
  #slotOf(bytes: Uint8Array, offset: number): number {
    const mask = this.#slots.length - 1;
    for (let slot = idHash(bytes, offset) & mask; ; slot = (slot + 1) & mask) {
      const number = this.#slots[slot] as number;
      if (number === 0 || this.#isAt(number - 1, bytes, offset)) return slot;
    }
  }

  #isAt(number: number, bytes: Uint8Array, offset: number): boolean {
    const block = this.#blocks[Math.floor(number / blockLength)] as Uint8Array;
    const start = (number % blockLength) * this.#idSize;
    for (let at = 0; at < this.#idSize; at++) if (block[start + at] !== bytes[offset + at]) return false;
    return true;
  }

  #grow(): void {
    this.#slots = new Uint32Array(2 * this.#slots.length);
    const mask = this.#slots.length - 1;
    for (let number = 0; number < this.#size; number++) {
      const block = this.#blocks[Math.floor(number / blockLength)] as Uint8Array;
      let slot = idHash(block, (number % blockLength) * this.#idSize) & mask;
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
      this.#slots[slot] = number + 1;
    }
  }
}

/** Four bytes from the middle: ids are spread evenly, and whoever has mined one for its beginning gains nothing. */
export function idHash(bytes: Uint8Array, offset: number): number {
  return (
    ((bytes[offset + 9] as number) << 24) |
    ((bytes[offset + 11] as number) << 16) |
    ((bytes[offset + 13] as number) << 8) |
    (bytes[offset + 15] as number)
  );
}
