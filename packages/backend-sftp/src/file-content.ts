import { abortedError, type Content, TrunksError } from "@trunks/core";
import type { Connection } from "./connection.ts";
import { type Attempt, failure } from "./failure.ts";
import type { Handle } from "./session.ts";

/** So many bytes may be on their way, or wait in memory to be taken. */
const windowBytes = 4 * 2 ** 20;

/** What a server gives with one answer without being asked whether it would give more. */
const leastReadBytes = 16_384;

/** An open file, to be read between two offsets. */
export interface OpenFile {
  readonly connection: Connection;
  readonly handle: Handle;
  readonly start: number;
  readonly end: number;
  readonly totalSize: number;
  /** The bytes from `start` on that were read already. */
  readonly head: Buffer;
}

/** Bytes of an open file, many requests at once. Gives the handle back when they were read or are given up. */
export class FileContent implements Content {
  readonly totalSize: number;
  readonly size: number;
  readonly #open: OpenFile;
  readonly #attempt: Attempt;
  #released = false;

  constructor(open: OpenFile, attempt: Attempt) {
    this.#open = open;
    this.#attempt = attempt;
    this.totalSize = open.totalSize;
    this.size = open.end - open.start;
  }

  async bytes(): Promise<Uint8Array> {
    const { head, start } = this.#open;
    const whole = Buffer.allocUnsafeSlow(this.size);
    head.copy(whole);
    let next = head.length;
    const worker = async () => {
      while (next < whole.length) {
        const part = whole.subarray(next, next + this.#open.connection.readBytes);
        next += part.length;
        await this.#fill(part, start + part.byteOffset - whole.byteOffset);
      }
    };
    const count = Math.ceil(windowBytes / this.#open.connection.readBytes);
    try {
      await Promise.all(Array.from({ length: count }, worker));
      return new Uint8Array(whole.buffer);
    } finally {
      await this.cancel();
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    const { connection, head, start, end } = this.#open;
    const reads: Promise<Buffer>[] = [];
    let next = start + head.length;
    let taken = next;
    try {
      if (head.length > 0) yield head;
      while (taken < end) {
        while (next < end && next - taken < windowBytes) {
          const part = Buffer.allocUnsafeSlow(Math.min(connection.readBytes, end - next));
          const read = this.#fill(part, next);
          // Its failure is met by a later await; until then nobody listens.
          read.catch(() => {});
          reads.push(read);
          next += part.length;
        }
        const part = (await reads.shift()) as Buffer;
        if (this.#attempt.signal?.aborted) throw abortedError(this.#attempt.signal);
        taken += part.length;
        yield part;
      }
    } finally {
      await this.cancel();
    }
  }

  async cancel(): Promise<void> {
    if (this.#released) return;
    this.#released = true;
    this.#open.connection.release(this.#open.handle);
  }

  /** Reads as many bytes as `into` holds. */
  async #fill(into: Buffer, position: number): Promise<Buffer> {
    const { connection, handle } = this.#open;
    const { signal } = this.#attempt;
    for (let filled = 0; filled < into.length; ) {
      const count = await connection.read(handle, into.subarray(filled), position + filled, signal).catch((error) => {
        throw failure(error, this.#attempt, "harmless");
      });
      if (count === 0) {
        throw new TrunksError("UNAVAILABLE", `get ${this.#attempt.key}: became shorter while it was read`, {
          retryable: true,
        });
      }
      // A server that gives less than was asked for has a limit of its own: from now on it is asked for no more.
      if (count < into.length - filled) connection.readBytes = Math.max(leastReadBytes, count);
      filled += count;
    }
    return into;
  }
}
