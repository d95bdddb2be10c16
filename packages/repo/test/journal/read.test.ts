import { MemoryBackend } from "@trunks/core/memory";
import { trace } from "@trunks/layers";
import { beforeEach, describe, expect, test } from "vitest";
import { latestKey, recordKey, recordKeySlot } from "../../src/format/key.ts";
import { encodeSnapshot } from "../../src/format/snapshot.ts";
import type { State } from "../../src/format/state.ts";
import { type Reading, readCold, readForward } from "../../src/journal/read.ts";
import { checkTip } from "../../src/journal/tip.ts";
import { rejectionOf } from "../failure.ts";
import { JournalWriter } from "../journal-writer.ts";
import { entry, inlineOf, move, name, trunk } from "../samples.ts";
import { lateListing, visited } from "../wrapped-backend.ts";

const backend = { current: new MemoryBackend() };
let writer: JournalWriter;

beforeEach(async () => {
  backend.current = new MemoryBackend();
  writer = await new JournalWriter(backend.current).begin();
});

/** What a reading asked for, and in how many rounds. */
async function traced(read: (backend: MemoryBackend) => Promise<Reading | undefined>) {
  const watched = trace(backend.current);
  const reading = await read(watched as unknown as MemoryBackend);
  return { reading, requests: watched.names(), rounds: watched.summary().depth };
}

function expectState(reading: Reading | undefined, expected: State): void {
  expect(reading).toBeDefined();
  expect(Buffer.compare(encodeSnapshot((reading as Reading).state), encodeSnapshot(expected))).toBe(0);
}

const manyRefs = Array.from({ length: 10_000 }, (_, index) => move(`refs/heads/topic-${index}`, 0, index + 1));
const latest = `get ${latestKey}`;
const newestSlot = "list journal/";

function records(first: number, last: number): string[] {
  return Array.from({ length: last - first + 1 }, (_, index) => `get ${recordKey(first + index)}`);
}

describe("cold", () => {
  test("no trunk: three requests, two rounds", async () => {
    backend.current = new MemoryBackend();
    const { reading, requests, rounds } = await traced(readCold);
    expect(reading).toBeUndefined();
    expect([requests, rounds]).toEqual([[newestSlot, latest, "get trunk.json"], 2]);
  });

  test("a trunk without a push: three requests, two rounds", async () => {
    const { reading, requests, rounds } = await traced(readCold);
    expectState(reading, writer.state);
    expect([requests, rounds]).toEqual([[newestSlot, latest, "get trunk.json"], 2]);
  });

  test("10,000 refs in one push: three requests, two rounds", async () => {
    await writer.push({ moves: manyRefs });
    const { reading, requests, rounds } = await traced(readCold);
    expectState(reading, writer.state);
    expect([requests, rounds]).toEqual([[newestSlot, latest, ...records(0, 0)], 2]);
  });

  test("10,000 refs in a snapshot: three requests, two rounds", async () => {
    await writer.push({ moves: manyRefs });
    await writer.idle(300);
    const key = await writer.snapshot();
    await writer.latest(300, key);
    const { reading, requests, rounds } = await traced(readCold);
    expectState(reading, writer.state);
    expect([requests, rounds]).toEqual([[newestSlot, latest, `get ${key}`], 2]);
  });

  test("a snapshot and what came after it: one request for each record, two rounds", async () => {
    await writer.idle(10);
    const key = await writer.snapshot();
    await writer.latest(9, key);
    await writer.push({ moves: [move("refs/heads/a", 0, 1)] });
    await writer.idle(50);
    const { reading, requests, rounds } = await traced(readCold);
    expectState(reading, writer.state);
    expect(reading?.records.map(({ record }) => record.slot)).toEqual(
      Array.from({ length: 51 }, (_, index) => 10 + index),
    );
    expect(rounds).toBe(2);
    expect(requests).toEqual([newestSlot, latest, `get ${key}`, ...records(10, 60)]);
  });

  test("no snapshot, many records: a look for one, then all", async () => {
    await writer.idle(1500);
    const { reading, requests } = await traced(readCold);
    expectState(reading, writer.state);
    expect(requests).toEqual([newestSlot, latest, "list refs/", ...records(0, 1499)]);
  });

  test.each<[string, (old: string) => Promise<unknown>]>([
    ["missing", async () => {}],
    ["far behind", (old) => writer.latest(10, old)],
    ["damaged", () => backend.current.put(latestKey, new TextEncoder().encode("trunks latest 1\nnothing\n"))],
    ["empty", () => backend.current.put(latestKey, new Uint8Array(0))],
  ])("`latest` is %s: the newest snapshot is looked for", async (_, prepare) => {
    await writer.idle(11);
    const old = await writer.snapshot();
    await writer.idle(400);
    const key = await writer.snapshot();
    await writer.idle(5);
    await prepare(old);
    const { reading, requests, rounds } = await traced(readCold);
    expectState(reading, writer.state);
    expect(requests).toEqual([newestSlot, latest, "list refs/", `get ${key}`, ...records(411, 415)]);
    expect(rounds).toBe(3);
  });

  test("`latest` names a snapshot that is gone: another, or the first record", async () => {
    await writer.idle(20);
    const old = await writer.snapshot(12);
    await writer.latest(15, `refs/${999_999_999_999_999 - 15}-${name(99)}`);
    const { reading, requests } = await traced(readCold);
    expectState(reading, writer.state);
    expect(requests.slice(-8)).toEqual([`get ${old}`, ...records(13, 19)]);
    await backend.current.delete([old]);
    expectState((await traced(readCold)).reading, writer.state);
  });

  test("`latest` of another trunk does not mislead", async () => {
    await writer.idle(20);
    await writer.snapshot(12);
    const other = new JournalWriter(new MemoryBackend(), { ...trunk, id: name(5) });
    await other.idle(15);
    await other.latest(14, await other.snapshot());
    await backend.current.put(latestKey, (await (await other.backend.get(latestKey))?.bytes()) as Uint8Array);
    expectState((await traced(readCold)).reading, writer.state);
  });

  test("`latest` of a newer version stops the reader", async () => {
    await writer.idle(1);
    await backend.current.put(latestKey, new TextEncoder().encode(`trunks latest 2\ndigest ${"0".repeat(64)}\n\n`));
    expect(await rejectionOf(readCold(backend.current))).toBe("NOT_SUPPORTED");
  });

  test("keys that are no records are passed over, whatever they sort before", async () => {
    await writer.idle(3);
    for (const key of ["000", "000000000000000-x", "99", "notes.txt"])
      await backend.current.put(`journal/${key}`, new Uint8Array(1));
    await backend.current.put(`refs/0-${name(1)}`, new Uint8Array(1));
    const { reading, requests } = await traced(readCold);
    expectState(reading, writer.state);
    expect(requests).toEqual([newestSlot, latest, newestSlot, ...records(0, 2)]);
  });

  test("a foreign file far ahead is damage, and is not waited for", async () => {
    await writer.idle(3);
    await backend.current.put("journal/000000000000005", new Uint8Array(1));
    const { requests } = await traced(async (watched) => {
      expect(await rejectionOf(readCold(watched))).toBe("CORRUPT");
      return undefined;
    });
    expect(requests.length).toBeLessThan(1100);
  });
});

