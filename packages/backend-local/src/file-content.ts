import { abortedError, type Content, TrunksError } from "@trunks/core";
import type { FileCalls } from "./file-calls.ts";
import { fileError } from "./file-error.ts";

/** Read at once when streaming. Measured: larger is no faster. */
const chunkBytes = 2 ** 20;

/** Read at once into one buffer: the signal is looked at in between. */
const sliceBytes = 16 * 2 ** 20;

/** An open file, to be read between two offsets, and where it lies. */
export interface OpenFile {
  readonly file: number;
  readonly path: string;
  readonly start: number;
  readonly end: number;
  readonly totalSize: number;
}

/** Bytes of an open file. Closes it when they have been read, when reading fails, and when they are given up. */
export class FileContent implements Content {
  readonly totalSize: number;
  readonly size: number;
  readonly #open: OpenFile;
  readonly #calls: FileCalls;
  readonly #signal: AbortSignal | undefined;
  /** The read that is under way: the file must not be closed, and its number given to another, before it ends. */
  #reading: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(open: OpenFile, calls: FileCalls, signal: AbortSignal | undefined) {
    this.#open = open;
    this.#calls = calls;
    this.#signal = signal;
    this.totalSize = open.totalSize;
    this.size = open.end - open.start;
  }

  async bytes(): Promise<Uint8Array> {
    const bytes = unfilledBytes(this.size);
    try {
      for (let offset = 0; offset < bytes.length; offset += sliceBytes) {
        await this.#fill(bytes.subarray(offset, offset + sliceBytes), this.#open.start + offset);
      }
      return bytes;
    } finally {
      await this.cancel();
    }
  }

  /** Reads the next chunk while the last is used. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    const { start, end } = this.#open;
    try {
      let next = this.#chunk(start);
      for (let offset = start; offset < end; ) {
        const chunk = await next;
        offset += chunk.length;
        if (offset < end) next = this.#chunk(offset);
        yield chunk;
      }
    } finally {
      await this.cancel();
    }
  }

  async cancel(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#reading;
    this.#calls.close(this.#open.file);
  }

  #chunk(offset: number): Promise<Uint8Array> {
    const bytes = unfilledBytes(Math.min(chunkBytes, this.#open.end - offset));
    return this.#fill(bytes, offset);
  }

  /** Reads as many bytes as `into` holds. */
  #fill(into: Uint8Array, position: number): Promise<Uint8Array> {
    const filling = this.#read(into, position);
    this.#reading = filling.catch(() => {});
    return filling;
  }

  async #read(into: Uint8Array, position: number): Promise<Uint8Array> {
    const { file, path } = this.#open;
    for (let filled = 0; filled < into.length; ) {
      if (this.#signal?.aborted) throw abortedError(this.#signal);
      const count = await this.#calls.read(file, into.subarray(filled), position + filled).catch((error: unknown) => {
        throw fileError(error, "read", path);
      });
      if (count === 0) throw cutFile(path);
      filled += count;
    }
    return into;
  }
}

/** Memory that is about to be overwritten: not cleared, and shared with nobody. */
export function unfilledBytes(size: number): Uint8Array {
  return new Uint8Array(Buffer.allocUnsafeSlow(size).buffer);
}

export function cutFile(path: string): TrunksError {
  return new TrunksError("UNAVAILABLE", `${path} became shorter while it was read`, { retryable: true });
}
