import { TrunksError } from "@trunks/core";
import { decodeText } from "@trunks/repo";

/** In bytes. A line beyond it is not git's. */
const maxLineLength = 1 << 20;

/** What git writes to the helper: lines, and packets once a connection was taken over. */
export class Input {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #buffer: Uint8Array = new Uint8Array(0);

  constructor(stream: AsyncIterable<Uint8Array>) {
    this.#chunks = stream[Symbol.asyncIterator]();
  }

  /** The next line without its end, or `undefined` at the end of input. */
  async line(): Promise<string | undefined> {
    for (;;) {
      const end = this.#buffer.indexOf(0x0a);
      if (end !== -1) return decodeText(this.#take(end + 1).subarray(0, -1));
      if (this.#buffer.length > maxLineLength)
        throw new TrunksError("INVALID_ARGUMENT", "git sent a line without an end");
      if (!(await this.#more()))
        return this.#buffer.length === 0 ? undefined : decodeText(this.#take(this.#buffer.length));
    }
  }

  /** Exactly `size` bytes, or `undefined` when the input ends before. */
  async bytes(size: number): Promise<Uint8Array | undefined> {
    while (this.#buffer.length < size) if (!(await this.#more())) return undefined;
    return this.#take(size);
  }

  #take(size: number): Uint8Array {
    const taken = this.#buffer.subarray(0, size);
    this.#buffer = this.#buffer.subarray(size);
    return taken;
  }

  async #more(): Promise<boolean> {
    const step = await this.#chunks.next();
    if (step.done) return false;
    this.#buffer = this.#buffer.length === 0 ? step.value : Buffer.concat([this.#buffer, step.value]);
    return true;
  }
}
