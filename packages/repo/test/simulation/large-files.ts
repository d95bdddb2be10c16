import type { Container } from "../../src/format/container.ts";
import { decodeManifest } from "../../src/large/manifest.ts";
import { parseEntryHeader } from "../../src/pack/pack-entry.ts";
import { PackIndex } from "../../src/pack/pack-index.ts";
import { inflate } from "../../src/platform.ts";
import { SeededRandom } from "../seeded-random.ts";

/** Small, so that a short file has several chunks, in more than one container. */
export const largeSettings = {
  chunks: { leastSize: 32, averageSize: 128, mostSize: 512 },
  containerSizeBytes: 600,
};

const parts = Array.from({ length: 6 }, (_, seed) => new SeededRandom(seed).bytes(400));

/** A file that shares parts with others, and is at times just what another was. */
export function largeContent(random: { hex(digits: number): string }): Uint8Array {
  const part = () => parts[Number.parseInt(random.hex(2), 16) % parts.length] as Uint8Array;
  const isNew = Number.parseInt(random.hex(1), 16) > 9;
  return Buffer.concat([part(), part(), isNew ? Buffer.from(random.hex(200)) : new Uint8Array(0)]);
}

/** What is needed of containers for each large blob that this one brings: the ids of its manifest and of its chunks. */
export function largeIn(container: Container, bytes: Uint8Array, index: Uint8Array): Map<string, readonly string[]> {
  const entries = new PackIndex("sha1", index, container.size);
  return new Map(
    container.large.map(({ id, manifestId }) => {
      const offset = entries.find(manifestId);
      if (offset === undefined) return [id, [manifestId]];
      const { size, headerSize } = parseEntryHeader("sha1", bytes, offset, offset);
      const manifest = inflate(bytes.subarray(offset + headerSize), size).bytes;
      return [id, [manifestId, ...decodeManifest("sha1", id, manifest).chunks.map((chunk) => chunk.id)]];
    }),
  );
}
