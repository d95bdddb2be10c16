import { type Backend, isTrunksError } from "@trunks/core";
import { MemoryBackend } from "@trunks/core/memory";
import { faults } from "@trunks/layers";
import { beforeEach, describe, expect, test } from "vitest";
import {
  indexKey,
  intentKey,
  latestKey,
  packKey,
  recordKey,
  snapshotKey,
  snapshotKeySlot,
} from "../../src/format/key.ts";
import { packKeys, type Segment } from "../../src/format/pack-name.ts";
import { encodeRecord } from "../../src/format/record.ts";
import { encodeSnapshot } from "../../src/format/snapshot.ts";
import { judge } from "../../src/journal/fold.ts";
import { randomId } from "../../src/platform.ts";
import { Repository } from "../../src/repository.ts";
import { uploadSegments } from "../../src/transfer/segment-upload.ts";
import { sweep } from "../../src/upkeep/sweep.ts";
import { JournalWriter } from "../journal-writer.ts";
import { entry, inlineOf, move, name, recordAfter, unborn } from "../samples.ts";
import { SeededRandom } from "../seeded-random.ts";
import { visited } from "../wrapped-backend.ts";
import { copyOf } from "./pushed-trunk.ts";

const hourMs = 3_600_000;
let nowMs: number;
let store: MemoryBackend;
let writer: JournalWriter;
const random = new SeededRandom(5);

const run = (backend: Backend, options = {}) =>
  sweep(new Repository(backend, { now: () => 0 }), { newId: randomId, ...options });
const keys = async (backend: Backend = store) => (await backend.list("")).keys.map(({ key }) => key);
const has = async (...wanted: string[]) => {
  const all = new Set(await keys());
  return wanted.map((key) => all.has(key));
};

async function upload(number: number): Promise<Segment> {
  const body = { pack: random.bytes(100), index: random.bytes(50), objectCount: 1 };
  return (await uploadSegments(store, [body], () => name(number)))[0] as Segment;
}

/** Everything that the catalogue names is in the store. */
async function checkCatalogue(backend: Backend): Promise<void> {
  const state = await new Repository(backend).readExisting();
  const all = new Set(await keys(backend));
  for (const { name: pack } of state.packs.values()) expect(packKeys(pack).filter((key) => !all.has(key))).toEqual([]);
}

/**
 * Live: segment 1, the inline pack of slot 1, and an intent. Retired: segment 2, an intent, the inline pack of slot 2. Never
 * named: segment 3, an intent. All a day and an hour old.
 */
beforeEach(async () => {
  nowMs = 1_700_000_000_000;
  store = new MemoryBackend({ now: () => nowMs });
  writer = await new JournalWriter(store).begin();
  const pack = random.bytes(60);
  const inline = inlineOf(pack);
  await writer.push({ segments: [await upload(1), await upload(2)] });
  await writer.push({ moves: [move("refs/heads/a", 0, 1)], inline }, pack);
  await writer.push({ inline }, pack);
  for (const number of [20, 21, 22]) await store.create(intentKey(name(number)), random.bytes(80));
  const carried = [20, 21].map((number) => entry({ id: name(number), carried: true, basis: 2, inline }));
  await writer.append({ entries: carried });
  await upload(3);
  nowMs += 50 * hourMs;
  await writer.append({
    retired: [
      { kind: "segment", id: name(2) },
      { kind: "record", slot: 2 },
      { kind: "intent", id: name(21) },
    ],
  });
  nowMs += 25 * hourMs;
});

