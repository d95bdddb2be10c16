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
    if (bucket > last) throw corrupt(`knows of no entry at ${offset}`);
    this.#sort(bucket);
    const end = this.#bucketStarts[bucket + 1] as number;
    const place = placeOf(this.#offsets, offset, this.#bucketStarts[bucket] as number, end);
    if (place === end || this.#offsets[place] !== offset) throw corrupt(`knows of no entry at ${offset}`);
    if (place + 1 < end) {
      const following = this.#offsets[place + 1] as number;
      // Looked for here and not among all: of most packs few entries are read.
      if (following === offset) throw corrupt(`names one entry twice, at ${offset}`);
      return following;
    }
    for (let following = bucket + 1; following <= last; following++) {
      const start = this.#bucketStarts[following] as number;
      if (start === this.#bucketStarts[following + 1]) continue;
      this.#sort(following);
      return this.#offsets[start] as number;
    }
    return this.#end;
  }

  /** Puts the offsets of one bucket in order. */
  #sort(bucket: number): void {
    if (this.#sorted[bucket] === 1) return;
    this.#offsets.subarray(this.#bucketStarts[bucket], this.#bucketStarts[bucket + 1]).sort();
    this.#sorted[bucket] = 1;
  }
}

function bucketOf(offset: number, scale: number): number {
  return Math.floor(offset * scale);
}

/** Between `start` and `end` of the list, the first place of an offset that is not below this one. */
function placeOf(sorted: OffsetList, offset: number, start: number, end: number): number {
  let low = start;
  let high = end;
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
