/** Bytes to be written: in memory, or read on demand. */
export type Body = Uint8Array | Source;

/**
 * Bytes that can be read more than once and in parts, so that a write can be repeated and cut into parallel parts
 * without holding the whole. `size` must be exact; a source that yields another number of bytes fails the write.
 */
export interface Source {
  /** Size in bytes. */
  readonly size: number;
  /** The bytes from `start` up to, not including, `end`. May be called again and in parallel. */
  read(start: number, end: number): AsyncIterable<Uint8Array>;
}

export function bodySize(body: Body): number {
  return body instanceof Uint8Array ? body.length : body.size;
}

/** The bytes of `body` from `start` up to, not including, `end`, as a stream. */
export async function* bodySlice(body: Body, start = 0, end = bodySize(body)): AsyncGenerator<Uint8Array> {
  if (body instanceof Uint8Array) {
    if (end > start) yield body.subarray(start, end);
  } else {
    yield* body.read(start, end);
  }
}

/** The whole body in memory. For bodies that are known to be small. */
export async function bytesBody(body: Body): Promise<Uint8Array> {
  if (body instanceof Uint8Array) return body;
  const bytes = new Uint8Array(body.size);
  let filled = 0;
  for await (const chunk of body.read(0, body.size)) {
    if (filled + chunk.length > bytes.length) throw new RangeError("a source yielded more bytes than its size says");
    bytes.set(chunk, filled);
    filled += chunk.length;
  }
  if (filled !== bytes.length) throw new RangeError("a source yielded fewer bytes than its size says");
  return bytes;
}
