import { MemoryBackend } from "@trunks/core/memory";
import { beforeEach, describe, expect, test } from "vitest";
import { recordKey } from "../../src/format/key.ts";
import { retainedTips } from "../../src/history/retained-tips.ts";
import { planRestore, planUndo, Repository, restore, undoneEntryId } from "../../src/index.ts";
import { JournalWriter } from "../journal-writer.ts";
import { move, name, oid } from "../samples.ts";

const main = "refs/heads/main";
const topic = "refs/heads/topic";
let store: MemoryBackend;
let writer: JournalWriter;
let repository: Repository;

beforeEach(async () => {
  store = new MemoryBackend();
  writer = await new JournalWriter(store).begin();
  repository = new Repository(store);
});

async function undo(options: Parameters<typeof planUndo>[1] = {}) {
  return (await restore(repository, await planUndo(repository, options))).state;
}

function refs({ refs: found }: { refs: ReadonlyMap<string, { id: string }> }): Record<string, string> {
  return Object.fromEntries([...found].map(([ref, { id }]) => [ref, id]));
}

describe("undo", () => {
  test("moves back all that the last push moved, as a push of its own that says so", async () => {
    await writer.push({ moves: [move(main, 0, 1), move(topic, 0, 1)] });
    await writer.push({ id: name(5), moves: [move(main, 1, 2), move(topic, 1, 0), move("refs/heads/new", 0, 3)] });
    const state = await undo();
    expect(refs(state)).toEqual({ [main]: oid(1), [topic]: oid(1) });
    expect(state.slot).toBe(2);
    expect(repository.records.at(-1)?.record.entries.map(undoneEntryId)).toEqual([name(5)]);
  });

  test("of an undo does again what was undone", async () => {
    await writer.push({ moves: [move(main, 0, 1)] });
    await writer.push({ moves: [move(main, 1, 2)] });
    await undo();
    expect(refs(await undo())).toEqual({ [main]: oid(2) });
  });

  test("of an earlier push refuses what was moved since, and says by whom, unless it is forced", async () => {
    await writer.push({ moves: [move(main, 0, 1)] });
    await writer.push({ id: name(5), moves: [move(main, 1, 2), move(topic, 0, 2)] });
    await writer.push({ id: name(6), author: "B <b@example.org>", moves: [move(main, 2, 3)] });
    await expect(undo({ entryId: name(5) })).rejects.toMatchObject({
      code: "CONFLICT",
      message: expect.stringContaining("B <b@example.org>"),
    });
    expect(refs(await undo({ entryId: name(5), force: true }))).toEqual({ [main]: oid(1) });
  });

  test("does not delete the branch that HEAD names, unless it is forced", async () => {
    await writer.push({ moves: [move(main, 0, 1)] });
    await expect(undo()).rejects.toMatchObject({ code: "CONFLICT" });
    expect(refs(await undo({ force: true }))).toEqual({});
  });

  test("brings HEAD back", async () => {
    await writer.push({ moves: [move(main, 0, 1)] });
    await writer.push({ moves: [move(topic, 0, 1)], head: { oldTarget: main, newTarget: topic } });
    expect(await undo()).toMatchObject({ head: main });
    expect(refs(repository.known as NonNullable<typeof repository.known>)).toEqual({ [main]: oid(1) });
  });

  test("is refused whole when somebody was quicker", async () => {
    await writer.push({ moves: [move(main, 0, 1), move(topic, 0, 1)] });
    await writer.push({ moves: [move(main, 1, 2), move(topic, 1, 2)] });
    const plan = await planUndo(repository);
    await writer.push({ moves: [move(topic, 2, 3)] });
    await expect(restore(repository, plan)).rejects.toMatchObject({ code: "CONFLICT" });
    expect(refs(await repository.readExisting())).toEqual({ [main]: oid(2), [topic]: oid(3) });
  });

  test("of nothing is refused", async () => {
    await writer.idle(2);
    await expect(undo()).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  test("of a push behind a stub says how far back the log reaches", async () => {
    await writer.push({ id: name(5), moves: [move(main, 0, 1)] });
    await writer.idle(3);
    await writer.stub(1, await writer.snapshot(1));
    await expect(undo({ entryId: name(5) })).rejects.toMatchObject({
      code: "NOT_FOUND",
      message: expect.stringContaining("reaches back to slot 2"),
    });
  });

  test("does not bring back what was collected", async () => {
    await writer.push({ moves: [move(main, 0, 1)] });
    await writer.push({ moves: [move(main, 1, 2)] });
    await writer.append({ drop: true });
    await expect(undo()).rejects.toMatchObject({
      code: "NOT_FOUND",
      message: expect.stringContaining("collected as garbage"),
    });
  });

  test("is sent back when a sweep came in between", async () => {
    await writer.push({ moves: [move(main, 0, 1)] });
    await writer.push({ moves: [move(main, 1, 2)] });
    const plan = await planUndo(repository);
    await writer.append({ drop: true });
    await expect(restore(repository, plan)).rejects.toMatchObject({ code: "CONFLICT" });
  });
});

describe("a deleted branch", () => {
  test("comes back where it was", async () => {
    await writer.push({ moves: [move(topic, 0, 1)] });
    await writer.push({ moves: [move(topic, 1, 2)] });
    await writer.push({ moves: [move(topic, 2, 0)] });
    await writer.push({ moves: [move(main, 0, 5)] });
    const { state } = await restore(repository, await planRestore(repository, topic));
    expect(refs(state)).toEqual({ [main]: oid(5), [topic]: oid(2) });
  });

  test("is not restored when it is there, or never was", async () => {
    await writer.push({ moves: [move(main, 0, 5)] });
    await expect(planRestore(repository, main)).rejects.toMatchObject({ code: "ALREADY_EXISTS" });
    await expect(planRestore(repository, topic)).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});

describe("what must stay for the log", () => {
  test("is every value that a ref lost within the retention, by the store's clock", async () => {
    let nowMs = 1000;
    store = new MemoryBackend({ now: () => nowMs });
    writer = await new JournalWriter(store).begin();
    await writer.push({ moves: [move(main, 0, 1), move(topic, 0, 7)] });
    await writer.push({ moves: [move(main, 1, 2)] });
    nowMs = 2000;
    await writer.push({ timeMs: 5, moves: [move(main, 2, 3), move(topic, 7, 0)] });
    await writer.push({ moves: [move(main, 3, 4)] });
    expect(await retainedTips(store, writer.state, 1500)).toEqual({
      ids: new Set([oid(4), oid(3), oid(2), oid(7)]),
      slot: 2,
    });
    expect(await retainedTips(store, writer.state, 0)).toEqual({
      ids: new Set([oid(4), oid(3), oid(2), oid(7), oid(1)]),
      slot: 0,
    });
    expect(await retainedTips(store, writer.state, 9000)).toEqual({ ids: new Set([oid(4)]), slot: 4 });
  });

  test("is known no further back than the first stub", async () => {
    for (let number = 1; number <= 4; number++) await writer.push({ moves: [move(main, number - 1, number)] });
    await writer.stub(1, await writer.snapshot(1));
    expect(await store.get(recordKey(1))).toBeDefined();
    expect(await retainedTips(store, writer.state, 0)).toEqual({ ids: new Set([oid(4), oid(3), oid(2)]), slot: 2 });
  });
});
