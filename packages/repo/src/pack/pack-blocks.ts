import type { RequestOptions } from "@trunks/core";
import type { CacheDrawer } from "./byte-cache.ts";
import { type PackSource, readPackRange } from "./pack-source.ts";
import { SharedRead } from "./shared-read.ts";

export interface BlockSettings {
  /** Packs are read and kept in blocks of so many bytes. */
  readonly blockSizeBytes: number;
  /** So many bytes between two wanted blocks are rather read than asked around. */
  readonly gapSizeBytes: number;
  /** No request asks for more, in bytes. */
  readonly rangeSizeBytes: number;
  /** So many requests of one call are under way at a time. */
  readonly rangeConcurrency: number;
}

/** From `start` up to, not including, `end`. */
export interface PackRange {
  readonly start: number;
  readonly end: number;
}

/** A pack no larger than this is read whole by the first request: its other objects are wanted next. */
const wholePackSizeBytes = 2 ** 20;

/** Blocks that one request brings. */
interface BlockRun {
  readonly first: number;
  readonly blocks: SharedRead<readonly Uint8Array[]>;
}

/** A pack's bytes in blocks, of which the last used are kept. Callers that want one block at once share its request. */
export class PackBlocks {
  readonly #source: PackSource;
  readonly #kept: CacheDrawer<Uint8Array>;
  readonly #settings: BlockSettings;
  readonly #coming = new Map<number, BlockRun>();
  /** The block used last, at hand because the next read most often wants it too. */
  #lastNumber = -1;
  #lastBlock: Uint8Array | undefined;

  constructor(source: PackSource, kept: CacheDrawer<Uint8Array>, settings: BlockSettings) {
    this.#source = source;
    this.#kept = kept;
    this.#settings = settings;
  }

  /** The bytes, when all of them are here. */
  peek({ start, end }: PackRange): Uint8Array | undefined {
    const { first, last, offset } = this.#place(start, end);
    if (first === last) return this.#block(first)?.subarray(offset, offset + end - start);
    const blocks: Uint8Array[] = [];
    for (let number = first; number <= last; number++) {
      const block = this.#block(number);
      if (block === undefined) return undefined;
      blocks.push(block);
    }
    return joinBlocks(blocks, offset, end - start);
  }

  /** The bytes; what is not here is asked for. */
  async read({ start, end }: PackRange, options: RequestOptions): Promise<Uint8Array> {
    const { first, last, offset } = this.#place(start, end);
    const whole = this.#source.size <= wholePackSizeBytes;
    const wanted = whole ? { start: 0, end: this.#source.size } : { start, end };
    // All are taken hold of before anything else: a kept block may go, the last one already when another is looked at.
    const held = Array.from({ length: last - first + 1 }, (_, index) => this.#block(first + index));
    for (const run of this.#missingRuns([wanted], 0)) this.#begin(run.first, run.last);
    const blocks = held.map((block, index) => block ?? (this.#coming.get(first + index) as BlockRun));
    const arrived = blocks.map(async (block, index) => {
      if (block instanceof Uint8Array) return block;
      return (await block.blocks.result(options.signal))[first + index - block.first] as Uint8Array;
    });
    return joinBlocks(await Promise.all(arrived), offset, end - start);
  }

  /** Brings the ranges, which come in order, into memory in as few requests as the settings ask for. */
  async prefetch(ranges: readonly PackRange[], options: RequestOptions): Promise<void> {
    const runs = this.#missingRuns(ranges, Math.floor(this.#settings.gapSizeBytes / this.#settings.blockSizeBytes));
    const next = runs.values();
    const workers = Array.from({ length: Math.min(this.#settings.rangeConcurrency, runs.length) }, async () => {
      for (const { first, last } of next) await this.#begin(first, last).blocks.result(options.signal);
    });
    await Promise.all(workers);
  }

  /** The first and the last block of a range, and where it begins in the first. */
  #place(start: number, end: number): { first: number; last: number; offset: number } {
    const size = this.#settings.blockSizeBytes;
    const first = Math.floor(start / size);
    return { first, last: Math.floor((end - 1) / size), offset: start - first * size };
  }

  #block(number: number): Uint8Array | undefined {
    if (number === this.#lastNumber) return this.#lastBlock;
    const block = this.#kept.get(number);
    if (block !== undefined) {
      this.#lastNumber = number;
      this.#lastBlock = block;
    }
    return block;
  }

  #isComing(number: number): boolean {
    return this.#coming.get(number)?.blocks.abandoned === false;
  }

  /** The blocks of these ranges that are neither here nor on their way, in runs that bridge up to so many others. */
  #missingRuns(ranges: readonly PackRange[], gap: number): { first: number; last: number }[] {
    const longest = Math.max(1, Math.floor(this.#settings.rangeSizeBytes / this.#settings.blockSizeBytes));
    const runs: { first: number; last: number }[] = [];
    let run: { first: number; last: number } | undefined;
    for (const range of ranges) {
      const { first, last } = this.#place(range.start, range.end);
      for (let number = Math.max(first, (run?.last ?? -1) + 1); number <= last; number++) {
        if (this.#isComing(number) || this.#block(number) !== undefined) continue;
        if (run !== undefined && number - run.last <= gap + 1 && number - run.first < longest) {
          run.last = number;
        } else {
          run = { first: number, last: number };
          runs.push(run);
        }
      }
    }
    return runs;
  }

  #begin(first: number, last: number): BlockRun {
    const blocks = new SharedRead(async (signal) => {
      try {
        return await this.#fetch(first, last, signal);
      } finally {
        for (let number = first; number <= last; number++) {
          if (this.#coming.get(number) === run) this.#coming.delete(number);
        }
      }
    });
    const run: BlockRun = { first, blocks };
    for (let number = first; number <= last; number++) this.#coming.set(number, run);
    return run;
  }

  async #fetch(first: number, last: number, signal: AbortSignal): Promise<Uint8Array[]> {
    const size = this.#settings.blockSizeBytes;
    const start = first * size;
    const bytes = await readPackRange(this.#source, start, Math.min((last + 1) * size, this.#source.size), { signal });
    const blocks: Uint8Array[] = [];
    for (let number = first; number <= last; number++) {
      // A copy, so that one block which is kept does not keep the whole answer.
      const block = new Uint8Array(bytes.subarray((number - first) * size, (number - first + 1) * size));
      this.#kept.set(number, block, block.length);
      blocks.push(block);
    }
    return blocks;
  }
}

function joinBlocks(blocks: readonly Uint8Array[], offset: number, size: number): Uint8Array {
  const first = blocks[0] as Uint8Array;
  if (blocks.length === 1) return first.subarray(offset, offset + size);
  const joined = new Uint8Array(size);
  let filled = 0;
  for (const block of blocks) {
    const from = filled === 0 ? offset : 0;
    const part = block.subarray(from, from + size - filled);
    joined.set(part, filled);
    filled += part.length;
  }
  return joined;
}