describe("stubs", () => {
  test("where records were wanted: the newest snapshot", async () => {
    await writer.idle(10);
    const key = await writer.snapshot(7);
    for (const slot of [0, 1, 2, 5]) await writer.stub(slot, key);
    const { reading, requests } = await traced(readCold);
    expectState(reading, writer.state);
    expect(requests.slice(12)).toEqual(["list refs/", `get ${key}`, ...records(8, 9)]);
    // Behind a state that they overtook.
    for (const slot of [-1, 0, 1, 3, 4]) {
      const known = writer.states[slot] ?? ((await readCold(backend.current)) as Reading).state;
      expectState(await readForward(backend.current, known), writer.state);
    }
  });

  test("below the snapshot that `latest` names are not met", async () => {
    await writer.idle(10);
    const key = await writer.snapshot(7);
    await writer.latest(7, key);
    for (let slot = 0; slot <= 7; slot++) await writer.stub(slot, key);
    const { reading, rounds } = await traced(readCold);
    expectState(reading, writer.state);
    expect(rounds).toBe(2);
  });

  test("name their snapshot, in case that the listing is late", async () => {
    await writer.idle(10);
    const key = await writer.snapshot(7);
    for (const slot of [0, 1, 2, 5]) await writer.stub(slot, key);
    const late = lateListing(backend.current, (one) => one.startsWith("refs/") || (recordKeySlot(one) ?? 0) > 3);
    expectState(await readCold(late), writer.state);
    expectState(await readForward(late, writer.states[0] as State), writer.state);
  });

  test("whose snapshot was replaced by a newer one", async () => {
    await writer.idle(10);
    const old = await writer.snapshot(4);
    await writer.stub(1, old);
    await writer.latest(4, old);
    await writer.snapshot(8);
    await backend.current.delete([old]);
    expectState(await readCold(backend.current), writer.state);
    expectState(await readForward(backend.current, writer.states[0] as State), writer.state);
  });

  test("without any snapshot are damage", async () => {
    await writer.idle(10);
    const key = await writer.snapshot(7);
    await writer.stub(3, key);
    await backend.current.delete([key]);
    expect(await rejectionOf(readCold(backend.current))).toBe("CORRUPT");
    expect(await rejectionOf(readForward(backend.current, writer.states[1] as State))).toBe("CORRUPT");
    const late = lateListing(backend.current, () => true);
    expect(await rejectionOf(readCold(late))).toBe("CORRUPT");
    expect(await rejectionOf(readForward(late, writer.states[1] as State))).toBe("CORRUPT");
  });
});

