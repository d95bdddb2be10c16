import { type Backend, isTrunksError } from "@trunks/core";
import { MemoryBackend } from "@trunks/core/memory";
import { faults } from "@trunks/layers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { indexKey, recordKey } from "../../src/format/key.ts";
import { isThin, type Segment } from "../../src/format/pack-name.ts";
import { encodeRecord } from "../../src/format/record.ts";
import { decodeSnapshot, encodeSnapshot } from "../../src/format/snapshot.ts";
import { randomId } from "../../src/platform.ts";
import { Repository } from "../../src/repository.ts";
import { trunkObjects } from "../../src/transfer/objects.ts";
import { verifyThinSegment } from "../../src/transfer/thin-segment.ts";
import { compact } from "../../src/upkeep/compact.ts";
import { reachableObjects } from "../../src/upkeep/reachable.ts";
import { memoryScratch } from "../../src/upkeep/scratch.ts";
import { entry, move, recordAfter } from "../samples.ts";
import { visited } from "../wrapped-backend.ts";
import { clonedObjects, copyOf, PushedTrunk } from "./pushed-trunk.ts";

const run = (backend: Backend) => compact(new Repository(backend), { newId: randomId });
const thinness = async (backend: Backend) =>
  [...(await new Repository(backend).readExisting()).packs.values()]
    .filter(({ name }) => name.kind === "segment")
    .map(isThin);
const kinds = async (backend: Backend) =>
  [...(await new Repository(backend).readExisting()).packs.values()].map(({ name }) => name.kind);

describe.each(["sha1", "sha256"] as const)("a trunk of many pushes, %s", (format) => {
  let trunk: PushedTrunk;
  let expected: string[];

  beforeAll(async () => {
    trunk = await new PushedTrunk(format).begin();
    await trunk.push("main", { segment: true });
    for (let pushes = 0; pushes < 66; pushes++) await trunk.push(pushes % 8 === 3 ? "side" : "main");
    expected = trunk.expected(await trunk.repository.readExisting());
  }, 120_000);
  afterAll(() => trunk.remove());

  test("becomes one segment, of which stock git makes the same clone", async () => {
    const store = await copyOf(trunk.store);
    const compaction = await run(store);
    expect(compaction).toMatchObject({ retiredPacks: 67, segments: 1 });
    expect(compaction.writtenSize).toBeLessThan(1.3 * compaction.retiredSize);
    expect(await kinds(store)).toEqual(["segment"]);
    expect(compaction.state.retired.size).toBe(67);
    expect(compaction.state.dropped).toBe(-1);
    expect(await clonedObjects(store)).toEqual(expected);
    expect(await run(store)).toMatchObject({ retiredPacks: 0, segments: 0 });
  });

  test("keeps what it retires readable", async () => {
    const store = await copyOf(trunk.store);
    const before = (await store.list("")).keys.map(({ key }) => key);
    await run(store);
    const after = new Set((await store.list("")).keys.map(({ key }) => key));
    expect(before.filter((key) => !after.has(key))).toEqual([]);
  });

  test("takes what has room, when there is little", async () => {
    const store = await copyOf(trunk.store);
    const compaction = await compact(new Repository(store), { newId: randomId, scratch: memoryScratch(4096) });
    expect(compaction.retiredPacks).toBeGreaterThan(1);
    expect(compaction.retiredPacks).toBeLessThan(64);
    expect(await thinness(store)).toEqual([false, true]);
    expect(await clonedObjects(store)).toEqual(expected);
  });
});

