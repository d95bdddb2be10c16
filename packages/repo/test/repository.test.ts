import { MemoryBackend } from "@trunks/core/memory";
import { faults, trace } from "@trunks/layers";
import { beforeEach, describe, expect, test } from "vitest";
import { recordKey, trunkFileKey } from "../src/format/key.ts";
import { Repository, type StateCache } from "../src/index.ts";
import { rejectionOf } from "./failure.ts";
import { JournalWriter } from "./journal-writer.ts";
import { inlineOf, move, name, oid, trunk } from "./samples.ts";

const main = "refs/heads/main";
let store: MemoryBackend;
let writer: JournalWriter;

beforeEach(async () => {
  store = new MemoryBackend();
  writer = await new JournalWriter(store).begin();
});

class MemoryCache implements StateCache {
  bytes: Uint8Array | undefined;
  async load() {
    return this.bytes;
  }
  async save(bytes: Uint8Array) {
    this.bytes = bytes;
  }
}

function push(repository: Repository, number: number, ref = main) {
  return repository.publish({ moves: [{ ref, oldId: undefined, newId: oid(number) }], basis: -1, assumed: [] });
}

describe("a trunk", () => {
  test("is made, takes a push as one record, and shows it to a second reader", async () => {
    const backend = trace(new MemoryBackend());
    const repository = new Repository(backend);
    expect(await repository.read()).toBeUndefined();
    const state = await repository.create();
    const pack = { kind: "inline", bytes: Uint8Array.of(1, 2, 3), objectCount: 1 } as const;
    const moves = [{ ref: main, oldId: undefined, newId: oid(1) }];
    const outcome = await repository.publish({ moves, basis: state.slot, assumed: [], pack });
    expect(outcome).toMatchObject({ kind: "decided", moves: ["applied"] });
    expect(backend.names()).toEqual([
      "list journal/",
      "get latest",
      "get trunk.json",
      "create trunk.json",
      `create ${recordKey(0)}`,
    ]);
    expect((await new Repository(backend).read())?.refs.get(main)).toEqual({ id: oid(1) });
  });

  test("that is there already is kept", async () => {
    await writer.push({ moves: [move(main, 0, 1)] });
    const state = await new Repository(store).create({ objects: "sha256" });
    expect(state).toMatchObject({ trunkId: trunk.id, objects: "sha1", slot: 0 });
  });

  test("whose making was not answered is there, or is not", async () => {
    const empty = new MemoryBackend();
    const lost = faults(empty, [{ operation: "create", key: trunkFileKey, fault: { kind: "lost-answer" } }]);
    expect(await new Repository(lost).create({ objects: "sha256" })).toMatchObject({ slot: -1, objects: "sha256" });
    const late = faults(new MemoryBackend(), [{ operation: "create", fault: { kind: "late-effect" } }]);
    expect(await new Repository(late).create()).toMatchObject({ slot: -1 });
    const never = faults(new MemoryBackend(), [{ operation: "create", times: 9, fault: { kind: "late-effect" } }]);
    expect(await rejectionOf(new Repository(never).create())).toBe("OUTCOME_UNKNOWN");
  });

  test("that is not there is not found", async () => {
    expect(await rejectionOf(new Repository(new MemoryBackend()).readExisting())).toBe("NOT_FOUND");
    const nothing = { moves: [], basis: -1, assumed: [] };
    expect(await rejectionOf(new Repository(new MemoryBackend()).publish(nothing))).toBe("NOT_FOUND");
  });
});

test("of two pushes to one branch one is told that its value is stale", async () => {
  const left = new Repository(store);
  const right = new Repository(store);
  await left.read();
  await right.read();
  expect(await push(left, 1)).toMatchObject({ moves: ["applied"] });
  expect(await push(right, 2)).toMatchObject({ moves: ["stale"] });
  expect(await push(right, 3, "refs/heads/other")).toMatchObject({ moves: ["applied"] });
  expect([...((await left.read())?.refs.keys() ?? [])]).toEqual([main, "refs/heads/other"]);
});

test("pushes of one object at once are all decided, and what it knows does not go back", async () => {
  const repository = new Repository(store);
  await repository.read();
  const outcomes = await Promise.all(
    Array.from({ length: 20 }, (_, index) => push(repository, index + 1, `refs/heads/${index % 10}`)),
  );
  const verdicts = outcomes.map((outcome) => (outcome.kind === "decided" ? outcome.moves[0] : outcome.kind));
  expect(verdicts.toSorted()).toEqual([...new Array(10).fill("applied"), ...new Array(10).fill("stale")]);
  expect(repository.known?.slot).toBeLessThanOrEqual(9);
  expect(repository.known?.refs.size).toBe(10);
  const slots = repository.records.map(({ record }) => record.slot);
  expect(slots).toEqual(slots.map((_, index) => (repository.known?.slot ?? 0) + 1 - slots.length + index));
});

