import type { Backend } from "@trunks/core";
import { MemoryBackend } from "@trunks/core/memory";
import { faults } from "@trunks/layers";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { isThin } from "../../src/format/pack-name.ts";
import { randomId } from "../../src/platform.ts";
import { Repository } from "../../src/repository.ts";
import { trunkObjects } from "../../src/transfer/objects.ts";
import { collect } from "../../src/upkeep/collect.ts";
import { compact } from "../../src/upkeep/compact.ts";
import { reachableObjects } from "../../src/upkeep/reachable.ts";
import { sweep } from "../../src/upkeep/sweep.ts";
import { visited } from "../wrapped-backend.ts";
import { clonedObjects, PushedTrunk } from "./pushed-trunk.ts";

const dayMs = 24 * 3_600_000;
let nowMs = 1_700_000_000_000;
const run = (backend: Backend, options = {}) => collect(new Repository(backend), { newId: randomId, ...options });

async function copied(store: Backend): Promise<MemoryBackend> {
  const copy = new MemoryBackend({ now: () => nowMs });
  const dated = (await store.list("")).keys;
  const endMs = nowMs;
  for (const { key, modifiedMs } of dated) {
    nowMs = modifiedMs;
    await copy.create(key, (await (await store.get(key))?.bytes()) as Uint8Array);
  }
  nowMs = endMs;
  return copy;
}

/** Every object of the catalogue's packs that can be had. */
async function objectsIn(store: Backend, ids: readonly string[]): Promise<string[]> {
  const state = await new Repository(store).readExisting();
  const reader = trunkObjects(store, state);
  const found: string[] = [];
  for await (const { id } of reader.readMany(ids, { skipMissing: true })) found.push(id);
  return found;
}

describe("a trunk with a deleted branch and a rewritten one", () => {
  let trunk: PushedTrunk;
  let store: MemoryBackend;
  /** Tips that no ref points to. */
  let lost: string[];
  let expected: string[];

  beforeAll(async () => {
    trunk = await new PushedTrunk("sha1", () => nowMs).begin();
    await trunk.push("main", { segment: true });
    for (let pushes = 0; pushes < 4; pushes++) await trunk.push("main");
    lost = [await trunk.push("topic", { segment: true }), await trunk.push("topic"), await trunk.push("other")];
    await trunk.push("main");
    await trunk.delete("topic");
    await trunk.push("other", { force: true });
    for (let pushes = 0; pushes < 3; pushes++) await trunk.push("main");
    expected = trunk.expected(await trunk.repository.readExisting());
  }, 60_000);
  afterAll(() => trunk.remove());
  beforeEach(async () => {
    nowMs = 1_700_000_000_000 + 31 * dayMs;
    store = await copied(trunk.store);
  });

  test("loses what no ref reaches when the retention is over, and git finds the rest whole", async () => {
    expect((await objectsIn(store, lost)).sort()).toEqual([...lost].sort());
    const collection = await run(store);
    expect(collection.droppedObjects).toBeGreaterThan(5);
    expect(collection.keptObjects).toBe(expected.length);
    expect(collection.state.dropped).toBe(collection.state.slot);
    expect(await objectsIn(store, lost)).toEqual([]);
    expect(await clonedObjects(store)).toEqual(expected);
    const before = (await store.list("objects/")).keys.length;
    nowMs += 2 * dayMs;
    await sweep(new Repository(store), { newId: randomId });
    expect((await store.list("objects/")).keys.length).toBeLessThan(before);
    expect(await clonedObjects(store)).toEqual(expected);
    expect(await run(store)).toMatchObject({ droppedObjects: 0, retiredSize: 0 });
  });

  test("keeps what the log of refs reaches", async () => {
    expect(await run(store, { retentionMs: 60 * dayMs })).toMatchObject({ droppedObjects: 0, writtenSize: 0 });
    expect(await objectsIn(store, lost)).toHaveLength(lost.length);
    await run(store, { retentionMs: 0 });
    expect(await objectsIn(store, lost)).toEqual([]);
  });

  test("a push that brings back what is about to go: the work begins again", async () => {
    let isBack = false;
    const raced = visited(store, async ({ operation, key }, send) => {
      if (operation === "create" && key.startsWith("journal/") && !isBack) {
        isBack = true;
        const other = new Repository(store);
        const state = await other.readExisting();
        // Its writer had the trunk as it was when the branch was there, and knows that the object is.
        const moves = [{ ref: "refs/heads/back", oldId: undefined, newId: lost[1] }];
        await other.publish({ moves, basis: state.slot, assumed: [] });
      }
      return send();
    });
    const { state } = await run(raced);
    expect(state.refs.get("refs/heads/back")?.id).toBe(lost[1]);
    expect(await clonedObjects(store)).toEqual([...trunk.expected(state)]);
    expect(await objectsIn(store, [lost[2] as string])).toEqual([]);
  });

  test.each(["before", "after"] as const)(
    "killed %s any request, every ref stays whole",
    async (when) => {
      for (let index = 0; ; index++) {
        const copy = await copied(store);
        const { keys: before } = await copy.list("");
        const end = Promise.withResolvers<"died">();
        const dying = faults(copy, [{ index, fault: { kind: "crash", when } }], { crash: () => end.resolve("died") });
        const outcome = await Promise.race([run(dying).then(() => "done"), end.promise]);
        if ((await copy.list("")).keys.length === before.length && outcome === "died") continue;
        const state = await new Repository(copy).readExisting();
        const tips = [...state.refs.values()].map(({ id }) => id);
        const source = { backend: copy, state, records: [] };
        expect([...(await reachableObjects(source, tips))].sort()).toEqual(expected);
        await run(copy);
        nowMs += 2 * dayMs;
        await sweep(new Repository(copy), { newId: randomId });
        expect(await objectsIn(copy, expected)).toHaveLength(expected.length);
        expect(await objectsIn(copy, lost)).toEqual([]);
        if (outcome === "done") return;
      }
    },
    120_000,
  );
});