describe.each(["sha1", "sha256"] as const)("a trunk of many pushes beside a large segment, %s", (format) => {
  let trunk: PushedTrunk;
  let expected: string[];

  beforeAll(async () => {
    trunk = await new PushedTrunk(format, Date.now, 300).begin();
    await trunk.push("main", { segment: true });
    for (let pushes = 0; pushes < 64; pushes++) await trunk.push();
    expected = trunk.expected(await trunk.repository.readExisting());
  }, 120_000);
  afterAll(() => trunk.remove());

  test("gets a thin segment, which repeats nothing", async () => {
    const store = await copyOf(trunk.store);
    const compaction = await run(store);
    expect(compaction).toMatchObject({ retiredPacks: 64, segments: 1 });
    expect(compaction.writtenSize).toBeLessThan(compaction.retiredSize);
    expect(await thinness(store)).toEqual([false, true]);
    expect(await clonedObjects(store)).toEqual(expected);
    expect(await run(store)).toMatchObject({ retiredPacks: 0, segments: 0 });
  });

  test("which is read without git, and from a snapshot", async () => {
    const store = await copyOf(trunk.store);
    const { state } = await run(store);
    expect(decodeSnapshot(encodeSnapshot(state), "a snapshot").packs).toEqual(new Map(state.packs));
    const read = [];
    for await (const { id } of trunkObjects(store, state).readMany(expected)) read.push(id);
    expect(read.sort()).toEqual(expected);
  });

  test("which stops who does not know it, and whose own index is held against it", async () => {
    const store = await copyOf(trunk.store);
    const { state } = await run(store);
    const record = await (await store.get(recordKey(state.slot)))?.bytes();
    expect(Buffer.from(record as Uint8Array).toString()).toMatch(/\nrequire thin\nretire /);
    expect(Buffer.from(encodeSnapshot(state)).toString()).toMatch(/\nrequire thin\nhorizon /);
    const [one, thin] = [...state.packs.values()].map(({ pack }) => pack as Segment) as [Segment, Segment];
    await expect(verifyThinSegment(store, state, thin)).resolves.toBeUndefined();
    const { indexSize, indexDigest } = one;
    const index = await (await store.get(indexKey(one.id)))?.bytes();
    await store.put(indexKey(thin.id), index as Uint8Array);
    const wrong = verifyThinSegment(store, state, { ...thin, indexSize, indexDigest });
    await expect(wrong).rejects.toMatchObject({ code: "CORRUPT" });
  });

  test("and is made anew when something was dropped meanwhile", async () => {
    const store = await copyOf(trunk.store);
    const uploads: string[] = [];
    const busy = visited(store, async ({ operation, key }, send) => {
      if (operation === "create" && key.endsWith(".pack")) uploads.push(key);
      if (operation === "create" && key.startsWith("journal/") && uploads.length === 1) {
        const record = recordAfter(await new Repository(store).readExisting(), { drop: true });
        await store.create(recordKey(record.slot), encodeRecord(record).bytes);
      }
      return send();
    });
    expect(await run(busy)).toMatchObject({ retiredPacks: 64, segments: 1 });
    expect(uploads).toHaveLength(2);
    expect(await thinness(store)).toEqual([false, true]);
    expect(await clonedObjects(store)).toEqual(expected);
  });
});

