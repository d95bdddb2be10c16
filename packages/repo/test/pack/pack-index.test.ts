import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ObjectFormat } from "../../src/pack/object-format.ts";
import { type IndexedEntry, PackIndex } from "../../src/pack/pack-index.ts";
import { packIndexBytes } from "../../src/pack/pack-index-bytes.ts";
import { digestHex } from "../../src/platform.ts";
import { fillRepository, GitRepository, type StoredPack } from "./git-repository.ts";
import { SeededRandom } from "./seeded-random.ts";

describe.each<ObjectFormat>(["sha1", "sha256"])("pack index, %s", (format) => {
  const repository = new GitRepository(format);
  let pack: StoredPack;
  let index: PackIndex;
  /** Offset, id and CRC as `git show-index` prints them. */
  let shown: { offset: number; id: string; crc: number }[];

  function show(indexBytes: Uint8Array): { offset: number; id: string; crc: number }[] {
    const lines = repository.text(["show-index", `--object-format=${format}`], indexBytes).split("\n");
    return lines.map((line) => {
      const [, offset, id, crc] = /^(\d+) (\w+) \((\w+)\)$/.exec(line) as unknown as [string, string, string, string];
      return { offset: Number(offset), id, crc: Number.parseInt(crc, 16) };
    });
  }

  beforeAll(() => {
    fillRepository(repository, 11, 20);
    repository.git(["repack", "-adfq"]);
    pack = repository.packs()[0]!;
    index = new PackIndex(format, pack.indexBytes, pack.bytes.length);
    shown = show(pack.indexBytes);
  });
  afterAll(() => repository.remove());

  test("lists and finds what git shows", () => {
    expect([...index.entries()]).toEqual(shown.map(({ id, offset, crc }) => ({ id, offset, crc })));
    for (const { id, offset } of shown) expect(index.find(id)).toBe(offset);
    for (const { id } of shown) expect(index.find(id.replace(/^../, "zz"))).toBeUndefined();
    for (const { id } of shown) if (/[a-f]/.test(id)) expect(index.find(id.toUpperCase())).toBeUndefined();
    expect(index.find("0".repeat(shown[0]!.id.length))).toBeUndefined();
    expect(index.find("f".repeat(shown[0]!.id.length))).toBeUndefined();
    expect(index.find(shown[0]!.id.slice(0, -1))).toBeUndefined();
  });

  test("knows where each entry ends", () => {
    const offsets = shown.map(({ offset }) => offset).sort((left, right) => left - right);
    const ends = [...offsets.slice(1), pack.bytes.length - (format === "sha1" ? 20 : 32)];
    for (const [place, offset] of offsets.entries()) expect(index.entryEnd(offset)).toBe(ends[place]);
    expect(() => index.entryEnd(offsets[2]! + 1)).toThrow(expect.objectContaining({ code: "CORRUPT" }));
    expect(() => index.entryEnd(pack.bytes.length + 1000)).toThrow(expect.objectContaining({ code: "CORRUPT" }));
  });

  test("is written as git writes it, whatever the order of the entries", () => {
    const reversed = [...index.entries()].reverse();
    expect(Buffer.compare(packIndexBytes(format, reversed, index.packChecksum), pack.indexBytes)).toBe(0);
  });

  test("reads eight-byte offsets", () => {
    const file = join(repository.path, "large.idx");
    repository.git(["index-pack", "--index-version=2,0x40", "-o", file, `${repository.packPaths()[0]}.pack`]);
    const large = new Uint8Array(readFileSync(file));
    expect(large.length).toBeGreaterThan(pack.indexBytes.length);
    const reread = new PackIndex(format, large, pack.bytes.length);
    expect([...reread.entries()]).toEqual([...index.entries()]);
  });

  test("writes eight-byte offsets that git reads", () => {
    const random = new SeededRandom(5);
    const sizes = [12, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 32 + 7, 2 ** 40 + 12_345];
    const entries: IndexedEntry[] = sizes.map((offset) => ({
      id: digestHex(format, random.bytes(8)),
      offset,
      crc: random.below(2 ** 32),
    }));
    const bytes = packIndexBytes(format, entries, digestHex(format, random.bytes(8)));
    const sorted = entries.toSorted((left, right) => (left.id < right.id ? -1 : 1));
    expect(show(bytes)).toEqual(sorted);
    const reread = new PackIndex(format, bytes, 2 ** 41);
    expect([...reread.entries()]).toEqual(sorted);
    for (const { id, offset } of entries) expect(reread.find(id)).toBe(offset);
    expect(sizes.map((offset) => reread.entryEnd(offset)).slice(0, -1)).toEqual(sizes.slice(1));
    expect(() => new PackIndex(format, bytes, 2 ** 40)).toThrow(/outside its pack/);
  });

  test("an empty pack has an index", () => {
    const bytes = packIndexBytes(format, [], digestHex(format, new Uint8Array(0)));
    const empty = new PackIndex(format, bytes, 12 + (format === "sha1" ? 20 : 32));
    expect([...empty.entries()]).toEqual([]);
    expect(empty.find(shown[0]!.id)).toBeUndefined();
    expect(empty.findPrefix("a", 5)).toEqual([]);
  });

  test("a changed byte is found", () => {
    const random = new SeededRandom(9);
    for (let round = 0; round < 200; round++) {
      const bytes = pack.indexBytes.slice();
      bytes[random.below(bytes.length)]! ^= 1 + random.below(255);
      expect(() => new PackIndex(format, bytes, pack.bytes.length)).toThrow(
        expect.objectContaining({ code: "CORRUPT" }),
      );
    }
  });

  test("a cut index is found", () => {
    const random = new SeededRandom(10);
    for (const size of [0, 7, 1031, 1032, ...Array.from({ length: 100 }, () => random.below(pack.indexBytes.length))]) {
      const bytes = pack.indexBytes.subarray(0, size);
      expect(() => new PackIndex(format, bytes, pack.bytes.length)).toThrow(
        expect.objectContaining({ code: "CORRUPT" }),
      );
    }
  });

  test("a forged index with a right checksum is found, or harmless", () => {
    const random = new SeededRandom(12);
    let refused = 0;
    for (let round = 0; round < 300; round++) {
      const bytes = forged(format, pack.indexBytes, random);
      try {
        const index = new PackIndex(format, bytes, pack.bytes.length);
        for (const { id, offset } of index.entries()) {
          index.find(id);
          index.entryEnd(offset);
        }
      } catch (error) {
        expect(error).toMatchObject({ code: "CORRUPT" });
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(40);
  });

  test("an index that names an entry twice is found", () => {
    const [first, second, ...others] = [...index.entries()] as [IndexedEntry, IndexedEntry, ...IndexedEntry[]];
    const entries = [first, { ...second, offset: first.offset }, ...others];
    const doubled = new PackIndex(format, packIndexBytes(format, entries, index.packChecksum), pack.bytes.length);
    expect(() => doubled.entryEnd(first.offset)).toThrow(/names one entry twice/);
  });
});

/** A few bytes before the checksums changed, and the index's own checksum made to match. */
function forged(format: ObjectFormat, original: Uint8Array, random: SeededRandom): Uint8Array {
  const bytes = original.slice();
  const end = bytes.length - (format === "sha1" ? 20 : 32);
  for (let change = 0; change <= random.below(3); change++) bytes[random.below(end)]! ^= 1 << random.below(8);
  bytes.set(Buffer.from(digestHex(format, bytes.subarray(0, end)), "hex"), end);
  return bytes;
}