describe("a trunk with a thin segment", () => {
  let trunk: PushedTrunk;
  const thinCount = async () => [...(await trunk.repository.readExisting()).packs.values()].filter(isThin).length;

  beforeEach(async () => {
    nowMs = 1_700_000_000_000;
    trunk = await new PushedTrunk("sha1", () => nowMs, 700).begin();
    await trunk.push("main", { segment: true });
    let tip = "";
    for (let pushes = 0; pushes < 62; pushes++) tip = await trunk.push();
    for (let pushes = 0; pushes < 2; pushes++) await trunk.push("topic", { from: tip });
    await compact(trunk.repository, { newId: randomId });
    await trunk.delete("topic");
    nowMs += 31 * dayMs;
  }, 120_000);
  afterEach(() => trunk.remove());

  test("has none any more when something is dropped", async () => {
    expect(await thinCount()).toBe(1);
    const expected = trunk.expected(await trunk.repository.readExisting());
    expect((await run(trunk.store)).droppedObjects).toBeGreaterThan(3);
    expect(await thinCount()).toBe(0);
    expect(await clonedObjects(trunk.store)).toEqual(expected);
  });

  test("a second one that comes in between: the work begins again", async () => {
    let came = false;
    const raced = visited(trunk.store, async ({ operation, key }, send) => {
      if (operation === "create" && key.startsWith("journal/") && !came) {
        came = true;
        for (let pushes = 0; pushes < 64; pushes++) await trunk.push();
        await compact(trunk.repository, { newId: randomId });
        expect(await thinCount()).toBe(2);
      }
      return send();
    });
    expect((await run(raced)).droppedObjects).toBeGreaterThan(3);
    expect(await thinCount()).toBe(0);
    expect(await clonedObjects(trunk.store)).toEqual(trunk.expected(await trunk.repository.readExisting()));
  }, 120_000);
});

describe("a damaged trunk", () => {
  let trunk: PushedTrunk;
  beforeEach(async () => {
    trunk = await new PushedTrunk("sha1", () => nowMs).begin();
  });
  afterEach(() => trunk.remove());

  test("is not cleaned: what is missing might be found elsewhere", async () => {
    await trunk.push("main", { segment: true });
    await trunk.push("topic", { segment: true });
    const state = await trunk.repository.readExisting();
    // A ref to a commit that nobody has.
    const moves = [{ ref: "refs/heads/broken", oldId: undefined, newId: "1".repeat(40) }];
    await trunk.repository.publish({ moves, basis: state.slot, assumed: [] });
    const { keys } = await trunk.store.list("");
    expect(await run(trunk.store, { retentionMs: 0 }).catch((error) => error.code)).toBe("CORRUPT");
    expect((await trunk.store.list("")).keys).toEqual(keys);
  });
});
