import { TrunksError } from "@trunks/core";

/** Reads a stream from front to back, in whatever portions its reader wants. */
export class ByteStream {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #chunk: Uint8Array = new Uint8Array(0);
  #used = 0;
  /** How many bytes were read or passed over. */
  offset = 0;

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** The next `size` bytes, as they come. Throws `CORRUPT` when the stream ends before. */
  async *pieces(size: number): AsyncGenerator<Uint8Array> {
    for (let left = size; left > 0; ) {
      const piece = await this.#next(left);
      left -= piece.length;
      yield piece;
    }
  }

  /** The next `size` bytes in one piece. */
  async bytes(size: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(size);
    let filled = 0;
    for await (const piece of this.pieces(size)) {
      bytes.set(piece, filled);
      filled += piece.length;
    }
    return bytes;
  }

  /** Passes over everything before `offset`. */
  async skipTo(offset: number): Promise<void> {
    while (this.offset < offset) await this.#next(offset - this.offset);
  }

  /** Reads to the end, which is when a stream that checks itself says what it found. */
  async finish(): Promise<void> {
    while (!(await this.#chunks.next()).done);
  }

  async stop(): Promise<void> {
    await this.#chunks.return?.();
  }

  async #next(limit: number): Promise<Uint8Array> {
    while (this.#used === this.#chunk.length) {
      const step = await this.#chunks.next();
      if (step.done) throw new TrunksError("CORRUPT", `a pack ends after ${this.offset} bytes`);
      this.#chunk = step.value;
      this.#used = 0;
    }
    const piece = this.#chunk.subarray(this.#used, this.#used + limit);
    this.#used += piece.length;
    this.offset += piece.length;
    return piece;
  }
}