describe("warm", () => {
  beforeEach(() => writer.idle(500));

  const from = (slot: number) => traced((watched) => readForward(watched, writer.states[slot] as State));

  test("nothing new: two requests, one round", async () => {
    const { reading, requests, rounds } = await from(499);
    expectState(reading, writer.state);
    expect([requests, rounds]).toEqual([records(500, 501), 1]);
  });

  test("one behind: two requests, one round", async () => {
    const { reading, requests, rounds } = await from(498);
    expectState(reading, writer.state);
    expect([requests, rounds]).toEqual([records(499, 500), 1]);
  });

  test("two behind: two rounds", async () => {
    const { reading, requests, rounds } = await from(497);
    expectState(reading, writer.state);
    expect([requests, rounds]).toEqual([[...records(498, 499), newestSlot], 2]);
  });

  test("many behind: three rounds", async () => {
    const { reading, requests, rounds } = await from(450);
    expectState(reading, writer.state);
    expect([requests, rounds]).toEqual([[...records(451, 452), newestSlot, ...records(453, 499)], 3]);
  });

  test("very many behind, no snapshot: no record twice", async () => {
    const { reading, requests } = await from(0);
    expectState(reading, writer.state);
    expect(reading?.records).toHaveLength(499);
    expect(requests).toEqual([...records(1, 2), newestSlot, "list refs/", newestSlot, ...records(3, 499)]);
  });

  test("very many behind a new snapshot: that", async () => {
    const key = await writer.snapshot(490);
    const { reading, requests } = await from(0);
    expectState(reading, writer.state);
    expect(requests).toEqual([
      ...records(1, 2),
      newestSlot,
      "list refs/",
      newestSlot,
      `get ${key}`,
      ...records(491, 499),
    ]);
    expect(reading?.records.map(({ record }) => record.slot)).toEqual([491, 492, 493, 494, 495, 496, 497, 498, 499]);
  });
});

describe("a listing that is late", () => {
  const late = (slot: number) => lateListing(backend.current, (key) => (recordKeySlot(key) ?? 0) > slot);

  test.each([-1, 0, 1, 5, 98])("and shows slots up to %i does not hide a record, cold or warm", async (slot) => {
    await writer.idle(100);
    expectState(await readCold(late(slot)), writer.state);
    for (const known of [0, 50, 97, 98, 99])
      expectState(await readForward(late(slot), writer.states[known] as State), writer.state);
  });

  test("of a trunk whose first push it does not show", async () => {
    await writer.idle(1);
    expectState(await readCold(late(-1)), writer.state);
  });
});

describe("records that appear while they are read", () => {
  test("between two answers", async () => {
    await writer.idle(3);
    const state = writer.state;
    const written = Promise.withResolvers<void>();
    const raced = visited(backend.current, async ({ key }, send) => {
      if (key === recordKey(4)) await written.promise;
      const answer = await send();
      if (key === recordKey(3) && writer.state === state) written.resolve(void (await writer.idle(2)));
      return answer;
    });
    expectState(await readForward(raced, state), writer.state);
    expect(writer.state.slot).toBe(4);
  });

  test("at any request of a cold reading: the state is one that was, and no older than at the start", async () => {
    for (let at = 0; at < 12; at++) {
      backend.current = new MemoryBackend();
      writer = await new JournalWriter(backend.current).begin();
      await writer.idle(5);
      const first = await writer.snapshot(3);
      await writer.latest(3, first);
      let requests = 0;
      const raced = visited(backend.current, async (_, send) => {
        if (requests++ === at) {
          await writer.idle(3);
          const key = await writer.snapshot();
          for (let slot = 0; slot < 7; slot++) await writer.stub(slot, key);
          await writer.latest(7, key);
        }
        return send();
      });
      const reading = (await readCold(raced)) as Reading;
      expect(reading.state.slot).toBeGreaterThanOrEqual(4);
      expectState(reading, writer.states[reading.state.slot] as State);
    }
  });
});

