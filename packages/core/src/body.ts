import { isTrunksError, TrunksError } from "./error.ts";

/** Bytes to be written: in memory, or read on demand. */
export type Body = Uint8Array | Source;

/**
 * Bytes that can be read more than once and in parts, so that a write can be repeated and cut into parallel parts
 * without holding the whole. `size` must be exact; a source that yields another number of bytes fails the write.
 */
export interface Source {
  /** Size in bytes. */
  readonly size: number;
  /**
   * The bytes from `start` up to, not including, `end`. May be called again and in parallel. What was yielded stays as it
   * is: it may still be on its way when more is asked for.
   */
  read(start: number, end: number): AsyncIterable<Uint8Array>;
}

export function bodySize(body: Body): number {
  return body instanceof Uint8Array ? body.length : body.size;
}

/**
 * The bytes of `body` from `start` up to, not including, `end`, as a stream. Backends read sources only through this and
 * `bytesBody`, so that a faulty source fails alike everywhere: one that yields another number of bytes throws
 * `INVALID_ARGUMENT`, and an error of its own that is no `TrunksError` becomes the cause of an `INTERNAL`.
 */
export async function* bodySlice(body: Body, start = 0, end = bodySize(body)): AsyncGenerator<Uint8Array> {
  if (body instanceof Uint8Array) {
    if (end > start) yield body.subarray(start, end);
    return;
  }
  let received = 0;
  let last: Uint8Array | undefined;
  for await (const chunk of readSource(body, start, end)) {
    received += chunk.length;
    if (received > end - start) throw wrongSize("more", end - start);
    // The last bytes wait for the source's own end: a writer that has all bytes it announced stops reading, and would
    // never learn that the source went on or failed.
    if (received < end - start) yield chunk;
    else if (chunk.length > 0) last = chunk;
  }
  if (received < end - start) throw wrongSize("fewer", end - start);
  if (last !== undefined) yield last;
}

/** The whole body in memory. For bodies that are known to be small. */
export async function bytesBody(body: Body): Promise<Uint8Array> {
  if (body instanceof Uint8Array) return body;
  const bytes = new Uint8Array(body.size);
  let filled = 0;
  for await (const chunk of bodySlice(body)) {
    bytes.set(chunk, filled);
    filled += chunk.length;
  }
  return bytes;
}

async function* readSource(source: Source, start: number, end: number): AsyncGenerator<Uint8Array> {
  try {
    yield* source.read(start, end);
  } catch (error) {
    throw isTrunksError(error) ? error : new TrunksError("INTERNAL", "a body could not be read", { cause: error });
  }
}

function wrongSize(than: "more" | "fewer", size: number): TrunksError {
  return new TrunksError("INVALID_ARGUMENT", `a source yielded ${than} than the ${size} bytes asked for`);
}