describe("a sweep", () => {
  test("deletes what was retired a grace time ago and what nobody named, and keeps the rest", async () => {
    const before = await keys();
    const done = await run(store);
    const gone = [
      ...[2, 3].flatMap((number) => [packKey(name(number)), indexKey(name(number))]),
      ...[21, 22].map((number) => intentKey(name(number))),
    ];
    expect(done).toMatchObject({ deletedKeys: 6, releasedRecords: 1 });
    expect((await keys()).sort()).toEqual([...before.filter((key) => !gone.includes(key)), recordKey(5)].sort());
    expect(done.state.retired.size).toBe(0);
    expect([...done.state.doomed.keys()].sort()).toEqual([...gone, recordKey(2)].sort());
    await checkCatalogue(store);
    // Nothing is left to be done, and to look costs no record.
    expect(await run(store)).toMatchObject({ deletedKeys: 0, releasedRecords: 0, state: { slot: 5 } });
  });

  test("names its victims before it deletes them", async () => {
    const writes: string[] = [];
    const watched = visited(store, async ({ operation, key }, send) => {
      if (operation === "create" || operation === "delete") writes.push(`${operation} ${key.split("/")[0]}`);
      return send();
    });
    await run(watched);
    expect(writes).toEqual(["create doomed", "delete doomed", "create journal", "delete objects"]);
  });

  test("counts the grace time from when a pack was retired, not from when it was written", async () => {
    await writer.append({ retired: [{ kind: "segment", id: name(1) }] });
    await run(store);
    expect(await has(packKey(name(1)), packKey(name(2)))).toEqual([true, false]);
    nowMs += 25 * hourMs;
    await run(store);
    expect(await has(packKey(name(1)))).toEqual([false]);
  });

  test("leaves an upload alone that a push may still name", async () => {
    await upload(4);
    await run(store);
    expect(await has(packKey(name(4)), packKey(name(3)))).toEqual([true, false]);
  });

  test("sends back who slept meanwhile and names a victim", async () => {
    const { state } = await run(store);
    const push = entry({ basis: 3, last: 999, moves: [move("refs/heads/z", 0, 9)], segments: [await upload(99)] });
    const named = { ...push, segments: [{ ...(push.segments[0] as Segment), id: name(3) }] };
    expect(judge(state, named)?.letters).toBe("r");
    expect(judge(state, push)?.letters).toBe("a");
  });

  test("starts again when a push has named what it was about to doom", async () => {
    const segment = await upload(5);
    nowMs += 30 * hourMs;
    let isTaken = false;
    const raced = visited(store, async ({ operation, key }, send) => {
      if (operation === "create" && key.startsWith("journal/") && !isTaken) {
        isTaken = true;
        await writer.push({ segments: [segment] });
      }
      return send();
    });
    const { state } = await run(raced);
    expect(state.packs.has(`segment ${segment.id}`)).toBe(true);
    expect(await has(packKey(segment.id), packKey(name(3)))).toEqual([true, false]);
    await checkCatalogue(store);
  });

  test("removes old snapshots, but the newest of each 4,096 slots and the one that `latest` names", async () => {
    const { trunkId } = writer.state;
    for (const slot of [0, 2, 3, 4100, 4200, 9000])
      await store.create(snapshotKey(slot, name(slot)), encodeSnapshot({ ...unborn, trunkId, slot }));
    await writer.latest(1, await writer.snapshot(1));
    nowMs += 25 * hourMs;
    await run(store);
    const left = (await store.list("refs/")).keys.map(({ key }) => snapshotKeySlot(key));
    expect(left).toEqual([9000, 4200, 3, 1]);
    expect(await has(latestKey)).toEqual([true]);
  });

  test("removes more than one record can name", async () => {
    for (let number = 0; number < 700; number++) {
      await store.create(packKey(name(5000 + number)), Uint8Array.of(1));
      await store.create(indexKey(name(5000 + number)), Uint8Array.of(1));
    }
    nowMs += 25 * hourMs;
    const { deletedKeys, state } = await run(store);
    expect([deletedKeys, state.slot]).toEqual([1406, 6]);
    expect((await store.list("objects/")).keys).toHaveLength(2);
  });
});

