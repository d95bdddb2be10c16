import { TrunksError } from "@trunks/core";

/** About so many offsets share a bucket. */
const bucketFill = 16;
/** So many are sorted in less time than it takes to deal them. */
const maxSortedAtOnce = 2 ** 14;

/** Half the size for nearly every pack: offsets below 4 GiB. */
export type OffsetList = Uint32Array | Float64Array;

/**
 * The offsets at which a pack's entries begin, for finding an entry's end. A pack of a million entries would take a tenth of a
 * second to sort, only to read one of them: so the offsets are dealt into buckets, and a bucket is sorted when it is used.
 */
export class EntryOffsets {
  readonly #end: number;
  readonly #offsets: OffsetList;
  readonly #bucketStarts: Uint32Array;
  readonly #scale: number;
  readonly #sorted: Uint8Array;

  /** Of offsets in any order, all of them below `end`. */
  constructor(offsets: OffsetList, end: number) {
    this.#end = end;
    if (offsets.length <= maxSortedAtOnce) {
      this.#scale = 0;
      this.#offsets = offsets.slice();
      this.#bucketStarts = Uint32Array.of(0, offsets.length);
      this.#sorted = new Uint8Array(1);
      return;
    }
    const bucketCount = Math.ceil(offsets.length / bucketFill) + 1;
    // A little less than would fill the last bucket, so that rounding cannot lead beyond it.
    const scale = (bucketCount - 0.5) / Math.max(1, end);
    const starts = new Uint32Array(bucketCount + 1);
    for (let place = 0; place < offsets.length; place++) starts[bucketOf(offsets[place] as number, scale) + 1]! += 1;
    for (let bucket = 0; bucket < bucketCount; bucket++) starts[bucket + 1]! += starts[bucket] as number;
    const next = starts.slice();
    const dealt = offsets.slice();
    for (let place = 0; place < offsets.length; place++) {
      const offset = offsets[place] as number;
      dealt[next[bucketOf(offset, scale)]!++] = offset;
    }
    this.#scale = scale;
    this.#offsets = dealt;
    this.#bucketStarts = starts;
    this.#sorted = new Uint8Array(bucketCount);
  }

  /** The offset that follows this one, or the end of the entries. Throws `CORRUPT` when no entry begins at `offset`. */
  next(offset: number): number {
    const bucket = bucketOf(offset, this.#scale);
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

  /** The offsets of one bucket, in order. */
  #bucket(bucket: number): OffsetList {
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

function bucketOf(offset: number, scale: number): number {
  return Math.floor(offset * scale);
}

function placeOf(sorted: OffsetList, offset: number): number {
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
