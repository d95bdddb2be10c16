import { abortedError, type Body, bodySize, bodySlice, bytesBody, unlessAborted } from "@trunks/core";
import type { R2Binding, R2Condition, R2Object } from "./binding.ts";
import { failure } from "./failure.ts";

/** One write of one body. */
export interface Write {
  /** As the bucket has it. */
  readonly storedKey: string;
  /** As the caller has it. */
  readonly key: string;
  readonly body: Body;
  /** Only where nothing is there yet. */
  readonly ifAbsent: boolean;
  readonly signal?: AbortSignal;
}

/** A body that is read on demand is held in memory up to this size, in bytes. */
const wholeSizeBytes = 2 ** 20;

/** Writes the body, in one request: true when it was written, false when `ifAbsent` and the key was taken. */
export async function writeObject(bucket: R2Binding, write: Write): Promise<boolean> {
  const { storedKey, key, body, ifAbsent, signal } = write;
  const options: { onlyIf?: R2Condition } = ifAbsent ? { onlyIf: { etagDoesNotMatch: "*" } } : {};
  try {
    if (body instanceof Uint8Array || bodySize(body) <= wholeSizeBytes) {
      const bytes = (await bytesBody(body)) as Uint8Array<ArrayBuffer>;
      if (signal?.aborted) throw abortedError(signal);
      return (await unlessAborted(bucket.put(storedKey, bytes, options), signal)) !== null;
    }
    const pipe = new BodyPipe(body, signal);
    return (await pipe.into((stream) => bucket.put(storedKey, stream, options))) !== null;
  } catch (error) {
    throw failure(error, ifAbsent ? "create" : "put", key, signal);
  }
}

/** The runtime's own stream of known length, which a bucket wants. */
declare const FixedLengthStream: new (size: number) => TransformStream<Uint8Array, Uint8Array>;

/** A body on its way into a bucket. What its source throws goes before what the bucket makes of it. */
class BodyPipe {
  readonly #stream: TransformStream<Uint8Array, Uint8Array>;
  readonly #body: Body;
  readonly #signal: AbortSignal | undefined;
  #failure: unknown;

  constructor(body: Body, signal: AbortSignal | undefined) {
    this.#stream = new FixedLengthStream(bodySize(body));
    this.#body = body;
    this.#signal = signal;
  }

  async into(put: (stream: ReadableStream) => Promise<R2Object | null>): Promise<R2Object | null> {
    const writer = this.#stream.writable.getWriter();
    // Each end learns of the other's failure, and neither is waited for alone.
    const pumped = this.#pump(writer);
    try {
      const object = await unlessAborted(put(this.#stream.readable), this.#signal);
      if (object !== null) await pumped;
      return object;
    } catch (error) {
      throw this.#failure ?? error;
    } finally {
      // A bucket that refuses may leave the rest unread.
      writer.abort().catch(() => {});
    }
  }

  async #pump(writer: WritableStreamDefaultWriter<Uint8Array>): Promise<void> {
    try {
      for await (const chunk of bodySlice(this.#body)) {
        if (this.#signal?.aborted) throw abortedError(this.#signal);
        if (chunk.length > 0) await writer.write(chunk);
      }
      await writer.close();
    } catch (error) {
      this.#failure ??= error;
      await writer.abort(error).catch(() => {});
    }
  }
}
