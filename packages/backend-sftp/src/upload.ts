import { abortedError } from "@trunks/core";
import type { Connection } from "./connection.ts";
import type { Handle } from "./session.ts";

/** So many bytes may be on their way, or wait in memory to be. */
const windowBytes = 4 * 2 ** 20;

/** Bytes on their way into a file, many requests at once. */
export class Upload {
  readonly #connection: Connection;
  readonly #file: Handle;
  readonly #signal: AbortSignal | undefined;
  /** What is on its way, the oldest first. */
  readonly #sent: { readonly size: number; readonly answer: Promise<void> }[] = [];
  #sentBytes = 0;
  #position = 0;
  /** Bytes that do not fill a request yet. */
  #rest: Buffer | undefined;
  #restBytes = 0;

  constructor(connection: Connection, file: Handle, signal: AbortSignal | undefined) {
    this.#connection = connection;
    this.#file = file;
    this.#signal = signal;
  }

  /** Takes the bytes, which may be used for something else when this has answered. */
  async write(chunk: Uint8Array): Promise<void> {
    if (this.#signal?.aborted) throw abortedError(this.#signal);
    const { writeBytes } = this.#connection;
    let left = chunk;
    while (left.length > 0) {
      if (this.#restBytes === 0 && left.length >= writeBytes) {
        await this.#send(left.subarray(0, writeBytes));
        left = left.subarray(writeBytes);
        continue;
      }
      this.#rest ??= Buffer.allocUnsafeSlow(writeBytes);
      const part = left.subarray(0, writeBytes - this.#restBytes);
      this.#rest.set(part, this.#restBytes);
      this.#restBytes += part.length;
      left = left.subarray(part.length);
      if (this.#restBytes === writeBytes) await this.#sendRest();
    }
  }

  /** Resolves when the server has acknowledged all. */
  async end(): Promise<void> {
    if (this.#restBytes > 0) await this.#sendRest();
    await this.#shrinkTo(0);
  }

  async #sendRest(): Promise<void> {
    const bytes = this.#rest as Buffer;
    const size = this.#restBytes;
    this.#restBytes = 0;
    await this.#send(bytes.subarray(0, size));
  }

  async #send(bytes: Uint8Array): Promise<void> {
    await this.#shrinkTo(windowBytes - bytes.length);
    const answer = this.#connection.write(this.#file, bytes, this.#position, this.#signal);
    // Its failure is met by a later await; until then nobody listens.
    answer.catch(() => {});
    this.#sent.push({ size: bytes.length, answer });
    this.#sentBytes += bytes.length;
    this.#position += bytes.length;
  }

  async #shrinkTo(size: number): Promise<void> {
    while (this.#sentBytes > size) {
      const oldest = this.#sent.shift();
      await oldest?.answer;
      this.#sentBytes -= oldest?.size ?? 0;
    }
  }
}
