import { MemoryBackend } from "@trunks/core/memory";
import { beforeEach, describe, expect, test } from "vitest";
import { recordKey, snapshotKey } from "../../src/format/key.ts";
import { decodeSlot } from "../../src/format/record.ts";
import type { State } from "../../src/format/state.ts";
import { readCold, readForward } from "../../src/journal/read.ts";
import { Repository } from "../../src/repository.ts";
import { writeSnapshot } from "../../src/upkeep/snapshot.ts";
import { writeStubs } from "../../src/upkeep/stub.ts";
import { JournalWriter } from "../journal-writer.ts";
import { inlineOf, move, name, oid } from "../samples.ts";

const bytes = new Uint8Array(5000);
let nowMs: number;
let store: MemoryBackend;
let writer: JournalWriter;

/** Nine pushes with packs; then the first five are retired, and of these the first three doomed. */
beforeEach(async () => {
  nowMs = 1_700_000_000_000;
  store = new MemoryBackend({ now: () => nowMs });
  writer = await new JournalWriter(store).begin();
  for (let number = 0; number < 9; number++) {
    await writer.push({ moves: [move(`refs/heads/${number}`, 0, number + 1)], inline: inlineOf(bytes) }, bytes);
  }
  await writer.append({ retired: [0, 1, 2, 3, 4].map((slot) => ({ kind: "record", slot }) as const) });
  await writer.append({ doomed: [0, 1, 2].map(recordKey) });
  nowMs += 86_400_000;
});

async function kinds(): Promise<string> {
  const letters: string[] = [];
  for (let slot = 0; slot <= writer.state.slot; slot++) {
    const content = decodeSlot((await (await store.get(recordKey(slot)))?.bytes()) as Uint8Array, slot);
    letters.push(content.kind === "stub" ? "s" : "r");
  }
  return letters.join("");
}

async function stub(beforeMs = nowMs): Promise<number> {
  await writeSnapshot(store, writer.state, name(1));
  return writeStubs(store, writer.state, { beforeMs, snapshotKey: snapshotKey(writer.state.slot, name(1)) });
}

describe("stubs", () => {
  test("stand for records whose packs are doomed, and for no others", async () => {
    expect(await stub()).toBe(3);
    expect(await kinds()).toBe("sssrrrrrrrr");
    expect(await stub()).toBe(0);
  });

  test("stand for no record that the log of refs still wants", async () => {
    expect(await stub(nowMs - 86_400_000)).toBe(0);
  });

  test("keep the slot filled: a writer that slept since then is told what became of the ref", async () => {
    const sleeper = new Repository(store);
    const asleep = { state: writer.states[0] as State };
    await stub();
    for (const slot of [0, 1, 2]) expect(await store.create(recordKey(slot), bytes)).toBe(false);
    expect((await readForward(store, asleep.state)).state).toEqual((await readCold(store))?.state);
    await sleeper.read();
    const moves = [{ ref: "refs/heads/1", oldId: undefined, newId: oid(99) }];
    const outcome = await sleeper.publish({ moves, basis: asleep.state.slot, assumed: [] });
    expect(outcome).toMatchObject({ kind: "decided", moves: ["stale"] });
  });
});