describe("the cache", () => {
  test("saves a round, and is written when something is new", async () => {
    const cache = new MemoryCache();
    await writer.idle(3);
    const first = new Repository(store, { cache });
    await first.read();
    await first.save();
    expect(cache.bytes).toBeDefined();
    const watched = trace(store);
    const second = new Repository(watched, { cache });
    expect((await second.read())?.slot).toBe(2);
    expect(watched.names()).toEqual([`get ${recordKey(3)}`, `get ${recordKey(4)}`]);
    const before = cache.bytes;
    await second.save();
    expect(cache.bytes).toBe(before);
    await writer.idle(1);
    await second.read();
    await second.save();
    expect(cache.bytes).not.toBe(before);
  });

  test.each<[string, Partial<StateCache>]>([
    ["is empty", {}],
    ["is damaged", { load: async () => new TextEncoder().encode("trunks snapshot 1\n") }],
    [
      "is of a newer version",
      { load: async () => new TextEncoder().encode(`trunks snapshot 2\ndigest ${"0".repeat(64)}\n\n`) },
    ],
    ["cannot be read", { load: () => Promise.reject(new Error("disk")) }],
    ["cannot be written", { save: () => Promise.reject(new Error("disk")) }],
  ])("that %s is as good as none", async (_, part) => {
    await writer.idle(3);
    const cache: StateCache = { load: async () => undefined, save: async () => {}, ...part };
    const repository = new Repository(store, { cache });
    expect((await repository.read())?.slot).toBe(2);
    await repository.save();
  });
});

describe("a push to a trunk that is not what it was", () => {
  async function knowing(): Promise<Repository> {
    await writer.push({ moves: [move(main, 0, 1)] });
    await writer.idle(4);
    const repository = new Repository(store);
    await repository.read();
    return repository;
  }

  test.each<[string, () => Promise<unknown>]>([
    ["rolled back", () => store.delete([recordKey(3), recordKey(4)])],
    ["gone", async () => store.delete((await store.list("")).keys.map(({ key }) => key))],
    [
      "replaced",
      async () => {
        await store.delete((await store.list("")).keys.map(({ key }) => key));
        await (await new JournalWriter(store, { ...trunk, id: name(9) }).begin()).idle(9);
      },
    ],
    [
      "rolled back and moved on",
      async () => {
        await store.delete([3, 4].map(recordKey));
        writer.states.splice(3);
        await writer.push({ moves: [move("refs/heads/other", 0, 2)] });
        await writer.idle(5);
      },
    ],
  ])("%s is refused before it is made", async (_, change) => {
    const repository = await knowing();
    await change();
    expect(await rejectionOf(repository.read({ forPush: true }))).toBe("CORRUPT");
  });

  test("is asked for in the same round as the news", async () => {
    await knowing();
    const watched = trace(store);
    const repository = new Repository(watched);
    await repository.read();
    watched.reset();
    await repository.read({ forPush: true });
    expect(watched.names()).toEqual([`get ${recordKey(5)}`, `get ${recordKey(4)} [0,512)`]);
    expect(watched.summary().depth).toBe(1);
  });

  test("replaced before its first push is noticed by its file", async () => {
    const repository = new Repository(store);
    await repository.read();
    await store.put(
      trunkFileKey,
      new TextEncoder().encode(`{"format":1,"id":"${name(9)}","objects":"sha1","requires":[]}`),
    );
    expect(await rejectionOf(repository.read())).toBe("CORRUPT");
    expect((await repository.read())?.trunkId).toBe(name(9));
  });
});

test("what a long-lived object remembers of records is bounded", async () => {
  const repository = new Repository(store);
  await repository.read();
  const bytes = new Uint8Array(4 * 2 ** 20);
  for (let index = 0; index < 20; index++) {
    await writer.push({ inline: inlineOf(bytes) }, bytes);
    await repository.read();
  }
  expect(repository.records.map(({ record }) => record.slot)).toEqual(
    Array.from({ length: 16 }, (_, index) => index + 4),
  );
});

test("every 64th record is followed by a snapshot, which a cold reader begins at", async () => {
  const repository = new Repository(store);
  await repository.read();
  for (let number = 1; number <= 70; number++) {
    await push(repository, number, `refs/heads/${number}`);
    await repository.maintain();
  }
  const watched = trace(store);
  expect((await new Repository(watched).read())?.refs.size).toBe(70);
  expect(watched.summary()).toMatchObject({ requests: 9, depth: 2 });
  expect((await store.list("refs/")).keys).toHaveLength(1);
});
