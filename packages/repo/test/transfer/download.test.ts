import { type Backend, replaceMethods } from "@trunks/core";
import { MemoryBackend } from "@trunks/core/memory";
import { type FaultRule, faults, trace } from "@trunks/layers";
import { beforeEach, describe, expect, test } from "vitest";
import { recordKey } from "../../src/format/key.ts";
import type { Segment } from "../../src/format/pack-name.ts";
import type { CataloguePack } from "../../src/format/state.ts";
import { type Reading, readCold } from "../../src/journal/read.ts";
import { downloadInline, downloadSegment, downloadWhole } from "../../src/transfer/download.ts";
import { uploadSegments } from "../../src/transfer/segment-upload.ts";
import { rejectionOf } from "../failure.ts";
import { JournalWriter } from "../journal-writer.ts";
import { inlineOf, name } from "../samples.ts";
import { SeededRandom } from "../seeded-random.ts";

let store: MemoryBackend;
const pack = new SeededRandom(1).bytes(10_000);
const index = new SeededRandom(2).bytes(1000);

beforeEach(() => {
  store = new MemoryBackend();
});

async function upload(backend: Backend, body: Parameters<typeof uploadSegments>[1][number]): Promise<Segment> {
  const [segment] = await uploadSegments(backend, [body], () => name(1));
  return segment as Segment;
}

async function whole(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const read: Uint8Array[] = [];
  for await (const chunk of chunks) read.push(chunk);
  return Buffer.concat(read);
}

/** A store that is read best by ranges of 1,000 bytes, three at a time. */
function ranged(backend: Backend): Backend {
  return {
    ...replaceMethods(backend, {}),
    capabilities: { ...backend.capabilities, rangeSizeBytes: 1000, rangeConcurrency: 3 },
  };
}

describe("a segment", () => {
  test("comes back whole, in one piece", async () => {
    const segment = await upload(store, { pack, index, objectCount: 3 });
    const watched = trace(store);
    expect(await whole(downloadSegment(watched, segment, "pack"))).toEqual(Buffer.from(pack));
    expect(await whole(downloadSegment(watched, segment, "index"))).toEqual(Buffer.from(index));
    expect(watched.names()).toEqual([`get objects/${name(1)}.pack`, `get objects/${name(1)}.idx`]);
  });

  test("comes back whole, by ranges, a bounded number at once", async () => {
    const segment = await upload(store, { pack, index, objectCount: 3 });
    const watched = trace(ranged(store));
    expect(await whole(downloadSegment(watched, segment, "pack"))).toEqual(Buffer.from(pack));
    const ranges = Array.from(
      { length: 10 },
      (_, part) => `get objects/${name(1)}.pack [${part * 1000},${(part + 1) * 1000})`,
    );
    expect(watched.names()).toEqual(ranges);
    const early = trace(ranged(store));
    for await (const chunk of downloadSegment(early, segment, "pack")) if (chunk.length > 0) break;
    expect(early.names()).toHaveLength(3);
  });

  test("of which a record claims more bytes than any memory has is refused before one is taken", async () => {
    const segment = await upload(store, { pack, index, objectCount: 3 });
    expect(await downloadWhole(store, segment, "index")).toEqual(index);
    for (const claim of [{ indexSize: 2 ** 52 }, { indexSize: 0 }]) {
      const download = downloadWhole(store, { ...segment, ...claim }, "index");
      const message = expect.stringContaining(`1000 bytes instead of ${claim.indexSize}`);
      await expect(download).rejects.toMatchObject({ code: "CORRUPT", message });
    }
  });

  test.each([false, true])("that is damaged is refused, by ranges %s", async (byRanges) => {
    const segment = await upload(store, { pack, index, objectCount: 3 });
    const key = `objects/${segment.id}.pack`;
    const backend = byRanges ? ranged(store) : store;
    const download = () => rejectionOf(whole(downloadSegment(backend, segment, "pack")));
    for (const at of [0, 999, 1000, 5000, 9999]) {
      await store.put(key, pack.with(at, (pack[at] as number) ^ 1));
      expect(await download()).toBe("CORRUPT");
    }
    for (const other of [pack.slice(0, -1), new Uint8Array(10_001), new Uint8Array(0), index]) {
      await store.put(key, other);
      expect(await download()).toBe("CORRUPT");
    }
    await store.delete([key]);
    expect(await download()).toBe("NOT_FOUND");
  });

  test("whose stream breaks is not taken for whole", async () => {
    const segment = await upload(store, { pack, index, objectCount: 3 });
    const rules: FaultRule[] = [{ operation: "get", skip: 4, fault: { kind: "cut", afterBytes: 500 } }];
    expect(await rejectionOf(whole(downloadSegment(ranged(faults(store, rules)), segment, "pack")))).toBe(
      "UNAVAILABLE",
    );
  });

  test("has the digest of what was stored, in whatever order and how often the store read it", async () => {
    const orders: [number, number][][] = [
      [[0, 10_000]],
      [
        [0, 4000],
        [0, 10_000],
      ],
      [
        [5000, 10_000],
        [0, 5000],
      ],
      [
        [0, 3000],
        [6000, 10_000],
        [3000, 6000],
      ],
      [
        [0, 100],
        [50, 10_000],
        [0, 10_000],
      ],
      [],
    ];
    for (const order of orders) {
      const reading = replaceMethods(store, {
        async create(_, body) {
          if (!(body instanceof Uint8Array)) for (const [start, end] of order) await whole(body.read(start, end));
          return true;
        },
      });
      const segment = await upload(reading, { pack: cutUp(pack), index, objectCount: 3 });
      expect([order, segment.digest, segment.size]).toEqual([order, inlineOf(pack).digest, 10_000]);
    }
  });
});

