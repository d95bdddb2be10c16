import { copyPack, type ObjectReader, type State } from "@trunks/repo";
import { maxPacketData } from "./packet-line.ts";

/** Streams one pack of these objects. */
export async function* packStream(
  objects: ObjectReader,
  state: State,
  ids: Iterable<string>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  const pieces = new GatheredPieces((bytes) => writer.write(bytes));
  const written = copyPack(objects, state.objects, ids, (bytes) => pieces.add(bytes), { signal }).then(async () => {
    await pieces.end();
    await writer.close();
  });
  // A failure reaches the reader through the stream.
  written.catch((error) => writer.abort(error)).catch(() => {});
  yield* readable;
  await written;
}

const nothingToWaitFor = Promise.resolve();

/** Makes few large pieces of many small ones: each would take a packet, and a turn of the stream. */
class GatheredPieces {
  readonly #write: (bytes: Uint8Array) => Promise<void>;
  #bytes = new Uint8Array(maxPacketData);
  #filled = 0;

  constructor(write: (bytes: Uint8Array) => Promise<void>) {
    this.#write = write;
  }

  add(piece: Uint8Array): Promise<void> {
    if (this.#filled + piece.length > this.#bytes.length) return this.#addLarge(piece);
    this.#bytes.set(piece, this.#filled);
    this.#filled += piece.length;
    return nothingToWaitFor;
  }

  async end(): Promise<void> {
    if (this.#filled === 0) return;
    const full = this.#bytes.subarray(0, this.#filled);
    this.#bytes = new Uint8Array(maxPacketData);
    this.#filled = 0;
    await this.#write(full);
  }

  async #addLarge(piece: Uint8Array): Promise<void> {
    await this.end();
    if (piece.length < this.#bytes.length) return this.add(piece);
    // What it is a part of may be used again before it is read.
    await this.#write(piece.slice());
  }
}
