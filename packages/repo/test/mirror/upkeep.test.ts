import { MemoryBackend } from "@trunks/core/memory";
import { afterAll, beforeAll, expect, test } from "vitest";
import { addMirror } from "../../src/mirror/change.ts";
import { reportMirrors } from "../../src/mirror/report.ts";
import { syncMirror } from "../../src/mirror/sync.ts";
import { randomId } from "../../src/platform.ts";
import { Repository } from "../../src/repository.ts";
import { compact } from "../../src/upkeep/compact.ts";
import { sweep } from "../../src/upkeep/sweep.ts";
import { clonedObjects, copyOf, PushedTrunk } from "../upkeep/pushed-trunk.ts";

const dayMs = 24 * 3_600_000;
let nowMs = 1_700_000_000_000;
let trunk: PushedTrunk;

/** A trunk of many small packs. */
beforeAll(async () => {
  trunk = await new PushedTrunk("sha1", () => nowMs).begin();
  for (let pushes = 0; pushes < 40; pushes++) await trunk.push("main", { segment: pushes % 2 === 0 });
}, 120_000);
afterAll(() => trunk.remove());

/** Gives the trunk in a store a mirror of each kind. */
async function mirrored(store: MemoryBackend) {
  const now = () => nowMs;
  const stores = { strict: new MemoryBackend({ now }), lagging: new MemoryBackend({ now }) };
  const openPlace = async ({ name }: { name: string }) =>
    new MemoryBackend({ storeOf: stores[name as keyof typeof stores] });
  const open = () => new Repository(store, { openPlace, sleep: async () => {} });
  const repository = open();
  for (const name of ["strict", "lagging"] as const) {
    const mirror = { name, mode: name, url: `local:///${name}/trunks/app.trunk` };
    await addMirror(repository, mirror, { name: "primary", url: "local:///primary/trunks/app.trunk" });
  }
  return { ...stores, open, repository };
}

async function packs(store: MemoryBackend): Promise<string[]> {
  return (await store.list("objects/")).keys.map(({ key }) => key);
}

test("a compaction that another writer has made useless leaves nothing in a mirror", async () => {
  const store = await copyOf(trunk.store);
  const { open, strict } = await mirrored(store);
  const outcomes = await Promise.all([open(), open()].map((one) => compact(one, { newId: randomId })));
  expect(outcomes.map(({ segments }) => segments).sort()).toEqual([0, 1]);
  expect(await packs(strict)).toEqual(await packs(store));
}, 120_000);

test("what is made few in the primary is few in its mirrors, and what is swept there is swept in them", async () => {
  const { repository, strict, lagging } = await mirrored(trunk.store);
  const expected = trunk.expected(await repository.readExisting());
  const before = await packs(trunk.store);
  expect(await compact(repository, { newId: randomId })).toMatchObject({ segments: 1 });
  nowMs += 2 * dayMs;
  const { deletedKeys } = await sweep(repository, { newId: randomId });
  expect(deletedKeys).toBeGreaterThan(10);
  const after = await packs(trunk.store);
  expect(after.length).toBeLessThan(before.length);
  expect(await packs(strict)).toEqual(after);
  expect(await clonedObjects(strict)).toEqual(expected);

  // The lagging one is brought up by the next who has time for it.
  expect(await packs(lagging)).toEqual(before);
  await syncMirror(repository, "lagging");
  expect(await packs(lagging)).toEqual(after);
  expect(await clonedObjects(lagging)).toEqual(expected);
  expect(await reportMirrors(repository, await repository.readExisting())).toMatchObject([
    { name: "lagging", behind: 0 },
    { name: "strict", behind: 0 },
  ]);
}, 120_000);
