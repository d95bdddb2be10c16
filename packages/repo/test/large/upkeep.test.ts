import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { encodeRecord } from "../../src/format/record.ts";
import { recordBehind } from "../../src/journal/record-behind.ts";
import { randomId } from "../../src/platform.ts";
import { trunkObjects } from "../../src/transfer/objects.ts";
import { collect } from "../../src/upkeep/collect.ts";
import { compact } from "../../src/upkeep/compact.ts";
import { sweep } from "../../src/upkeep/sweep.ts";
import { SeededRandom } from "../seeded-random.ts";
import { visited } from "../wrapped-backend.ts";
import { LargeTrunk } from "./large-trunk.ts";

const dayMs = 24 * 3_600_000;
let nowMs = 0;
const first = new SeededRandom(1).bytes(30_000);
/** Shares most of its chunks with the first. */
const second = new Uint8Array(first);
second.set(new SeededRandom(2).bytes(300), 15_000);
const other = new SeededRandom(3).bytes(30_000);

let trunk: LargeTrunk;
beforeEach(async () => {
  nowMs = 1_700_000_000_000;
  trunk = await new LargeTrunk("sha1", () => nowMs).begin();
});
afterEach(() => trunk.remove());

/** Drops what no ref has reached for a month, and deletes what was dropped a day ago. */
async function clean() {
  nowMs += 31 * dayMs;
  const collection = await collect(trunk.open(), { newId: randomId });
  nowMs += 2 * dayMs;
  const swept = await sweep(trunk.open(), { newId: randomId });
  return { collection, swept };
}

async function read(content: Uint8Array): Promise<boolean> {
  const state = await trunk.open().readExisting();
  const object = await trunkObjects(trunk.store, state).read(trunk.blobId(content));
  return object !== undefined && Buffer.from(object.data).equals(content);
}

describe("containers under upkeep", () => {
  test("stay as long as something is made of them", async () => {
    await trunk.push("main", { large: first });
    await trunk.push("topic", { large: second });
    await trunk.delete("main");
    const before = await trunk.keys("chunks/");
    await compact(trunk.open(), { newId: randomId });
    const { swept } = await clean();
    // The manifest of the first was in a container with some of its chunks; most others are the second's too.
    expect((await trunk.open().readExisting()).dropped).toBeGreaterThan(0);
    expect(await read(first)).toBe(false);
    expect((await trunk.keys("chunks/")).length).toBe(before.length);
    expect(swept.deletedKeys).toBeLessThan(10);
    expect(await read(second)).toBe(true);
  });

  test("go when nothing is, behind the grace time", async () => {
    await trunk.push("main", { large: first });
    const kept = await trunk.keys("chunks/");
    await trunk.push("topic", { large: other });
    await trunk.delete("topic");
    nowMs += 31 * dayMs;
    const { state, retiredSize } = await collect(trunk.open(), { newId: randomId });
    expect(retiredSize).toBeGreaterThan(30_000);
    expect(state.dropped).toBe(state.slot);
    await sweep(trunk.open(), { newId: randomId });
    expect((await trunk.keys("chunks/")).length).toBeGreaterThan(kept.length);
    nowMs += 2 * dayMs;
    await sweep(trunk.open(), { newId: randomId });
    expect(await trunk.keys("chunks/")).toEqual(kept);
    expect(await read(first)).toBe(true);
    expect(await read(other)).toBe(false);
    // With the last of them the trunk can be read by everyone again.
    await trunk.delete("main");
    await trunk.push("new", { small: Uint8Array.of(1) });
    await clean();
    expect(await trunk.keys("chunks/")).toEqual([]);
  });

  test("that a push leans on and that were retired meanwhile send it back", async () => {
    await trunk.push("main", { large: first });
    const repository = trunk.open();
    const state = await repository.readExisting();
    await trunk.delete("main");
    nowMs += 31 * dayMs;
    await collect(trunk.open(), { newId: randomId });
    expect((await trunk.push("late", { large: second }, { state, repository })).kind).toBe("repack");
    expect((await trunk.push("late", { large: second })).kind).toBe("decided");
    expect(await read(second)).toBe(true);
  });

  test("that were swept away are not leaned on", async () => {
    await trunk.push("main", { large: first });
    const repository = trunk.open();
    const state = await repository.readExisting();
    await trunk.delete("main");
    await clean();
    expect((await trunk.push("late", { large: second }, { state, repository })).kind).toBe("decided");
    expect(await read(second)).toBe(true);
  });

  test("that nobody has named are swept like any upload", async () => {
    await trunk.push("main", { large: first });
    const kept = await trunk.keys("chunks/");
    for (const ending of ["pack", "idx"]) await trunk.store.create(`chunks/${randomId()}.${ending}`, Uint8Array.of(1));
    nowMs += 2 * dayMs;
    expect(await sweep(trunk.open(), { newId: randomId })).toMatchObject({ deletedKeys: 2 });
    expect(await trunk.keys("chunks/")).toEqual(kept);
  });

  test("are kept when a push that needs them comes in beside a collection", async () => {
    await trunk.push("main", { large: first });
    await trunk.delete("main");
    nowMs += 31 * dayMs;
    // The push takes the slot that the collection wanted.
    let pushed = false;
    const racing = visited(trunk.store, async ({ operation, key }, send) => {
      if (operation === "create" && key.startsWith("journal/") && !pushed) {
        pushed = true;
        await trunk.push("topic", { large: second });
      }
      return send();
    });
    await collect(trunk.open(racing), { newId: randomId });
    expect(pushed).toBe(true);
    expect(await read(second)).toBe(true);
    nowMs += 31 * dayMs;
    await sweep(trunk.open(), { newId: randomId });
    expect(await read(second)).toBe(true);
  });
});

test("a record that has to do with containers says so, for readers that know none", async () => {
  await trunk.push("main", { large: first });
  const state = await trunk.open().readExisting();
  const text = async (slot: number) =>
    new TextDecoder("latin1").decode(await (await trunk.store.get(`journal/${999_999_999_999_999 - slot}`))?.bytes());
  expect(await text(0)).toContain("\nrequire containers\n");
  const [name] = [...state.packs.values()].flatMap((pack) => (pack.name.kind === "container" ? [pack.name] : []));
  const retiring = encodeRecord(recordBehind(state, { retired: name === undefined ? [] : [name] }));
  expect(new TextDecoder("latin1").decode(retiring.bytes)).toContain("\nrequire containers\n");
  await trunk.delete("main");
  expect(await text(1)).not.toContain("require");
});
