import { type ObjectFormat, objectIdSizeBytes } from "./object-format.ts";

/**
 * The layout of an index of version 2 (`gitformat-pack`): signature, version, fanout, ids in order, then by the same order
 * the CRC-32 and the offset of each entry, eight-byte offsets where four do not suffice, and two checksums.
 */
export const indexSignature = 0xff744f63;
export const indexVersion = 2;
/** By an id's first byte, how many ids begin with it or a lower one. */
export const fanoutStart = 8;
export const idsStart = fanoutStart + 256 * 4;
/** An offset from here on stands in the table of eight-byte offsets; what is above it here is its place there. */
export const largeOffset = 2 ** 31;

export interface IndexTables {
  readonly crcsStart: number;
  readonly offsetsStart: number;
  readonly largeOffsetsStart: number;
}

/** Where the tables of an index of so many objects begin. */
export function tablesOf(format: ObjectFormat, objectCount: number): IndexTables {
  const crcsStart = idsStart + objectCount * objectIdSizeBytes(format);
  const offsetsStart = crcsStart + objectCount * 4;
  return { crcsStart, offsetsStart, largeOffsetsStart: offsetsStart + objectCount * 4 };
}
