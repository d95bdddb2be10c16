import { TrunksError } from "@trunks/core";
import { MemoryBackend } from "@trunks/core/memory";
import { trace } from "@trunks/layers";
import { beforeEach, describe, expect, test } from "vitest";
import { readCold } from "../../src/journal/read.ts";
import { Repository } from "../../src/repository.ts";
import { JournalWriter } from "../journal-writer.ts";
import { memoryCache } from "../mirror/places.ts";
import { oid } from "../samples.ts";
import { visited } from "../wrapped-backend.ts";

let store: MemoryBackend;
let writer: JournalWriter;

beforeEach(async () => {
  store = new MemoryBackend();
  writer = await new JournalWriter(store).begin();
});

function push(repository: Repository, number: number, ref: string) {
  return repository.publish({ moves: [{ ref, oldId: undefined, newId: oid(number) }], basis: -1, assumed: [] });
}

describe("a snapshot that is due", () => {
  test("is left to the caller who wants it so, and to whoever goes on from what was saved", async () => {
    const cache = memoryCache();
    const repository = new Repository(store, { cache });
    await writer.idle(63);
    await repository.read();
    expect(repository.snapshotDue).toBe(false);
    await push(repository, 1, "refs/heads/one");
    await repository.maintain({ snapshot: false });
    expect(repository.snapshotDue).toBe(true);
    expect((await store.list("refs/")).keys).toHaveLength(0);
    await repository.save();
    const watched = trace(store);
    await new Repository(watched, { cache }).snapshot();
    expect(watched.requests.map(({ operation }) => operation)).toEqual(["create", "put"]);
    expect((await readCold(store))?.records).toEqual([]);
  });

  test("is written by the first who pushes when those whose turn it was have died", async () => {
    await writer.idle(200);
    const repository = new Repository(store);
    await repository.read();
    await repository.maintain();
    expect((await store.list("refs/")).keys).toHaveLength(0);
    await push(repository, 1, "refs/heads/one");
    await repository.maintain();
    expect((await store.list("refs/")).keys).toHaveLength(1);
    expect(repository.snapshotDue).toBe(false);
    await push(repository, 2, "refs/heads/two");
    await repository.maintain();
    expect((await store.list("refs/")).keys).toHaveLength(1);
    expect((await readCold(store))?.records).toHaveLength(1);
  });

  test("harms nobody when it cannot be written", async () => {
    const failing = visited(store, async ({ operation, key }, send) => {
      if (operation === "create" && key.startsWith("refs/")) throw new TrunksError("PERMISSION_DENIED", "not you");
      return send();
    });
    await writer.idle(200);
    const repository = new Repository(failing);
    await repository.read();
    await push(repository, 1, "refs/heads/one");
    await repository.maintain();
    expect((await readCold(store))?.state.refs.size).toBe(1);
  });
});
