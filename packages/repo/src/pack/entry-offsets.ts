import { TrunksError } from "@trunks/core";

/** About so many offsets share a bucket. */
const bucketFill = 16;

/**
 * The offsets at which a pack's entries begin, for finding an entry's end. A pack of a million entries would take a tenth of a
 * second to sort, only to read one of them: so the offsets are dealt into buckets, and a bucket is sorted when it is used.
 */
export class EntryOffsets {
  readonly #end: number;
  readonly #offsets: Float64Array;
  readonly #bucketStarts: Uint32Array;
  readonly #bucketSize: number;
  readonly #sorted: Uint8Array;

  /** Of `count` offsets, all of them below `end`, which `offsetAt` answers in any order. */
  constructor(count: number, end: number, offsetAt: (position: number) => number) {
    this.#end = end;
    const bucketCount = Math.ceil(count / bucketFill) + 1;
    this.#bucketSize = Math.ceil(end / bucketCount) || 1;
    const starts = new Uint32Array(bucketCount + 1);
    for (let position = 0; position < count; position++) starts[this.#bucketOf(offsetAt(position)) + 1]! += 1;
    for (let bucket = 0; bucket < bucketCount; bucket++) starts[bucket + 1]! += starts[bucket] as number;
    const next = starts.slice();
    this.#offsets = new Float64Array(count);
    for (let position = 0; position < count; position++) {
      const offset = offsetAt(position);
      this.#offsets[next[this.#bucketOf(offset)]!++] = offset;
    }
    this.#bucketStarts = starts;
    this.#sorted = new Uint8Array(bucketCount);
  }

  /** The offset that follows this one, or the end of the entries. Throws `CORRUPT` when no entry begins at `offset`. */
  next(offset: number): number {
    const bucket = this.#bucketOf(offset);
    const last = this.#bucketStarts.length - 2;
    const offsets = bucket <= last ? this.#bucket(bucket) : this.#offsets.subarray(0, 0);
    const place = placeOf(offsets, offset);
    if (offsets[place] !== offset) throw corrupt(`knows of no entry at ${offset}`);
    if (place + 1 < offsets.length) return offsets[place + 1] as number;
    for (let following = bucket + 1; following <= last; following++) {
      const first = this.#bucket(following)[0];
      if (first !== undefined) return first;
    }
    return this.#end;
  }

  #bucketOf(offset: number): number {
    return Math.floor(offset / this.#bucketSize);
  }

  /** The offsets of one bucket, in order. */
  #bucket(bucket: number): Float64Array {
    const offsets = this.#offsets.subarray(this.#bucketStarts[bucket], this.#bucketStarts[bucket + 1]);
    if (this.#sorted[bucket] === 1) return offsets;
    offsets.sort();
    for (let place = 1; place < offsets.length; place++) {
      if (offsets[place] === offsets[place - 1]) throw corrupt(`names one entry twice, at ${offsets[place]}`);
    }
    this.#sorted[bucket] = 1;
    return offsets;
  }
}

function placeOf(sorted: Float64Array, offset: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] as number) < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

function corrupt(problem: string): TrunksError {
  return new TrunksError("CORRUPT", `a pack's index ${problem}`);
}
