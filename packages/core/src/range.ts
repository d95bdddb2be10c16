import { TrunksError } from "./error.ts";

/**
 * Part of a body. `{ start, end }`: from `start` up to, not including, `end`; without `end`, to the last byte.
 * `{ suffix }`: the last so many bytes. What lies past the end of the body is left out, so a range that begins there
 * answers no bytes, and is no error.
 */
export type ByteRange = { readonly start: number; readonly end?: number } | { readonly suffix: number };

/** The offsets that `range` means in a body of `totalSize` bytes. Throws `INVALID_ARGUMENT` for a range that is none. */
export function resolveRange(range: ByteRange | undefined, totalSize: number): { start: number; end: number } {
  if (range === undefined) return { start: 0, end: totalSize };
  if ("suffix" in range) {
    checkOffset(range.suffix);
    return { start: Math.max(0, totalSize - range.suffix), end: totalSize };
  }
  checkOffset(range.start);
  if (range.end !== undefined) checkOffset(range.end);
  const start = Math.min(range.start, totalSize);
  const end = Math.min(range.end ?? totalSize, totalSize);
  if (range.end !== undefined && range.end < range.start) {
    throw new TrunksError("INVALID_ARGUMENT", `a range cannot end (${range.end}) before it starts (${range.start})`);
  }
  return { start, end };
}

function checkOffset(offset: number): void {
  if (!Number.isSafeInteger(offset) || offset < 0) {
    throw new TrunksError("INVALID_ARGUMENT", `not an offset in bytes: ${offset}`);
  }
}
