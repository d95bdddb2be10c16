import { type RequestOptions, TrunksError } from "@trunks/core";
import type { PackIndex } from "./pack-index.ts";

/** A pack somewhere, read by ranges. */
export interface PackSource {
  /** What messages call it: its key, or the record that holds it. */
  readonly name: string;
  /** Size in bytes of the pack. */
  readonly size: number;
  /** The pack's index. Called once at most by a reader, unless it fails. */
  index(options?: RequestOptions): Promise<PackIndex>;
  /** The bytes from `start` up to, not including, `end`, which lie within the pack. */
  read(start: number, end: number, options?: RequestOptions): Promise<Uint8Array>;
}

/** A pack whose bytes and index are in memory. */
export function memoryPackSource(name: string, bytes: Uint8Array, index: PackIndex): PackSource {
  return {
    name,
    size: bytes.length,
    index: async () => index,
    read: async (start, end) => bytes.subarray(start, end),
  };
}

/** Reads a range and makes sure that all of it came. Throws `CORRUPT` when the stored pack is shorter than it should be. */
export async function readPackRange(
  source: PackSource,
  start: number,
  end: number,
  options: RequestOptions,
): Promise<Uint8Array> {
  const bytes = await source.read(start, end, options);
  if (bytes.length === end - start) return bytes;
  throw new TrunksError(
    "CORRUPT",
    `pack ${source.name}: ${bytes.length} bytes came from ${start} where ${end - start} should be`,
  );
}
