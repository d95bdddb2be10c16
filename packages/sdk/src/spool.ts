import type { Source } from "@trunks/core";
import { openTemporaryFile, type TemporaryFile } from "./platform.ts";

/** Written in pieces of about so many bytes, read from a spool, and written to a store, in pieces of no more. */
const pieceSizeBytes = 2 ** 20;

/** A place in a spool. */
export interface Spooled {
  readonly start: number;
  readonly size: number;
}

/** A temporary file that grows, made when something is put into it first. */
export class Spool {
  #file: Promise<TemporaryFile> | undefined;
  #size = 0;
  /** What is not in the file yet: the last bytes of the spool. */
  #tail: Uint8Array[] = [];
  #tailSize = 0;
  #flushing: Promise<void> = Promise.resolve();

  /** Puts bytes behind all others. They must not change afterwards. */
  async append(bytes: Uint8Array): Promise<Spooled> {
    const start = this.#size;
    this.#size += bytes.length;
    this.#tail.push(bytes);
    this.#tailSize += bytes.length;
    if (this.#tailSize >= pieceSizeBytes) await this.#flush();
    return { start, size: bytes.length };
  }

  /** Takes all pieces, one behind the other. Nothing else may be appended meanwhile. */
  async appendAll(pieces: AsyncIterable<Uint8Array>): Promise<Spooled> {
    const start = this.#size;
    for await (const piece of pieces) await this.append(piece.slice());
    return { start, size: this.#size - start };
  }

  /** What was put there, piece by piece; or a part of it. */
  async *read({ start, size }: Spooled, from = 0, to = size): AsyncGenerator<Uint8Array> {
    await this.#flush();
    const file = await this.#open();
    for (let at = from; at < to; at += pieceSizeBytes) {
      yield await file.read(start + at, start + Math.min(at + pieceSizeBytes, to));
    }
  }

  /** A body for a store. */
  source(place: Spooled): Source {
    return { size: place.size, read: (start, end) => this.read(place, start, end) };
  }

  /** Forgets everything; the file goes. */
  async close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    this.#size = 0;
    this.#tail = [];
    this.#tailSize = 0;
    await this.#flushing.catch(() => {});
    await (await file?.catch(() => undefined))?.close();
  }

  /** Puts the tail into the file, after what is on its way there. */
  #flush(): Promise<void> {
    this.#flushing = this.#flushing.catch(() => {}).then(() => this.#writeTail());
    return this.#flushing;
  }

  /** When this fails the tail stays what it was, and the next call tries again. */
  async #writeTail(): Promise<void> {
    const size = this.#tailSize;
    if (size === 0) return;
    const start = this.#size - size;
    const bytes = joined(this.#tail, size);
    this.#tail = [];
    this.#tailSize = 0;
    try {
      await (await this.#open()).write(bytes, start);
    } catch (error) {
      this.#tail.unshift(bytes);
      this.#tailSize += size;
      throw error;
    }
  }

  #open(): Promise<TemporaryFile> {
    this.#file ??= openTemporaryFile();
    return this.#file;
  }
}

/** These pieces, `size` bytes in all, as one. */
export function joined(pieces: readonly Uint8Array[], size: number): Uint8Array {
  const [first] = pieces;
  if (pieces.length === 1 && first !== undefined) return first;
  const bytes = new Uint8Array(size);
  let filled = 0;
  for (const piece of pieces) {
    bytes.set(piece, filled);
    filled += piece.length;
  }
  return bytes;
}
