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
  /** So many bytes of packs are kept. */
  readonly blockCacheSizeBytes: number;
}

/** From `start` up to, not including, `end`. */
export interface PackRange {
  readonly start: number;
  readonly end: number;
}

/** A pack no larger than this is read whole by the first request: its other objects are wanted next. */
export const wholePackSizeBytes = 2 ** 20;

/** Blocks that one request brought. They are kept and let go together, so that none is copied out of the answer. */
export interface BlockRun extends PackRange {
  readonly bytes: Uint8Array;
}

/** Blocks that one request will bring. */
interface ComingRun extends PackRange {
  readonly bytes: SharedRead<Uint8Array>;
}

/** A read that waits for those that begin at the same moment. */
interface WantedRange {
  readonly range: PackRange;
  readonly signal: AbortSignal | undefined;
  readonly resolve: (bytes: Promise<Uint8Array>) => void;
}

/**
 * A pack's bytes, asked for in runs of blocks, of which the last used are kept. Callers that want one block at once share its
 * request, and what is wanted at one moment is asked for in as few requests as a batch.
 */
export class PackBlocks {
  readonly #source: PackSource;
  readonly #kept: CacheDrawer<BlockRun>;
  readonly #settings: BlockSettings;
  /** By the number of a block, that of the run it came with; the run itself may be gone. */
  readonly #runOf = new Map<number, number>();
  readonly #coming = new Map<number, ComingRun>();
  #runs = 0;
  #wanted: WantedRange[] = [];

  constructor(source: PackSource, kept: CacheDrawer<BlockRun>, settings: BlockSettings) {
    this.#source = source;
    this.#kept = kept;
    this.#settings = settings;
  }

  /** The byte at an offset, when it is here. */
  peekByte(offset: number): number | undefined {
    const run = this.#runAt(offset);
    return run?.bytes[offset - run.start];
  }

  /** The run that all of these bytes came with, when it is here. */
  peekRun({ start, end }: PackRange): BlockRun | undefined {
    const run = this.#runAt(start);
    return run !== undefined && end <= run.end ? run : undefined;
  }

  /** The bytes, when all of them are here. */
  peek({ start, end }: PackRange): Uint8Array | undefined {
    const run = this.#runAt(start);
    if (run === undefined) return undefined;
    if (end <= run.end) return run.bytes.subarray(start - run.start, end - run.start);
    const parts = [run.bytes.subarray(start - run.start)];
    for (let at = run.end; at < end; ) {
      const next = this.#runAt(at);
      if (next === undefined) return undefined;
      parts.push(next.bytes.subarray(at - next.start, end - next.start));
      at = next.end;
    }
    return joined(parts, end - start);
  }

  /** The bytes; what is not here is asked for. */
  read(range: PackRange, { signal }: RequestOptions): Promise<Uint8Array> {
    return new Promise((resolve) => {
      this.#wanted.push({ range, signal, resolve });
      if (this.#wanted.length === 1) queueMicrotask(() => this.#askForWanted());
    });
  }

  /** Brings the ranges, which come in order, into memory in as few requests as the settings ask for. */
  async prefetch(ranges: readonly PackRange[], options: RequestOptions): Promise<void> {
    const runs = this.#missingRuns(ranges);
    const next = runs.values();
    const workers = Array.from({ length: Math.min(this.#settings.rangeConcurrency, runs.length) }, async () => {
      for (const { first, last } of next) await this.#begin(first, last).bytes.result(options.signal);
    });
    await Promise.all(workers);
  }

  #askForWanted(): void {
    const wanted = this.#wanted;
    this.#wanted = [];
    const whole = this.#source.size <= wholePackSizeBytes;
    const ranges = whole ? [{ start: 0, end: this.#source.size }] : wanted.map(({ range }) => range).sort(byStart);
    const lanes: (Promise<void> | undefined)[] = [];
    for (const [index, { first, last }] of this.#missingRuns(ranges).entries()) {
      const lane = index % this.#settings.rangeConcurrency;
      lanes[lane] = this.#begin(first, last, lanes[lane]).bytes.settled;
    }
    // Before anything else happens: a kept run may go, and one on its way be given up.
    for (const { range, signal, resolve } of wanted) resolve(this.#take(range, signal));
  }

  /** The bytes of blocks each of which is here or on its way. */
  async #take({ start, end }: PackRange, signal: AbortSignal | undefined): Promise<Uint8Array> {
    const parts: Promise<Uint8Array>[] = [];
    for (let at = start; at < end; ) {
      const run = this.#runAt(at) ?? (this.#coming.get(this.#numberAt(at)) as ComingRun);
      parts.push(partOf(run, at, end, signal));
      at = run.end;
    }
    return joined(await Promise.all(parts), end - start);
  }

  #numberAt(offset: number): number {
    return Math.floor(offset / this.#settings.blockSizeBytes);
  }

  /** The run that is here and has the block at this offset. */
  #runAt(offset: number): BlockRun | undefined {
    return this.#run(this.#numberAt(offset));
  }

  #run(number: number): BlockRun | undefined {
    const name = this.#runOf.get(number);
    if (name === undefined) return undefined;
    const run = this.#kept.get(name);
    if (run === undefined) this.#runOf.delete(number);
    return run;
  }

  #isComing(number: number): boolean {
    return this.#coming.get(number)?.bytes.abandoned === false;
  }

