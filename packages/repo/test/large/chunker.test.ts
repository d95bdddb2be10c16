import { describe, expect, test } from "vitest";
import { type ChunkSizes, chunksOf } from "../../src/large/chunker.ts";
import { SeededRandom } from "../seeded-random.ts";

const small: ChunkSizes = { leastSize: 64, averageSize: 256, mostSize: 1024 };

async function* inPieces(bytes: Uint8Array, pieceSize: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += pieceSize) yield bytes.subarray(at, at + pieceSize);
}

async function chunks(bytes: Uint8Array, sizes?: ChunkSizes, pieceSize = 70_000): Promise<Uint8Array[]> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunksOf(inPieces(bytes, pieceSize), sizes)) all.push(chunk);
  return all;
}

const lengths = (all: readonly Uint8Array[]) => all.map(({ length }) => length);

describe("a blob is cut by its content", () => {
  const bytes = new SeededRandom(1).bytes(600_000);

  test("always at the same places: writers of all versions share chunks", async () => {
    expect(lengths(await chunks(bytes))).toEqual([
      63_738, 37_618, 31_524, 89_951, 115_071, 91_760, 72_042, 65_703, 32_593,
    ]);
    expect(lengths(await chunks(bytes.subarray(0, 2000), small))).toEqual([389, 347, 315, 269, 65, 414, 201]);
  });

  test("in chunks that are the whole, of sizes within their bounds, whatever the pieces that it comes in", async () => {
    const all = await chunks(bytes, small);
    expect(Buffer.concat(all).equals(bytes)).toBe(true);
    for (const { length } of all.slice(0, -1)) {
      expect(length).toBeGreaterThanOrEqual(small.leastSize);
      expect(length).toBeLessThanOrEqual(small.mostSize);
    }
    const average = bytes.length / all.length;
    expect(average).toBeGreaterThan(small.averageSize / 2);
    expect(average).toBeLessThan(small.averageSize * 2);
    for (const pieceSize of [1, 1023, 8192, 600_000])
      expect(lengths(await chunks(bytes.subarray(0, 50_000), small, pieceSize))).toEqual(
        lengths(await chunks(bytes.subarray(0, 50_000), small)),
      );
  });

  test("so that what is inserted changes the chunks around it alone", async () => {
    const changed = Buffer.concat([bytes.subarray(0, 300_000), Uint8Array.of(1, 2, 3), bytes.subarray(300_000)]);
    const before = new Set((await chunks(bytes, small)).map((chunk) => Buffer.from(chunk).toString("latin1")));
    const after = (await chunks(changed, small)).map((chunk) => Buffer.from(chunk).toString("latin1"));
    expect(after.filter((chunk) => !before.has(chunk)).length).toBeLessThan(5);
  });

  test("equal bytes at the largest size, and nothing of nothing", async () => {
    expect(lengths(await chunks(new Uint8Array(2500), small))).toEqual([1024, 1024, 452]);
    expect(await chunks(new Uint8Array(0))).toEqual([]);
    expect(lengths(await chunks(new Uint8Array(10), small))).toEqual([10]);
  });
});