describe("damage", () => {
  beforeEach(() => writer.idle(20));

  test.each([0, 1, 10, 18])("record %i is missing", async (slot) => {
    await backend.current.delete([recordKey(slot)]);
    expect(await rejectionOf(readCold(backend.current))).toBe("CORRUPT");
    if (slot > 1) expect(await rejectionOf(readForward(backend.current, writer.states[1] as State))).toBe("CORRUPT");
  });

  test("the next record is missing, and the one behind it is there", async () => {
    await backend.current.delete([recordKey(18)]);
    expect(await rejectionOf(readForward(backend.current, writer.states[17] as State))).toBe("CORRUPT");
  });

  test("a record of another trunk", async () => {
    const other = new JournalWriter(new MemoryBackend(), { ...trunk, id: name(5) });
    await other.idle(20);
    for (const slot of [0, 10, 19]) {
      const own = (await (await backend.current.get(recordKey(slot)))?.bytes()) as Uint8Array;
      await backend.current.put(
        recordKey(slot),
        (await (await other.backend.get(recordKey(slot)))?.bytes()) as Uint8Array,
      );
      expect([slot, await rejectionOf(readCold(backend.current))]).toEqual([slot, "CORRUPT"]);
      await backend.current.put(recordKey(slot), own);
    }
    expect(await rejectionOf(readCold(backend.current))).toBeUndefined();
  });

  test("a snapshot of another trunk, with a record behind it or without", async () => {
    const other = new JournalWriter(new MemoryBackend(), { ...trunk, id: name(5) });
    await other.idle(20);
    for (const slot of [10, 19]) {
      const key = await writer.snapshot(slot);
      await writer.stub(0, key);
      await backend.current.put(key, encodeSnapshot(other.states[slot] as State));
      expect([slot, await rejectionOf(readCold(backend.current))]).toEqual([slot, "CORRUPT"]);
      await writer.latest(slot, key);
      expect([slot, await rejectionOf(readCold(backend.current))]).toEqual([slot, "CORRUPT"]);
    }
  });

  test("a snapshot of this trunk whose journal went another way since", async () => {
    const other = new JournalWriter(new MemoryBackend());
    await other.push({ moves: [move("refs/heads/other", 0, 1)] });
    await other.idle(19);
    const key = await writer.snapshot(19);
    await writer.stub(0, key);
    await backend.current.put(key, encodeSnapshot(other.state));
    expect(await rejectionOf(readCold(backend.current))).toBe("CORRUPT");
  });

  test("a list of doomed keys is missing or changed", async () => {
    const list = new TextEncoder().encode(`objects/${name(1)}.pack\n`);
    const key = `doomed/${name(2)}`;
    const digest = (await import("../samples.ts")).sha256(list);
    await writer.append({ doomLists: [{ key, size: list.length, digest }] });
    expect(await rejectionOf(readCold(backend.current))).toBe("CORRUPT");
    await backend.current.put(key, list.with(9, 0x30));
    expect(await rejectionOf(readCold(backend.current))).toBe("CORRUPT");
    await backend.current.put(key, list);
    expect([...((await readCold(backend.current)) as Reading).state.doomed]).toEqual([[`objects/${name(1)}.pack`, 20]]);
  });
});

describe("the tip", () => {
  beforeEach(() => writer.idle(5));

  test("is one small request, whatever the record's size", async () => {
    const bytes = new Uint8Array(1_000_000);
    await writer.push({ inline: inlineOf(bytes) }, bytes);
    const watched = trace(backend.current);
    await checkTip(watched, writer.state);
    expect(watched.names()).toEqual([`get ${recordKey(5)} [0,512)`]);
    expect(watched.summary().bytesDown).toBe(512);
  });

  test("is known by its record, and by the stub in its place", async () => {
    await checkTip(backend.current, writer.states[3] as State);
    await writer.stub(3, await writer.snapshot(4));
    await checkTip(backend.current, writer.states[3] as State);
  });

  test.each<[string, () => Promise<unknown>]>([
    ["is gone", () => backend.current.delete([recordKey(4)])],
    [
      "holds another record",
      async () => {
        const other = new JournalWriter(backend.current);
        await backend.current.delete([0, 1, 2, 3, 4].map(recordKey));
        await other.append({ entries: [entry()] });
        await other.idle(4);
      },
    ],
    ["holds something else", () => backend.current.put(recordKey(4), new TextEncoder().encode("hello\n"))],
    ["is empty", () => backend.current.put(recordKey(4), new Uint8Array(0))],
  ])("that %s is damage", async (_, change) => {
    await change();
    expect(await rejectionOf(checkTip(backend.current, writer.state))).toBe("CORRUPT");
  });
});

test("inline packs of a long tail do not fill the memory", async () => {
  const bytes = new Uint8Array(4 * 2 ** 20);
  for (let index = 0; index < 20; index++) await writer.push({ inline: inlineOf(bytes) }, bytes);
  const reading = (await readCold(backend.current)) as Reading;
  expectState(reading, writer.state);
  expect(reading.records.filter(({ pack }) => pack !== undefined)).toHaveLength(16);
  expect(reading.records.every(({ pack }) => pack === undefined || pack.length === bytes.length)).toBe(true);
});
