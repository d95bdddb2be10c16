import type { Source } from "@trunks/core";
import { check } from "./check.ts";

/**
 * Bytes that look random and are a function of a seed and an offset alone, so that a body of any size can be written and
 * checked, byte for byte, without being kept.
 */
const blockBytes = 65_536;

/** The bytes of pattern `seed` from `start` up to, not including, `end`. */
export function patternBytes(seed: number, end: number, start = 0): Uint8Array {
  const bytes = new Uint8Array(end - start);
  for (let offset = start; offset < end; ) {
    const index = Math.floor(offset / blockBytes);
    const part = block(seed, index).subarray(offset % blockBytes, end - index * blockBytes);
    bytes.set(part, offset - start);
    offset += part.length;
  }
  return bytes;
}

/** Pattern `seed` as a source, in chunks of `chunkBytes`. */
export function patternSource(seed: number, size: number, chunkBytes = blockBytes): Source {
  return {
    size,
    async *read(start, end) {
      for (let offset = start; offset < end; offset += chunkBytes) {
        yield patternBytes(seed, Math.min(offset + chunkBytes, end), offset);
      }
    },
  };
}

/** Fails unless `stream` yields exactly the bytes of pattern `seed` from `start` up to `end`. */
export async function checkPattern(
  stream: AsyncIterable<Uint8Array>,
  seed: number,
  end: number,
  start = 0,
): Promise<void> {
  let offset = start;
  for await (const chunk of stream) {
    check(offset + chunk.length <= end, `more than the ${end - start} bytes written came back`);
    const expected = patternBytes(seed, offset + chunk.length, offset);
    const difference = chunk.findIndex((byte, index) => byte !== expected[index]);
    check(difference < 0, `the byte at ${offset + difference} is not the one written`);
    offset += chunk.length;
  }
  check(offset === end, `${offset - start} of ${end - start} bytes came back`);
}

/** Marsaglia's xorshift32, started anew for each block. */
function block(seed: number, index: number): Uint8Array {
  const words = new Uint32Array(blockBytes / 4);
  let state = Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b) || 1;
  for (let word = 0; word < words.length; word++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[word] = state;
  }
  return new Uint8Array(words.buffer);
}
