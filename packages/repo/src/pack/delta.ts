import { TrunksError } from "@trunks/core";
import { allocate } from "../platform.ts";

/**
 * Git's delta: two sizes, then instructions. A byte with the high bit set copies a piece of the base (its other bits say
 * which bytes of offset and size follow); any other byte but zero inserts so many bytes that follow it.
 */

/** Below this length a loop beats a call that copies memory. */
const shortCopy = 32;

/**
 * The object that `delta` makes of `base`. Throws `CORRUPT` unless the delta is for a base of this size, keeps within it
 * and yields exactly the size it declares, and `NOT_SUPPORTED` when that is above `maxSize`.
 */
export function applyDelta(base: Uint8Array, delta: Uint8Array, maxSize: number): Uint8Array {
  const sizes = parseDeltaSizes(delta);
  if (sizes.baseSize !== base.length) throw corrupt(`is for a base of ${sizes.baseSize}, not ${base.length} bytes`);
  if (sizes.size > maxSize) {
    throw new TrunksError("NOT_SUPPORTED", `${sizes.size} bytes are more than may be held in memory`);
  }
  const target = allocate(sizes.size);
  const end = delta.length;
  let offset = sizes.headerSize;
  let filled = 0;
  while (offset < end) {
    const instruction = delta[offset++] as number;
    let source = delta;
    let from = offset;
    let length = instruction;
    if (instruction >= 0x80) {
      // Reading past the end yields nothing, which counts as zero here and is found below.
      from = 0;
      length = 0;
      if (instruction & 0x01) from = delta[offset++] as number;
      if (instruction & 0x02) from |= (delta[offset++] as number) << 8;
      if (instruction & 0x04) from |= (delta[offset++] as number) << 16;
      if (instruction & 0x08) from += (delta[offset++] as number) * 0x1000000;
      if (instruction & 0x10) length = delta[offset++] as number;
      if (instruction & 0x20) length |= (delta[offset++] as number) << 8;
      if (instruction & 0x40) length |= (delta[offset++] as number) << 16;
      if (length === 0) length = 0x10000;
      if (offset > end) throw corrupt("ends within an instruction");
      source = base;
      if (from + length > base.length) throw corrupt("copies from beyond its base");
    } else {
      if (instruction === 0) throw corrupt("holds the reserved instruction");
      offset += instruction;
      if (offset > end) throw corrupt("ends within an instruction");
    }
    if (length > target.length - filled) throw corrupt("yields more than it declares");
    if (length < shortCopy) {
      for (const stop = from + length; from < stop; ) target[filled++] = source[from++] as number;
    } else {
      target.set(source.subarray(from, from + length), filled);
      filled += length;
    }
  }
  if (filled !== target.length) throw corrupt("yields less than it declares");
  return target;
}

export interface DeltaSizes {
  /** Size in bytes of the base that the delta is for. */
  readonly baseSize: number;
  /** Size in bytes of the object that it makes. */
  readonly size: number;
  /** Where the instructions begin. */
  readonly headerSize: number;
}

/** What a delta says of itself; only its first bytes are needed. Throws `CORRUPT` when it ends before. */
export function parseDeltaSizes(delta: Uint8Array): DeltaSizes {
  let offset = 0;
  function next(): number {
    let value = 0;
    for (let unit = 1; ; unit *= 128) {
      const byte = delta[offset++];
      if (byte === undefined) throw corrupt("ends within its sizes");
      if (unit > maxUnit) throw corrupt("declares an impossible size");
      value += (byte & 0x7f) * unit;
      if (byte < 0x80) return value;
    }
  }
  const baseSize = next();
  const size = next();
  return { baseSize, size, headerSize: offset };
}

/** What the last digit of the largest size that fits a JavaScript number counts. */
const maxUnit = 2 ** 42;

function corrupt(problem: string): TrunksError {
  return new TrunksError("CORRUPT", `a delta ${problem}`);
}
