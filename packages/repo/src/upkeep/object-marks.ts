import type { RequestOptions } from "@trunks/core";
import { IdSet, idHash } from "../pack/id-set.ts";
import { type ObjectFormat, type ObjectId, objectIdBytes } from "../pack/object-format.ts";
import type { ObjectReader } from "../pack/object-reader.ts";
import type { PackIndex } from "../pack/pack-index.ts";

const firstSlots = 2 ** 12;

/**
 * A set of a trunk's objects. The ids of nearly all of them stand in the indexes of its packs, which are in memory anyway: of such
 * a one its place there is kept, which takes 6 to 12 bytes. Large blobs, which are in no pack, take as many as in an `IdSet`.
 */
export class ObjectMarks implements Iterable<ObjectId> {
  readonly #indexes: readonly PackIndex[];
  /** By index, how many objects those before it have. */
  readonly #bases: readonly number[];
  /** By the hash of an id, its place in all indexes together and one; 0 for none. */
  #slots = new Uint32Array(firstSlots);
  #marked = 0;
  readonly #others: IdSet;

  /** Loads the indexes of all packs. */
  static async over(reader: ObjectReader, format: ObjectFormat, options: RequestOptions): Promise<ObjectMarks> {
    return new ObjectMarks(format, await reader.indexes(options));
  }

  constructor(format: ObjectFormat, indexes: readonly PackIndex[]) {
    // Most objects are in the largest.
    this.#indexes = indexes.toSorted((left, right) => right.objectCount - left.objectCount);
    let base = 0;
    this.#bases = this.#indexes.map(({ objectCount }) => {
      base += objectCount;
      return base - objectCount;
    });
    this.#others = new IdSet(format);
  }

  get size(): number {
    return this.#marked + this.#others.size;
  }

  has(id: ObjectId): boolean {
    return this.hasBytes(objectIdBytes(id), 0);
  }

  /** Whether the id whose bytes stand at `offset` is in the set. */
  hasBytes(bytes: Uint8Array, offset: number): boolean {
    return this.#slots[this.#slotOf(bytes, offset)] !== 0 || this.#others.hasBytes(bytes, offset);
  }

  add(id: ObjectId): void {
    const bytes = objectIdBytes(id);
    if (!this.addPacked(bytes, 0)) this.#others.addBytes(bytes, 0);
  }

  /** Adds the object whose id stands at `offset`, if it is in one of the packs; false when it is in none. */
  addPacked(bytes: Uint8Array, offset: number): boolean {
    const slot = this.#slotOf(bytes, offset);
    if (this.#slots[slot] !== 0) return true;
    for (const [number, index] of this.#indexes.entries()) {
      const place = index.placeOf(bytes, offset);
      if (place === undefined) continue;
      this.#slots[slot] = (this.#bases[number] as number) + place + 1;
      if (3 * ++this.#marked > 2 * this.#slots.length) this.#grow();
      return true;
    }
    return false;
  }

  *[Symbol.iterator](): Generator<ObjectId> {
    for (const mark of this.#slots) {
      if (mark === 0) continue;
      const number = this.#indexOf(mark - 1);
      yield (this.#indexes[number] as PackIndex).idAt(mark - 1 - (this.#bases[number] as number));
    }
    yield* this.#others;
  }

  /** Where the mark of an id is, or may be put. */
  #slotOf(bytes: Uint8Array, offset: number): number {
    const mask = this.#slots.length - 1;
    for (let slot = idHash(bytes, offset) & mask; ; slot = (slot + 1) & mask) {
      const mark = this.#slots[slot] as number;
      if (mark === 0) return slot;
      const number = this.#indexOf(mark - 1);
      const index = this.#indexes[number] as PackIndex;
      if (index.isAt(mark - 1 - (this.#bases[number] as number), bytes, offset)) return slot;
    }
  }

  /** Which index a place belongs to. */
  #indexOf(place: number): number {
    let low = 0;
    let high = this.#bases.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((this.#bases[middle] as number) <= place) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  #grow(): void {
    const marks = this.#slots;
    this.#slots = new Uint32Array(2 * marks.length);
    const mask = this.#slots.length - 1;
    for (const mark of marks) {
      if (mark === 0) continue;
      const number = this.#indexOf(mark - 1);
      const id = (this.#indexes[number] as PackIndex).idBytesAt(mark - 1 - (this.#bases[number] as number));
      let slot = idHash(id, 0) & mask;
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
      this.#slots[slot] = mark;
    }
  }
}
