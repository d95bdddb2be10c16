import { TrunksError } from "./error.ts";

/** Bytes on their way from a store. Iterate it, or take it whole with `bytes()`; once, not both. */
export interface Content extends AsyncIterable<Uint8Array> {
  /** Size in bytes of the whole body under the key, whatever range was asked for. */
  readonly totalSize: number;
  /** Size in bytes of this answer. A stream that ends before it throws `UNAVAILABLE`. */
  readonly size: number;
  /** All bytes of this answer. */
  bytes(): Promise<Uint8Array>;
  /** Gives up the rest. Needed only when the bytes are not read. */
  cancel(): Promise<void>;
}

/** Content that is in memory already. */
export function bytesContent(bytes: Uint8Array, totalSize = bytes.length): Content {
  return {
    totalSize,
    size: bytes.length,
    bytes: async () => bytes,
    cancel: async () => {},
    async *[Symbol.asyncIterator]() {
      if (bytes.length > 0) yield bytes;
    },
  };
}

/**
 * Content that arrives as a stream. Checks that exactly `size` bytes come: a store that answers fewer or more throws
 * `UNAVAILABLE` (it may be repeated), so that a cut body is never taken for a whole one.
 */
export function streamContent(stream: AsyncIterable<Uint8Array>, size: number, totalSize: number): Content {
  let iterator: AsyncIterator<Uint8Array> | undefined;
  async function* checked(): AsyncGenerator<Uint8Array> {
    iterator = stream[Symbol.asyncIterator]();
    let received = 0;
    try {
      for (;;) {
        const step = await iterator.next();
        if (step.done) break;
        received += step.value.length;
        if (received > size) throw cutBody(received, size);
        yield step.value;
      }
      if (received !== size) throw cutBody(received, size);
    } finally {
      await iterator.return?.();
    }
  }
  const content: Content = {
    totalSize,
    size,
    bytes: () => readContent(content),
    cancel: async () => {
      await (iterator ?? stream[Symbol.asyncIterator]()).return?.();
    },
    [Symbol.asyncIterator]: checked,
  };
  return content;
}

/** All bytes of a stream whose size is known beforehand. */
export async function readContent(content: AsyncIterable<Uint8Array> & { readonly size: number }): Promise<Uint8Array> {
  let only: Uint8Array | undefined;
  let whole: Uint8Array | undefined;
  let filled = 0;
  for await (const chunk of content) {
    if (filled + chunk.length > content.size) throw cutBody(filled + chunk.length, content.size);
    if (chunk.length === content.size) {
      only = chunk;
    } else {
      whole ??= new Uint8Array(content.size);
      whole.set(chunk, filled);
    }
    filled += chunk.length;
  }
  if (filled !== content.size) throw cutBody(filled, content.size);
  return only ?? whole ?? new Uint8Array(0);
}

function cutBody(received: number, expected: number): TrunksError {
  return new TrunksError("UNAVAILABLE", `the store sent ${received} of ${expected} bytes`, { retryable: true });
}
