import { createDigest } from "../platform.ts";

/** Sizes in bytes of the chunks that a blob is cut into; `averageSize` is a power of two. */
export interface ChunkSizes {
  readonly leastSize: number;
  readonly averageSize: number;
  readonly mostSize: number;
}

/** What writers use, so that they find each other's chunks. */
export const usualChunkSizes: ChunkSizes = { leastSize: 2 ** 14, averageSize: 2 ** 16, mostSize: 2 ** 18 };

/** So many binary digits fewer than the average asks for must match behind the average size, and so many more before it. */
const normalization = 2;

/**
 * Cuts a stream of bytes where its content says so, in bounded memory: what is inserted or removed changes the chunks around it
 * alone. Chunks have `leastSize` to `mostSize` bytes, the last one perhaps fewer. Source: W. Xia and others, "FastCDC", 2016.
 */
export async function* chunksOf(
  pieces: AsyncIterable<Uint8Array>,
  sizes: ChunkSizes = usualChunkSizes,
): AsyncGenerator<Uint8Array> {
  const { mostSize } = sizes;
  const buffer = new Uint8Array(8 * mostSize);
  let start = 0;
  let end = 0;
  for await (const piece of pieces) {
    for (let taken = 0; taken < piece.length; ) {
      const part = piece.subarray(taken, taken + buffer.length - end);
      buffer.set(part, end);
      end += part.length;
      taken += part.length;
      while (end - start >= mostSize) {
        const cut = cutPoint(buffer, start, end, sizes);
        yield buffer.slice(start, cut);
        start = cut;
      }
      buffer.copyWithin(0, start, end);
      end -= start;
      start = 0;
    }
  }
  while (start < end) {
    const cut = cutPoint(buffer, start, end, sizes);
    yield buffer.slice(start, cut);
    start = cut;
  }
}

/** Where the chunk ends that begins at `start`. */
function cutPoint(bytes: Uint8Array, start: number, end: number, sizes: ChunkSizes): number {
  const { leastSize, averageSize, mostSize } = sizes;
  const limit = Math.min(start + mostSize, end);
  const middle = Math.min(start + averageSize, limit);
  const digits = Math.log2(averageSize);
  const gear = gearTable();
  let hash = 0;
  let at = start + leastSize;
  for (const [mask, until] of [
    [highDigits(digits + normalization), middle],
    [highDigits(digits - normalization), limit],
  ] as const) {
    while (at < until) {
      hash = ((hash << 1) + (gear[bytes[at++] as number] as number)) | 0;
      if ((hash & mask) === 0) return at;
    }
  }
  return limit;
}

/** Its high digits depend on the last 32 bytes, the low ones on fewer. */
function highDigits(count: number): number {
  return (-1 << (32 - count)) | 0;
}

let gears: Int32Array | undefined;

/** A number for each byte: the first 32 bits of the SHA-256 of `trunks gear <byte>`. */
function gearTable(): Int32Array {
  gears ??= Int32Array.from({ length: 256 }, (_, byte) => {
    const digest = createDigest("sha256").update(new TextEncoder().encode(`trunks gear ${byte}`));
    return Number.parseInt(digest.hex().slice(0, 8), 16) | 0;
  });
  return gears;
}