describe("clocks", () => {
  test("of this machine do not matter", async () => {
    // `run` says that it is 1970; the store knows better.
    expect(await run(store)).toMatchObject({ deletedKeys: 6 });
  });

  test.each([-365 * 24 * hourMs, 365 * 24 * hourMs])(
    "of the store that jump by %i ms harm nothing that is needed",
    async (jumpMs) => {
      nowMs += jumpMs;
      await upload(6);
      await run(store);
      await checkCatalogue(store);
      expect(await has(packKey(name(6)), packKey(name(3)))).toEqual([true, jumpMs < 0]);
    },
  );
});

describe("the grace time", () => {
  test.each([0, 1, hourMs - 1])("of %i ms is refused unless it is forced", async (graceMs) => {
    const before = await keys();
    expect(await run(store, { graceMs }).catch((error) => error.code)).toBe("INVALID_ARGUMENT");
    expect(await keys()).toEqual(before);
    await upload(7);
    nowMs += graceMs + 1;
    await run(store, { graceMs, force: true });
    expect(await has(packKey(name(7)))).toEqual([false]);
    await checkCatalogue(store);
  });

  test.each([-1, Number.NaN])("of %d is none", async (graceMs) => {
    expect(await run(store, { graceMs, force: true }).catch((error) => error.code)).toBe("INVALID_ARGUMENT");
  });
});

describe("what goes wrong", () => {
  test.each(["before", "after"] as const)(
    "killed %s any request, it loses nothing, and the next one ends it",
    async (when) => {
      let runs = 0;
      for (let index = 0; ; index++) {
        const copy = new MemoryBackend({ now: () => nowMs });
        for (const key of await keys()) await copy.create(key, (await (await store.get(key))?.bytes()) as Uint8Array);
        nowMs += 25 * hourMs;
        const end = Promise.withResolvers<"died">();
        const dying = faults(copy, [{ index, fault: { kind: "crash", when } }], { crash: () => end.resolve("died") });
        const outcome = await Promise.race([run(dying).then(() => "done"), end.promise]);
        await checkCatalogue(copy);
        nowMs += 25 * hourMs;
        const { state } = await run(copy);
        await checkCatalogue(copy);
        const rest = await keys(copy);
        expect(rest.filter((key) => key.startsWith("doomed/"))).toEqual([]);
        expect(rest.filter((key) => key.startsWith("objects/"))).toHaveLength(2);
        expect(rest.filter((key) => key.startsWith("intents/"))).toHaveLength(1);
        expect(state.retired.size).toBe(0);
        runs++;
        if (outcome === "done") break;
      }
      expect(runs).toBeGreaterThan(10);
    },
  );

  test("lost answers and late effects at any write", async () => {
    for (const fault of [{ kind: "lost-answer" }, { kind: "late-effect", afterRequests: 3 }] as const) {
      for (let skip = 0; skip < 4; skip++) {
        const copy = await copyOf(store);
        const faulty = faults(copy, [{ skip, fault }]);
        await run(faulty, { graceMs: 0, force: true }).catch((error) => {
          if (!isTrunksError(error, "OUTCOME_UNKNOWN")) throw error;
        });
        await faulty.settle();
        await checkCatalogue(copy);
      }
    }
  });

  test("two at once", async () => {
    await Promise.all([run(store), run(store), run(store)]);
    await checkCatalogue(store);
    expect((await store.list("objects/")).keys).toHaveLength(2);
  });

  test("a store that lists late is swept later", async () => {
    const late = visited(store, async ({ operation, key }, send) => {
      const page = (await send()) as { keys: readonly { key: string }[]; more: boolean };
      if (operation !== "list" || key !== "doomed/") return page;
      return { keys: [], more: false };
    });
    // The newest record, by whose date it goes, is a day and an hour old: what is retired by it is not.
    expect(await run(late)).toMatchObject({ releasedRecords: 0 });
    const state = await new Repository(store).readExisting();
    await store.create(recordKey(state.slot + 1), encodeRecord(recordAfter(state)).bytes);
    expect(await run(late)).toMatchObject({ releasedRecords: 1 });
    await checkCatalogue(store);
  });
});