describe("beside others", () => {
  let trunk: PushedTrunk;
  let expected: string[];

  beforeAll(async () => {
    trunk = await new PushedTrunk().begin();
    for (let pushes = 0; pushes < 64; pushes++) await trunk.push();
    expected = trunk.expected(await trunk.repository.readExisting());
  }, 120_000);
  afterAll(() => trunk.remove());

  /** A record of another writer in the next slot. */
  async function overtake(store: Backend, number: number): Promise<void> {
    const state = await new Repository(store).readExisting();
    const push = entry({ basis: state.slot, last: 1e6, moves: [move(`refs/heads/other-${number}`, 0, 0)] });
    const record = recordAfter(state, { entries: [push] });
    await store.create(recordKey(record.slot), encodeRecord(record).bytes);
  }

  test("a slot that a push has taken: the next one is tried, with the same segment", async () => {
    const store = await copyOf(trunk.store);
    let overtaken = 0;
    const busy = visited(store, async ({ operation, key }, send) => {
      if (operation === "create" && key.startsWith("journal/") && overtaken++ < 3) await overtake(store, overtaken);
      return send();
    });
    expect(await run(busy)).toMatchObject({ retiredPacks: 64, segments: 1 });
    expect((await store.list("objects/")).keys).toHaveLength(2);
    expect(await clonedObjects(store)).toEqual(expected);
  });

  test("of two at once one does the work, and the other leaves nothing behind", async () => {
    const store = await copyOf(trunk.store);
    const [one, two] = await Promise.all([run(store), run(store)]);
    expect([one.segments, two.segments].sort()).toEqual([0, 1]);
    expect(await kinds(store)).toEqual(["segment"]);
    expect((await store.list("objects/")).keys).toHaveLength(2);
    expect(await clonedObjects(store)).toEqual(expected);
  });

  test("a doom that names its upload: nothing of it comes into the catalogue", async () => {
    const store = await copyOf(trunk.store);
    let doomed = false;
    const swept = visited(store, async ({ operation, key }, send) => {
      if (operation === "create" && key.startsWith("journal/") && !doomed) {
        doomed = true;
        const state = await new Repository(store).readExisting();
        const keys = (await store.list("objects/")).keys.map((listed) => listed.key);
        const record = recordAfter(state, { doomed: keys });
        await store.create(recordKey(record.slot), encodeRecord(record).bytes);
        await store.delete(keys);
      }
      return send();
    });
    expect(await run(swept)).toMatchObject({ retiredPacks: 64 });
    expect(await clonedObjects(store)).toEqual(expected);
  });

  test.each(["before", "after"] as const)(
    "killed %s any request, it leaves a whole trunk, and the next run ends it",
    async (when) => {
      let changed = 0;
      for (let index = 0; ; index++) {
        const store = await copyOf(trunk.store);
        const { keys: before } = await store.list("");
        const died = Symbol("died");
        const end = Promise.withResolvers<typeof died>();
        const dying = faults(store, [{ index, fault: { kind: "crash", when } }], { crash: () => end.resolve(died) });
        const outcome = await Promise.race([run(dying), end.promise]);
        // Where nothing was written there is nothing to be seen.
        if ((await store.list("")).keys.length === before.length) continue;
        changed++;
        expect(await objectsOf(store)).toEqual(expected);
        await run(store);
        expect(await objectsOf(store)).toEqual(expected);
        expect(await kinds(store)).toEqual(["segment"]);
        if (outcome === died) continue;
        expect(index).toBeGreaterThan(64);
        expect(changed).toBeGreaterThan(when === "before" ? 2 : 3);
        return;
      }
    },
    240_000,
  );

  test("lost answers and late effects at any write", async () => {
    for (const fault of [{ kind: "lost-answer" }, { kind: "late-effect", afterRequests: 2 }] as const) {
      for (let skip = 0; skip < 4; skip++) {
        const store = await copyOf(trunk.store);
        const faulty = faults(store, [{ operation: "create", skip, fault }]);
        try {
          await run(faulty);
        } catch (error) {
          if (!isTrunksError(error, "OUTCOME_UNKNOWN")) throw error;
        }
        await faulty.settle();
        await run(store);
        expect(await kinds(store)).toEqual(["segment"]);
        expect(await objectsOf(store)).toEqual(expected);
      }
    }
  });

  /** As `clonedObjects`, without git: every object of the refs is read and proved by its id. */
  async function objectsOf(store: Backend): Promise<string[]> {
    const state = await new Repository(store).readExisting();
    const tips = [...state.refs.values()].map(({ id }) => id);
    return [...(await reachableObjects({ backend: store, state, records: [] }, tips))].sort();
  }
});

test("an empty trunk has nothing to be compacted", async () => {
  const store = new MemoryBackend();
  await new Repository(store).create();
  expect(await run(store)).toMatchObject({ retiredPacks: 0, segments: 0, writtenSize: 0 });
  expect((await store.list("")).keys).toHaveLength(1);
});
