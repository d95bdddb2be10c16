import { MemoryBackend } from "@trunks/core/memory";
import { beforeEach, expect, test } from "vitest";
import { recordKey, snapshotKey } from "../../src/format/key.ts";
import { decodeSlot } from "../../src/format/record.ts";
import { encodeSnapshot } from "../../src/format/snapshot.ts";
import { randomId } from "../../src/platform.ts";
import { Repository } from "../../src/repository.ts";
import { stubOldRecords } from "../../src/upkeep/old-records.ts";
import { sweep } from "../../src/upkeep/sweep.ts";
import { JournalWriter } from "../journal-writer.ts";
import { inlineOf, move, name } from "../samples.ts";
import { SeededRandom } from "../seeded-random.ts";

const dayMs = 24 * 3_600_000;
let nowMs: number;
let store: MemoryBackend;
let writer: JournalWriter;

/** Four pushes of some size, of which the first two are made one segment. */
beforeEach(async () => {
  nowMs = 1_700_000_000_000;
  store = new MemoryBackend({ now: () => nowMs });
  writer = await new JournalWriter(store).begin();
  const pack = new SeededRandom(3).bytes(5000);
  for (const ref of ["a", "b", "c", "d"])
    await writer.push({ moves: [move(`refs/heads/${ref}`, 0, 1)], inline: inlineOf(pack) }, pack);
  await writer.append({ retired: [0, 1].map((slot) => ({ kind: "record", slot })) });
});

const run = () => stubOldRecords(new Repository(store), { newId: randomId });
const kinds = async () => {
  const found: string[] = [];
  for (let slot = 0; slot < 4; slot++)
    found.push(decodeSlot((await (await store.get(recordKey(slot)))?.bytes()) as Uint8Array, slot).kind);
  return found;
};

async function swept(): Promise<void> {
  nowMs += 2 * dayMs;
  const { state } = await sweep(new Repository(store), { newId: randomId });
  await new Repository(store).read();
  await store.create(snapshotKey(state.slot, name(1)), encodeSnapshot(state));
}

test("records whose packs were retired and released give way when the log of refs has passed them", async () => {
  const before = await new Repository(store).readExisting();
  await swept();
  expect(await run()).toBe(0);
  nowMs += 31 * dayMs;
  expect(await run()).toBe(2);
  expect(await kinds()).toEqual(["stub", "stub", "record", "record"]);
  const after = await new Repository(store).readExisting();
  expect([...after.refs]).toEqual([...before.refs]);
  expect([...after.packs.keys()]).toEqual([...before.packs.keys()]);
  expect(await store.create(recordKey(0), new Uint8Array(1))).toBe(false);
  expect(await run()).toBe(0);
});

test("nothing is released before the grace time of the packs is over, and nothing without a snapshot", async () => {
  await store.create(snapshotKey(4, name(2)), encodeSnapshot(writer.state));
  nowMs += 31 * dayMs;
  expect(await run()).toBe(0);
  await store.delete([snapshotKey(4, name(2))]);
  await sweep(new Repository(store), { newId: randomId });
  expect(await run()).toBe(0);
});

test("a snapshot of another journal counts for nothing", async () => {
  await swept();
  nowMs += 31 * dayMs;
  await store.put(recordKey(5), (await (await store.get(recordKey(4)))?.bytes()) as Uint8Array);
  await expect(run()).rejects.toMatchObject({ code: "CORRUPT" });
  expect(await kinds()).toEqual(["record", "record", "record", "record"]);
});
