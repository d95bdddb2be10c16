import { digestHex } from "../platform.ts";
import { type ObjectFormat, objectIdBytes, objectIdSizeBytes } from "./object-format.ts";
import type { IndexedEntry } from "./pack-index.ts";
import { fanoutStart, idsStart, indexSignature, indexVersion, largeOffset, tablesOf } from "./pack-index-layout.ts";

/** The index of version 2 of a pack, byte for byte as `git index-pack` writes it. The entries may come in any order. */
export function packIndexBytes(
  format: ObjectFormat,
  entries: readonly IndexedEntry[],
  packChecksum: string,
): Uint8Array {
  const sorted = [...entries].sort((left, right) =>
    left.id < right.id ? -1 : left.id > right.id ? 1 : left.offset - right.offset,
  );
  const idSize = objectIdSizeBytes(format);
  const largeOffsets = sorted.filter((entry) => entry.offset >= largeOffset).map((entry) => entry.offset);
  const { crcsStart, offsetsStart, largeOffsetsStart } = tablesOf(format, sorted.length);
  const trailerStart = largeOffsetsStart + largeOffsets.length * 8;
  const bytes = new Uint8Array(trailerStart + 2 * idSize);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, indexSignature);
  view.setUint32(4, indexVersion);
  const counts = new Uint32Array(256);
  let largeOffsetIndex = 0;
  for (const [position, { id, offset, crc }] of sorted.entries()) {
    const idBytes = objectIdBytes(id);
    bytes.set(idBytes, idsStart + position * idSize);
    counts[idBytes[0] as number]! += 1;
    view.setUint32(crcsStart + 4 * position, crc);
    view.setUint32(offsetsStart + 4 * position, offset < largeOffset ? offset : largeOffset + largeOffsetIndex++);
  }
  let total = 0;
  for (const [firstByte, count] of counts.entries()) {
    total += count;
    view.setUint32(fanoutStart + 4 * firstByte, total);
  }
  for (const [index, offset] of largeOffsets.entries()) {
    view.setUint32(largeOffsetsStart + 8 * index, Math.floor(offset / 2 ** 32));
    view.setUint32(largeOffsetsStart + 8 * index + 4, offset % 2 ** 32);
  }
  bytes.set(objectIdBytes(packChecksum), trailerStart);
  const checksum = objectIdBytes(digestHex(format, bytes.subarray(0, trailerStart + idSize)));
  bytes.set(checksum, trailerStart + idSize);
  return bytes;
}
