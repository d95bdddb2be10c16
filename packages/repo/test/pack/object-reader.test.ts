import { isTrunksError } from "@trunks/core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ObjectFormat } from "../../src/pack/object-format.ts";
import { ObjectReader, type ObjectReaderOptions } from "../../src/pack/object-reader.ts";
import { type IndexedEntry, PackIndex } from "../../src/pack/pack-index.ts";
import { packIndexBytes } from "../../src/pack/pack-index-bytes.ts";
import type { PackSource } from "../../src/pack/pack-source.ts";
import { countedSource } from "./counted-source.ts";
import { type ExpectedObject, fillRepository, GitRepository, packSource, type StoredPack } from "./git-repository.ts";
import { SeededRandom } from "./seeded-random.ts";

/** So small that every bound is met. */
const tight: ObjectReaderOptions = {
  blockSizeBytes: 512,
  gapSizeBytes: 1024,
  rangeSizeBytes: 4096,
  blockCacheSizeBytes: 16_384,
  baseCacheSizeBytes: 16_384,
};

describe.each<ObjectFormat>(["sha1", "sha256"])("object reader, %s", (format) => {
  const repository = new GitRepository(format);
  let expected: Map<string, ExpectedObject>;
  let sources: PackSource[];

  beforeAll(() => {
    fillRepository(repository, 7);
    repository.git(["repack", "-adfq", "--depth=50", "--window=250"]);
    expected = repository.objects();
    sources = repository.sources();
  });
  afterAll(() => repository.remove());

  async function readAll(reader: ObjectReader, ids: Iterable<string>): Promise<Map<string, ExpectedObject>> {
    const found = new Map<string, ExpectedObject>();
    for await (const { id, type, data } of reader.readMany(ids)) found.set(id, { type, data });
    return found;
  }

  function expectSame(found: ReadonlyMap<string, ExpectedObject>, wanted: ReadonlyMap<string, ExpectedObject>): void {
    expect(found.size).toBe(wanted.size);
    for (const [id, { type, data }] of wanted) {
      expect(found.get(id)?.type).toBe(type);
      expect(Buffer.compare(found.get(id)?.data as Uint8Array, data), id).toBe(0);
    }
  }

  test("the repository has deltas on deltas", () => {
    const chains = repository.text(["verify-pack", "-v", ...repository.packPaths()]);
    expect(chains).toMatch(/chain length = 1\d: /);
    expect(sources).toHaveLength(1);
  });

  test("reads every object as git does, one by one", async () => {
    const reader = new ObjectReader(format, sources);
    const found = new Map<string, ExpectedObject>();
    for (const id of expected.keys()) found.set(id, (await reader.read(id)) as ExpectedObject);
    expectSame(found, expected);
  });

  test.each([
    ["as it is", {}],
    ["in narrow bounds", tight],
  ])("reads every object in one batch, %s", async (_, options) => {
    expectSame(await readAll(new ObjectReader(format, sources, options), expected.keys()), expected);
  });

  test("reads simultaneously", async () => {
    const reader = new ObjectReader(format, sources, tight);
    const found = await Promise.all([...expected.keys()].map(async (id) => [id, await reader.read(id)] as const));
    expectSame(new Map(found as [string, ExpectedObject][]), expected);
  });

  test.each([
    ["as it is", {}],
    ["in narrow bounds", tight],
  ])("streams every object, %s", async (_, options) => {
    const reader = new ObjectReader(format, sources, options);
    const found = new Map<string, ExpectedObject>();
    for (const id of expected.keys()) {
      const stream = await reader.readStream(id);
      const pieces: Uint8Array[] = [];
      for await (const piece of stream ?? []) pieces.push(piece);
      const data = Buffer.concat(pieces);
      expect(data.length).toBe(stream?.size);
      found.set(id, { type: stream?.type as string, data });
    }
    expectSame(found, expected);
  });

  test("says type and size of every object", async () => {
    const reader = new ObjectReader(format, sources);
    for (const [id, { type, data }] of expected) expect(await reader.info(id)).toEqual({ type, size: data.length });
  });

  test.each([
    ["as it is", {}],
    ["in narrow bounds", tight],
  ])("reads ranges, %s", async (_, options) => {
    const reader = new ObjectReader(format, sources, options);
    const random = new SeededRandom(3);
    for (const [id, { data }] of expected) {
      const start = random.below(data.length + 10);
      const end = start + random.below(data.length + 10);
      expect(Buffer.compare((await reader.readRange(id, { start, end }))!, data.subarray(start, end))).toBe(0);
    }
    const [id, { data }] = [...expected].find(([, object]) => object.data.length === 1_500_000)!;
    expect(Buffer.compare((await reader.readRange(id, { suffix: 100 }))!, data.subarray(-100))).toBe(0);
    expect(Buffer.compare((await reader.readRange(id, { start: 1_400_000 }))!, data.subarray(1_400_000))).toBe(0);
  });

  test("what is not there is undefined, and an error in a batch", async () => {
    const reader = new ObjectReader(format, sources);
    const [known = ""] = expected.keys();
    const unknown = known.replace(/.{6}$/, "abcdef");
    expect(await reader.has(known)).toBe(true);
    expect(await reader.has(unknown)).toBe(false);
    expect(await reader.read(unknown)).toBeUndefined();
    expect(await reader.info(unknown)).toBeUndefined();
    expect(await reader.readStream(unknown)).toBeUndefined();
    expect(await reader.readRange(unknown, { start: 0 })).toBeUndefined();
    await expect(readAll(reader, [known, unknown])).rejects.toMatchObject({ code: "NOT_FOUND" });
    const found: string[] = [];
    for await (const { id } of reader.readMany([known, unknown], { skipMissing: true })) found.push(id);
    expect(found).toEqual([known]);
  });

  test("finds ids by their first digits", async () => {
    const reader = new ObjectReader(format, sources);
    const sorted = [...expected.keys()].sort();
    for (const digits of ["0", "00", "7", "7f", "ff", sorted[3]!.slice(0, 9), sorted[5]!]) {
      expect(await reader.findPrefix(digits, 1000)).toEqual(sorted.filter((id) => id.startsWith(digits)));
    }
    expect(await reader.findPrefix("", 3)).toEqual(sorted.slice(0, 3));
  });

  test("a batch makes few requests, and none is larger than allowed", async () => {
    const counted = sources.map(countedSource);
    const rangeSizeBytes = 2 ** 19;
    await readAll(new ObjectReader(format, counted, { rangeSizeBytes }), expected.keys());
    const requests = counted.flatMap((source) => source.requests);
    const size = sources.reduce((total, source) => total + source.size, 0);
    expect(Math.max(...requests.map(({ start, end }) => end - start))).toBeLessThanOrEqual(rangeSizeBytes);
    expect(requests.length).toBeLessThan((2 * size) / rangeSizeBytes + 6);
  });

  test("reads of one moment make as few requests as a batch, and so many at a time", async () => {
    let underWay = 0;
    let most = 0;
    const counted = sources.map(countedSource).map((source) => ({
      ...source,
      async read(start: number, end: number) {
        most = Math.max(most, ++underWay);
        const bytes = await source.read(start, end);
        underWay--;
        return bytes;
      },
    }));
    const rangeSizeBytes = 2 ** 16;
    const reader = new ObjectReader(format, counted, { rangeSizeBytes, rangeConcurrency: 2 });
    const ids = [...expected].filter(([, { data }]) => data.length < rangeSizeBytes).map(([id]) => id);
    const first = ids[0] as string;
    await reader.has(first);
    const gone = new AbortController();
    const aborted = reader.read(first, { signal: gone.signal });
    const found = Promise.all(ids.map(async (id) => [id, (await reader.read(id)) as ExpectedObject] as const));
    gone.abort();
    await expect(aborted).rejects.toMatchObject({ code: "ABORTED" });
    expectSame(new Map(await found), new Map(ids.map((id) => [id, expected.get(id) as ExpectedObject])));
    const requests = counted.flatMap((source) => source.requests);
    const size = sources.reduce((total, source) => total + source.size, 0);
    expect(Math.max(...requests.map(({ start, end }) => end - start))).toBeLessThanOrEqual(rangeSizeBytes);
    expect(requests.length).toBeLessThan((2 * size) / rangeSizeBytes + 6);
    expect(most).toBeLessThanOrEqual(2);
  });

  test("readers of one place share the request", async () => {
    const counted = sources.map(countedSource);
    const reader = new ObjectReader(format, counted);
    const [id = ""] = expected.keys();
    await Promise.all(Array.from({ length: 20 }, () => reader.read(id)));
    const starts = counted.flatMap((source) => source.requests.map(({ start }) => start));
    expect(new Set(starts).size).toBe(starts.length);
    expect(counted[0]?.indexRequests).toBe(1);
  });

  test("reads beyond four gibibytes", async () => {
    const { bytes, indexBytes } = repository.packs()[0]!;
    const shift = 5 * 2 ** 30;
    const near = new PackIndex(format, indexBytes, bytes.length);
    const entries = [...near.entries()].map((entry) => ({ ...entry, offset: entry.offset + shift }));
    const far = new PackIndex(format, packIndexBytes(format, entries, near.packChecksum), bytes.length + shift);
    const source: PackSource = {
      name: "far",
      size: bytes.length + shift,
      index: async () => far,
      read: async (start, end) => {
        const before = new Uint8Array(Math.max(0, Math.min(end, shift) - start));
        return Buffer.concat([before, bytes.subarray(Math.max(0, start - shift), Math.max(0, end - shift))]);
      },
    };
    expectSame(await readAll(new ObjectReader(format, [source]), expected.keys()), expected);
  });

  test("an object that is another one is corrupt, and named", async () => {
    const reader = new ObjectReader(format, [swappedSource(format, repository.packs()[0]!)]);
    const messages: string[] = [];
    for (const id of expected.keys()) {
      try {
        await reader.read(id);
      } catch (error) {
        if (!isTrunksError(error, "CORRUPT")) throw error;
        expect(error.message).toContain(`object ${id} in pack swapped`);
        messages.push(error.message);
      }
    }
    expect(messages).toHaveLength(2);
  });

  test("an object above the limit is refused whole and streamed all the same", async () => {
    const reader = new ObjectReader(format, sources, { maxObjectSizeBytes: 1_000_000 });
    const [id, { data }] = [...expected].find(([, object]) => object.data.length === 1_500_000)!;
    await expect(reader.read(id)).rejects.toMatchObject({ code: "NOT_SUPPORTED" });
    let size = 0;
    for await (const piece of (await reader.readStream(id))!) size += piece.length;
    expect(size).toBe(data.length);
  });

  test("an aborted read ends alone", async () => {
    const reader = new ObjectReader(format, sources.map(countedSource));
    const [id = ""] = expected.keys();
    const controller = new AbortController();
    const aborted = reader.read(id, { signal: controller.signal });
    controller.abort();
    await expect(aborted).rejects.toMatchObject({ code: "ABORTED" });
    const [stays, goes] = [reader.read(id), new AbortController()];
    const other = reader.read(id, { signal: goes.signal });
    goes.abort();
    await expect(other).rejects.toMatchObject({ code: "ABORTED" });
    expect(await stays).toBeDefined();
    await expect(reader.read(id, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "ABORTED" });
  });

  test("of packs with the same objects the first is read, whichever index comes first", async () => {
    const [source] = sources as [PackSource];
    const slow = countedSource({ ...source, name: "slow" });
    const quick = countedSource(source);
    const index: PackSource["index"] = async (options) => {
      for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
      return source.index(options);
    };
    await readAll(new ObjectReader(format, [{ ...slow, index }, quick]), expected.keys());
    expect(slow.requests.length).toBeGreaterThan(0);
    expect(quick.requests).toEqual([]);
  });
});

/** A pack whose index takes two objects for each other. */
function swappedSource(format: ObjectFormat, { bytes, indexBytes }: StoredPack): PackSource {
  const index = new PackIndex(format, indexBytes, bytes.length);
  const [first, second, ...others] = [...index.entries()] as [IndexedEntry, IndexedEntry, ...IndexedEntry[]];
  const swapped = [{ ...first, id: second.id }, { ...second, id: first.id }, ...others];
  return packSource(format, "swapped", { bytes, indexBytes: packIndexBytes(format, swapped, index.packChecksum) });
}
