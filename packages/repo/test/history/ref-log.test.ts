import { MemoryBackend } from "@trunks/core/memory";
import { trace } from "@trunks/layers";
import { beforeEach, describe, expect, test } from "vitest";
import { recordKey } from "../../src/format/key.ts";
import type { RecordEntry } from "../../src/format/record.ts";
import { type LogEnd, type LogEntry, readRefLog } from "../../src/history/ref-log.ts";
import { readRefLogPage } from "../../src/history/ref-log-page.ts";
import { JournalWriter } from "../journal-writer.ts";
import { entry, inlineOf, move, name, oid } from "../samples.ts";

const main = "refs/heads/main";
let store: MemoryBackend;
let writer: JournalWriter;

beforeEach(async () => {
  store = new MemoryBackend();
  writer = await new JournalWriter(store).begin();
});

async function logOf(backend = store): Promise<{ log: LogEntry[]; end: LogEnd }> {
  const steps = readRefLog(backend, writer.state);
  const log: LogEntry[] = [];
  for (let step = await steps.next(); ; step = await steps.next()) {
    if (step.done) return { log, end: step.value };
    log.push(step.value);
  }
}

function pushed(fields: Partial<RecordEntry>): RecordEntry {
  return entry({ basis: writer.state.slot, last: writer.state.slot + 4096, ...fields });
}

describe("the ref log", () => {
  test("tells what was applied, the newest first, and that it begins with the journal", async () => {
    await writer.push({ id: name(1), timeMs: 5, author: "A", moves: [move(main, 0, 1)] });
    await writer.idle(1);
    await writer.push({ id: name(2), moves: [move(main, 1, 2), move("refs/tags/v1", 0, 2)] });
    await writer.push({ id: name(3), moves: [move(main, 2, 0)] });
    const { log, end } = await logOf();
    expect(log.map(({ slot, entry: { id } }) => [slot, id])).toEqual([
      [3, name(3)],
      [2, name(2)],
      [0, name(1)],
    ]);
    expect(log[2]).toMatchObject({ entry: { author: "A", timeMs: 5 }, moves: [move(main, 0, 1)], head: undefined });
    expect(end).toEqual({ slot: 0, reason: "beginning" });
  });

  test("leaves out what the fold refused, and what another record carried before", async () => {
    const carried = pushed({ id: name(8), moves: [move("refs/heads/b", 0, 1)] });
    await writer.append({ entries: [pushed({ moves: [move(main, 0, 1)] }), { ...carried, carried: true }] });
    await writer.append({
      entries: [
        { ...carried, carried: true },
        pushed({ id: name(9), moves: [move(main, 7, 2), move("refs/heads/c", 0, 3)] }),
        pushed({ moves: [move(main, 7, 2)] }),
        pushed({ atomic: true, moves: [move(main, 1, 2), move("refs/heads/d", 7, 2)] }),
      ],
    });
    const { log } = await logOf();
    expect(log.map(({ slot, moves }) => [slot, moves.map(({ ref }) => ref)])).toEqual([
      [1, ["refs/heads/c"]],
      [0, ["refs/heads/b"]],
      [0, [main]],
    ]);
  });

  test("knows of HEAD", async () => {
    await writer.push({
      moves: [move("refs/heads/dev", 0, 1)],
      head: { oldTarget: main, newTarget: "refs/heads/dev" },
    });
    await writer.push({ head: { oldTarget: main, newTarget: "refs/heads/other" } });
    const { updates } = await readRefLogPage(store, writer.state, { ref: "HEAD", limit: 9 });
    expect(updates).toMatchObject([{ ref: "HEAD", oldValue: main, newValue: "refs/heads/dev", log: { slot: 0 } }]);
  });

  test("reads headers, not packs, and no further than it must", async () => {
    const pack = new Uint8Array(100_000).fill(7);
    for (let number = 1; number <= 20; number++) {
      await writer.push({ moves: [move(main, number - 1, number)], inline: inlineOf(pack) }, pack);
    }
    const backend = trace(store);
    const { updates, more, end } = await readRefLogPage(backend, writer.state, { limit: 3, offset: 2 });
    expect(updates.map(({ newValue }) => newValue)).toEqual([oid(18), oid(17), oid(16)]);
    expect({ more, end }).toEqual({ more: true, end: undefined });
    const asked = Array.from({ length: 8 }, (_, index) => `get ${recordKey(12 + index)} [0,8192)`);
    expect(backend.names()).toEqual(asked);
  });

  test("reads a header that is longer than the first look, whole", async () => {
    const many = Array.from({ length: 200 }, (_, number) => move(`refs/heads/branch-${number}`, 0, 1));
    await writer.push({ moves: many });
    expect((await logOf()).log[0]?.moves).toEqual(many);
  });
});

describe("a log that reaches further back than the state remembers", () => {
  test("goes on from snapshots to the first record", async () => {
    await writer.push({ moves: [move(main, 0, 1)] });
    await writer.push({ moves: [move(main, 7, 2)] });
    await writer.idle(60);
    await writer.snapshot();
    await writer.push({ id: name(5), moves: [move(main, 1, 2)] });
    await writer.idle(4200);
    const { log, end } = await logOf();
    expect(log.map(({ slot }) => slot)).toEqual([62, 0]);
    expect(end).toEqual({ slot: 0, reason: "beginning" });
  });

  test("ends at stubs, and says where", async () => {
    for (let number = 1; number <= 6; number++) await writer.push({ moves: [move(main, number - 1, number)] });
    const key = await writer.snapshot(3);
    for (const slot of [0, 1, 3]) await writer.stub(slot, key);
    const { log, end } = await logOf();
    expect(log.map(({ slot }) => slot)).toEqual([5, 4]);
    expect(end).toEqual({ slot: 4, reason: "stubs" });
  });

  test("ends at stubs beyond the state's memory, too", async () => {
    await writer.push({ moves: [move(main, 0, 1)] });
    const key = await writer.snapshot(0);
    await writer.stub(0, key);
    await writer.push({ moves: [move(main, 1, 2)] });
    await writer.idle(4200);
    const { log, end } = await logOf();
    expect(log.map(({ slot }) => slot)).toEqual([1]);
    expect(end).toEqual({ slot: 1, reason: "stubs" });
  });
});

test("a record that was exchanged is noticed", async () => {
  await writer.push({ moves: [move(main, 0, 1)] });
  const other = new MemoryBackend();
  const twin = await new JournalWriter(other).begin();
  await twin.push({ moves: [move(main, 0, 9)] });
  await writer.push({ moves: [move(main, 1, 2)] });
  const bytes = await (await other.get(recordKey(0)))?.bytes();
  await store.put(recordKey(0), bytes as Uint8Array);
  await expect(logOf()).rejects.toMatchObject({ code: "CORRUPT" });
});
