import { isTrunksError, TrunksError } from "@trunks/core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type GitObject, type IdentifiedObject, objectId } from "../../src/pack/git-object.ts";
import type { ObjectFormat } from "../../src/pack/object-format.ts";
import { ObjectReader } from "../../src/pack/object-reader.ts";
import { packBytes } from "../../src/pack/pack-bytes.ts";
import type { PackSource } from "../../src/pack/pack-source.ts";
import { fillRepository, GitRepository, packSource, type StoredPack } from "./git-repository.ts";
import { SeededRandom } from "./seeded-random.ts";

/** Reads in each way, and answers how many objects were refused; only `CORRUPT` may be thrown. */
async function refusals(reader: ObjectReader, ids: readonly string[]): Promise<number> {
  let refused = 0;
  for (const id of ids) {
    for (const read of [() => reader.read(id), () => reader.info(id), () => drain(reader, id)]) {
      try {
        await read();
      } catch (error) {
        if (!isTrunksError(error, "CORRUPT")) throw error;
        refused++;
      }
    }
  }
  try {
    for await (const { id, type, data } of reader.readMany(ids)) expect(objectId(formatOf(id), type, data)).toBe(id);
  } catch (error) {
    if (!isTrunksError(error, "CORRUPT")) throw error;
  }
  return refused;
}

async function drain(reader: ObjectReader, id: string): Promise<void> {
  for await (const _ of (await reader.readStream(id))!);
}

function formatOf(id: string): ObjectFormat {
  return id.length === 40 ? "sha1" : "sha256";
}

describe.each<ObjectFormat>(["sha1", "sha256"])("damaged packs, %s", (format) => {
  const repository = new GitRepository(format);
  let pack: StoredPack;
  let ids: string[];

  beforeAll(() => {
    fillRepository(repository, 51, 25);
    repository.git(["repack", "-adfq", "--depth=50", "--window=250"]);
    pack = repository.packs()[0]!;
    ids = [...repository.objects().keys()];
  });
  afterAll(() => repository.remove());

  test("changed bytes are found, and nothing else is lost", async () => {
    const random = new SeededRandom(1);
    for (let round = 0; round < 12; round++) {
      const bytes = pack.bytes.slice();
      for (let change = 0; change < 1 + random.below(20); change++) {
        bytes[random.below(bytes.length)]! ^= 1 << random.below(8);
      }
      const tight = {
        blockSizeBytes: 512,
        rangeSizeBytes: 8192,
        blockCacheSizeBytes: 65_536,
        baseCacheSizeBytes: 65_536,
      };
      const reader = new ObjectReader(
        format,
        [packSource(format, "changed", { ...pack, bytes })],
        round % 2 ? tight : {},
      );
      expect(await refusals(reader, ids)).toBeLessThan(3 * ids.length);
    }
  });

  test("a pack overwritten with something else", async () => {
    const random = new SeededRandom(2);
    const noise = random.bytes(pack.bytes.length);
    const zeros = new Uint8Array(pack.bytes.length);
    for (const bytes of [noise, zeros, zeros.map(() => 0xff), pack.bytes.toReversed()]) {
      const reader = new ObjectReader(format, [packSource(format, "other", { ...pack, bytes })]);
      expect(await refusals(reader, ids)).toBeGreaterThan(1.5 * ids.length);
    }
  });

  test("a pack that is shorter than its index says", async () => {
    const [whole] = repository.sources() as [PackSource];
    const cut = {
      ...whole,
      read: async (start: number, end: number) => pack.bytes.subarray(start, Math.min(end, 20_000)),
    };
    const reader = new ObjectReader(format, [cut], { blockSizeBytes: 1024, gapSizeBytes: 0 });
    expect(await refusals(reader, ids)).toBeGreaterThan(0);
  });

  test("an index that belongs to another pack", async () => {
    const [whole] = repository.sources() as [PackSource];
    const reader = new ObjectReader(format, [{ ...whole, size: whole.size + 1 }]);
    await expect(reader.read(ids[0]!)).rejects.toThrow(/its index is that of another pack/);
  });

  test("what a store throws is passed on, and the next try may succeed", async () => {
    const [whole] = repository.sources() as [PackSource];
    const failures = ["index", "read"];
    const flaky: PackSource = {
      ...whole,
      index: async () => (failures[0] === "index" ? fail() : whole.index()),
      read: async (start, end) => (failures[0] === "read" ? fail() : whole.read(start, end)),
    };
    function fail(): never {
      failures.shift();
      throw new TrunksError("UNAVAILABLE", "away", { retryable: true });
    }
    const reader = new ObjectReader(format, [flaky]);
    await expect(reader.read(ids[0]!)).rejects.toMatchObject({ code: "UNAVAILABLE", retryable: true });
    await expect(reader.read(ids[0]!)).rejects.toMatchObject({ code: "UNAVAILABLE", retryable: true });
    expect(await reader.read(ids[0]!)).toBeDefined();
  });
});

describe("packs that lean on each other", () => {
  const random = new SeededRandom(3);
  const text = random.text(200);
  const identified = (data: string): IdentifiedObject => {
    const object: GitObject = { type: "blob", data: new TextEncoder().encode(data) };
    return { ...object, id: objectId("sha1", object.type, object.data) };
  };
  const [left, right] = [identified(text), identified(`${text}one line more\n`)];

  async function thinSource(name: string, object: IdentifiedObject, base?: IdentifiedObject): Promise<PackSource> {
    const { pack, index } = await packBytes("sha1", [{ ...object, base }], { thin: true });
    return packSource("sha1", name, { bytes: pack, indexBytes: index });
  }

  test("a circle is found", async () => {
    const sources = [await thinSource("one", left, right), await thinSource("two", right, left)];
    const reader = new ObjectReader("sha1", sources);
    await expect(reader.read(left.id)).rejects.toMatchObject({ code: "CORRUPT" });
    await expect(reader.read(right.id)).rejects.toThrow(/have each other as their base/);
    await expect(reader.info(right.id)).rejects.toMatchObject({ code: "CORRUPT" });
  });

  test.each([0, 1, 2])(
    "a circle is left where a third pack holds one of them whole, asked as number %d",
    async (place) => {
      for (const whole of [left, right]) {
        const sources = [await thinSource("one", left, right), await thinSource("two", right, left)];
        sources.splice(place, 0, await thinSource("whole", whole));
        for (const { id, data } of [left, right]) {
          const reader = new ObjectReader("sha1", sources);
          expect(Buffer.compare((await reader.read(id))!.data, data)).toBe(0);
          expect(await reader.info(id)).toEqual({ type: "blob", size: data.length });
        }
      }
    },
  );

  test("a chain through hundreds of packs", async () => {
    let previous = identified(text);
    const sources = [await thinSource("0", previous)];
    for (let number = 1; number <= 300; number++) {
      const next = identified(`${text}line ${number}\n`);
      sources.push(await thinSource(`${number}`, next, previous));
      previous = next;
    }
    const reader = new ObjectReader("sha1", sources.reverse());
    expect(Buffer.compare((await reader.read(previous.id))!.data, previous.data)).toBe(0);
    for await (const { id, data } of reader.readMany([left.id, previous.id]))
      expect(objectId("sha1", "blob", data)).toBe(id);
  });
});