  /** The blocks of these ranges, which come in order, that are neither here nor on their way, in runs over small gaps. */
  #missingRuns(ranges: readonly PackRange[]): { first: number; last: number }[] {
    const { blockSizeBytes, rangeSizeBytes, gapSizeBytes, blockCacheSizeBytes } = this.#settings;
    // A run that is a large part of what may be kept would drive out what is wanted with it.
    const longest = Math.max(1, Math.floor(Math.min(rangeSizeBytes, blockCacheSizeBytes / 8) / blockSizeBytes));
    const gap = Math.floor(gapSizeBytes / blockSizeBytes);
    const runs: { first: number; last: number }[] = [];
    let run: { first: number; last: number } | undefined;
    let seen = -1;
    for (const { start, end } of ranges) {
      // Of many small ranges nearly all are in a block that one before them is in.
      if (end <= (seen + 1) * blockSizeBytes) continue;
      const last = this.#numberAt(end - 1);
      for (let number = Math.max(this.#numberAt(start), seen + 1); number <= last; number++) {
        if (this.#isComing(number) || this.#run(number) !== undefined) continue;
        if (run !== undefined && number - run.last <= gap + 1 && number - run.first < longest) {
          run.last = number;
        } else {
          run = { first: number, last: number };
          runs.push(run);
        }
      }
      seen = last;
    }
    return runs;
  }

  /** Asks for blocks, when `turn` has come. */
  #begin(first: number, last: number, turn?: Promise<void>): ComingRun {
    const size = this.#settings.blockSizeBytes;
    const range = { start: first * size, end: Math.min((last + 1) * size, this.#source.size) };
    const bytes = new SharedRead(async (signal) => {
      try {
        await turn;
        const read = await readPackRange(this.#source, range.start, range.end, { signal });
        this.#keep(first, last, { ...range, bytes: read });
        return read;
      } finally {
        for (let number = first; number <= last; number++) {
          if (this.#coming.get(number) === run) this.#coming.delete(number);
        }
      }
    });
    const run: ComingRun = { ...range, bytes };
    for (let number = first; number <= last; number++) this.#coming.set(number, run);
    return run;
  }

  #keep(first: number, last: number, run: BlockRun): void {
    const name = this.#runs++;
    this.#kept.set(name, run, run.bytes.length);
    for (let number = first; number <= last; number++) this.#runOf.set(number, name);
  }
}

async function partOf(
  { start: runStart, bytes }: BlockRun | ComingRun,
  start: number,
  end: number,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const arrived = bytes instanceof Uint8Array ? bytes : await bytes.result(signal);
  return arrived.subarray(start - runStart, end - runStart);
}

function byStart(left: PackRange, right: PackRange): number {
  return left.start - right.start;
}

function joined(parts: readonly Uint8Array[], size: number): Uint8Array {
  if (parts.length === 1) return parts[0] as Uint8Array;
  const bytes = new Uint8Array(size);
  let filled = 0;
  for (const part of parts) {
    bytes.set(part, filled);
    filled += part.length;
  }
  return bytes;
}