/** A body that yields pieces of 700 bytes. */
function cutUp(bytes: Uint8Array) {
  return {
    size: bytes.length,
    async *read(start: number, end: number) {
      for (let at = start; at < end; at += 700) yield bytes.subarray(at, Math.min(at + 700, end));
    },
  };
}

describe("an inline pack", () => {
  let reading: Reading;
  let inline: CataloguePack;
  let writer: JournalWriter;

  beforeEach(async () => {
    writer = await new JournalWriter(store).begin();
    await writer.push({ inline: inlineOf(pack) }, pack);
    reading = (await readCold(store)) as Reading;
    inline = [...reading.state.packs.values()][0] as CataloguePack;
  });

  test("comes from the record that was read, or from the end of its file", async () => {
    const watched = trace(store);
    expect(await downloadInline(watched, inline, reading.records)).toEqual(pack);
    expect(watched.names()).toEqual([]);
    expect(await downloadInline(watched, inline)).toEqual(pack);
    expect(watched.names()).toEqual([`get ${recordKey(0)} [-10000]`]);
  });

  test("of an intent comes from the end of its file", async () => {
    await store.put(`intents/${name(3)}`, new Uint8Array([...Buffer.from("some header\n\n"), ...pack]));
    const carried: CataloguePack = { ...inline, name: { kind: "intent", id: name(3) } };
    expect(await downloadInline(store, carried, reading.records)).toEqual(pack);
    await store.delete([`intents/${name(3)}`]);
    expect(await rejectionOf(downloadInline(store, carried))).toBe("NOT_FOUND");
  });

  test("that is damaged is refused", async () => {
    const bytes = (await (await store.get(recordKey(0)))?.bytes()) as Uint8Array;
    await store.put(recordKey(0), bytes.with(-1, (bytes.at(-1) as number) ^ 1));
    expect(await rejectionOf(downloadInline(store, inline))).toBe("CORRUPT");
    await store.put(recordKey(0), bytes.slice(0, -1));
    expect(await rejectionOf(downloadInline(store, inline))).toBe("CORRUPT");
    await store.put(recordKey(0), new Uint8Array(0));
    expect(await rejectionOf(downloadInline(store, inline))).toBe("CORRUPT");
    await store.delete([recordKey(0)]);
    expect(await rejectionOf(downloadInline(store, inline))).toBe("NOT_FOUND");
  });

  test("whose record became a stub is missing, not damaged: the state is to be read again", async () => {
    await writer.idle(1);
    await writer.stub(0, await writer.snapshot());
    expect(await rejectionOf(downloadInline(store, inline))).toBe("NOT_FOUND");
  });
});
