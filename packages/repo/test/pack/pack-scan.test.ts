import { deflateSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ObjectFormat, objectIdBytes } from "../../src/pack/object-format.ts";
import { ObjectReader } from "../../src/pack/object-reader.ts";
import { entryHeaderBytes } from "../../src/pack/pack-entry.ts";
import { packHeader } from "../../src/pack/pack-header.ts";
import { scanPack } from "../../src/pack/pack-scan.ts";
import { memoryPackSource } from "../../src/pack/pack-source.ts";
import { digestHex } from "../../src/platform.ts";
import { fillRepository, GitRepository } from "./git-repository.ts";
import { SeededRandom } from "./seeded-random.ts";

const corrupt = expect.objectContaining({ code: "CORRUPT" });

describe.each<ObjectFormat>(["sha1", "sha256"])("pack scan, %s", (format) => {
  const repository = new GitRepository(format);

  beforeAll(() => {
    fillRepository(repository, 21, 40);
    repository.git(["repack", "-adfq", "--depth=50", "--window=250"]);
  });
  afterAll(() => repository.remove());

  /** A pack of what `revisions` lead to, as git makes it for a push. */
  function packed(revisions: string, ...options: string[]): Uint8Array {
    return new Uint8Array(repository.git(["pack-objects", "-q", "--revs", "--stdout", ...options], `${revisions}\n`));
  }

  /** A pack of these entries, each its header and what is deflated behind it. */
  function forged(...entries: (readonly [Uint8Array, Uint8Array])[]): Uint8Array {
    const body = entries.flatMap(([header, data]) => [header, deflateSync(data)]);
    const bytes = Buffer.concat([packHeader(entries.length), ...body]);
    return new Uint8Array(Buffer.concat([bytes, objectIdBytes(digestHex(format, bytes))]));
  }

  test.each([[[]], [["--delta-base-offset"]]])("makes the index that git makes, %j", async (options) => {
    const bytes = packed("main\nv1\nv2\nv3\nempty", ...options, "--no-reuse-delta");
    const folder = new GitRepository(format);
    folder.git(["index-pack", "--stdin"], bytes);
    const scan = await scanPack(format, bytes);
    expect(Buffer.compare(scan.indexBytes, folder.packs()[0]!.indexBytes)).toBe(0);
    expect(scan.externalBases).toEqual([]);
    folder.remove();
  });

  test("an empty pack", async () => {
    const { index } = await scanPack(format, packed(""));
    expect(index.objectCount).toBe(0);
  });

  test.each([[[]], [["--delta-base-offset"]]])("a thin pack, with bases from elsewhere, %j", async (options) => {
    const bytes = packed("main\n^main~5", "--thin", ...options);
    const all = new ObjectReader(format, repository.sources());
    const asked: string[][] = [];
    const { index, externalBases } = await scanPack(format, bytes, {
      externalBases: (ids, options) => {
        asked.push([...ids]);
        return all.readMany(ids, options);
      },
    });
    expect(asked).toHaveLength(1);
    expect(externalBases.length).toBeGreaterThan(0);
    const listed = repository.text(["rev-list", "--objects", "--no-object-names", "main", "^main~5"]).split("\n");
    const ids = [...index.entries()].map(({ id }) => id);
    expect(ids).toEqual([...listed].sort());
    await expect(scanPack(format, bytes)).rejects.toThrow(/^the base [0-9a-f]+ of a delta is missing$/);

    // Read as one store, each pack knows the bases that the other lacks.
    const thin = memoryPackSource("thin", bytes, index);
    const reader = new ObjectReader(format, [thin, ...baseSources(format, repository, "main~5")]);
    const expected = repository.objects(listed);
    for await (const { id, type, data } of reader.readMany(ids)) {
      expect(type).toBe(expected.get(id)?.type);
      expect(Buffer.compare(data, expected.get(id)!.data)).toBe(0);
    }
    await expect(new ObjectReader(format, [thin]).read(externalBases[0]!)).resolves.toBeUndefined();
    await expect(readEach(new ObjectReader(format, [thin]), ids)).rejects.toThrow(
      /in pack thin: the base .* is missing/,
    );
  });

  test("a cut or changed pack", async () => {
    const bytes = packed("main\n^main~3");
    const random = new SeededRandom(6);
    for (let round = 0; round < 40; round++) {
      await expect(scanPack(format, bytes.subarray(0, random.below(bytes.length)))).rejects.toThrow(corrupt);
      const changed = bytes.slice();
      changed[random.below(bytes.length)]! ^= 1 << random.below(8);
      await expect(scanPack(format, changed)).rejects.toThrow(corrupt);
    }
    await expect(scanPack(format, Buffer.concat([bytes, bytes]))).rejects.toThrow(corrupt);
  });

  test("changed bytes under a right checksum", async () => {
    const bytes = packed("main\n^main~3", "--delta-base-offset");
    const random = new SeededRandom(8);
    const end = bytes.length - objectIdBytes(digestHex(format, bytes)).length;
    let refused = 0;
    for (let round = 0; round < 400; round++) {
      const changed = bytes.slice();
      changed[random.below(end)]! ^= 1 << random.below(8);
      changed.set(objectIdBytes(digestHex(format, changed.subarray(0, end))), end);
      try {
        await scanPack(format, changed);
      } catch (error) {
        expect(error).toMatchObject({ code: "CORRUPT" });
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(350);
  });

  test("a declared size that the bytes cannot hold", async () => {
    const small = new Uint8Array(10);
    for (const size of [9, 11, 10_000_000, 2 ** 32, 2 ** 50]) {
      await expect(scanPack(format, forged([entryHeaderBytes("blob", size), small]))).rejects.toThrow(corrupt);
    }
  });

  test("sizes beyond the limits, before they are made", async () => {
    const zeros = [entryHeaderBytes("blob", 3_000_000), new Uint8Array(3_000_000)] as const;
    const bytes = forged(zeros, zeros);
    expect((await scanPack(format, bytes)).index.objectCount).toBe(2);
    expect((await scanPack(format, bytes, { maxObjectSizeBytes: 3_000_000 })).index.objectCount).toBe(2);
    await expect(scanPack(format, bytes, { maxObjectSizeBytes: 2_999_999 })).rejects.toThrow(/3000000 bytes/);
    await expect(scanPack(format, bytes, { maxTotalSizeBytes: 5_999_999 })).rejects.toThrow(corrupt);
  });

  test("a delta that declares more than may be made of it", async () => {
    const base = [entryHeaderBytes("blob", 4), Uint8Array.of(1, 2, 3, 4)] as const;
    const delta = Uint8Array.of(4, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01, 0x90, 4);
    const distance = base[0].length + deflateSync(base[1]).length;
    const bytes = forged(base, [entryHeaderBytes({ baseDistance: distance }, delta.length), delta]);
    await expect(scanPack(format, bytes)).rejects.toThrow(/more than it may hold/);
  });

  test("a chain of thousands of deltas, and deltas of one base by the thousand", async () => {
    const base = [entryHeaderBytes("blob", 2), Uint8Array.of(0, 0)] as const;
    const entries = [base];
    let distance = base[0].length + deflateSync(base[1]).length;
    const start = 12;
    let offset = start + distance;
    for (let count = 1; count <= 6000; count++) {
      const delta = Uint8Array.of(2, 2, 2, count >> 8, count & 0xff);
      const header = entryHeaderBytes({ baseDistance: count <= 3000 ? distance : offset - start }, delta.length);
      entries.push([header, delta]);
      distance = header.length + deflateSync(delta).length;
      offset += distance;
    }
    const { index } = await scanPack(format, forged(...entries));
    expect(new Set([...index.entries()].map(({ id }) => id)).size).toBe(6001);
  });

  test("deltas with each other as their base, or with what is no entry", async () => {
    const delta = Uint8Array.of(1, 1, 1, 65);
    const [first, second] = [digestHex(format, Uint8Array.of(1)), digestHex(format, Uint8Array.of(2))];
    const circle = [first, second].map((baseId) => [entryHeaderBytes({ baseId }, delta.length), delta] as const);
    await expect(scanPack(format, forged(...circle))).rejects.toThrow(/is missing/);
    const base = [entryHeaderBytes("blob", 1), Uint8Array.of(1)] as const;
    const astray = [entryHeaderBytes({ baseDistance: 3 }, delta.length), delta] as const;
    await expect(scanPack(format, forged(base, astray))).rejects.toThrow(/no entry as its base/);
  });

  test("more entries than counted, or fewer", async () => {
    const blob = [entryHeaderBytes("blob", 1), Uint8Array.of(1)] as const;
    for (const count of [0, 1, 3, 2 ** 32 - 1]) {
      const bytes = forged(blob, blob);
      bytes.set(packHeader(count));
      const end = bytes.length - objectIdBytes(digestHex(format, bytes)).length;
      bytes.set(objectIdBytes(digestHex(format, bytes.subarray(0, end))), end);
      await expect(scanPack(format, bytes)).rejects.toThrow(corrupt);
    }
  });
});

function baseSources(format: ObjectFormat, repository: GitRepository, revision: string) {
  const other = new GitRepository(format);
  const bytes = repository.git(["pack-objects", "-q", "--revs", "--stdout", "--delta-base-offset"], `${revision}\n`);
  other.git(["index-pack", "--stdin"], bytes);
  const sources = other.sources();
  other.remove();
  return sources;
}

async function readEach(reader: ObjectReader, ids: readonly string[]): Promise<void> {
  for (const id of ids) await reader.read(id);
}
