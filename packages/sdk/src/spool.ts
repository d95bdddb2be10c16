import type { Source } from "@trunks/core";
import { openTemporaryFile, type TemporaryFile } from "./platform.ts";

/** Read from a spool, and written to a store, in pieces of so many bytes. */
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

  /** Puts bytes behind all others. */
  async append(bytes: Uint8Array): Promise<Spooled> {
    const start = this.#size;
    this.#size += bytes.length;
    await (await this.#open()).write(bytes, start);
    return { start, size: bytes.length };
  }

  /** Takes all pieces, one behind the other. Nothing else may be appended meanwhile. */
  async appendAll(pieces: AsyncIterable<Uint8Array>): Promise<Spooled> {
    const start = this.#size;
    for await (const piece of pieces) await this.append(piece);
    return { start, size: this.#size - start };
  }

  /** What was put there, piece by piece; or a part of it. */
  async *read({ start, size }: Spooled, from = 0, to = size): AsyncGenerator<Uint8Array> {
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
    await (await file?.catch(() => undefined))?.close();
  }

  #open(): Promise<TemporaryFile> {
    this.#file ??= openTemporaryFile();
    return this.#file;
  }
}
