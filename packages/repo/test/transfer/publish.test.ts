import { type Backend, replaceMethods, TrunksError } from "@trunks/core";
import { MemoryBackend } from "@trunks/core/memory";
import { type Fault, faults, trace } from "@trunks/layers";
import { beforeEach, describe, expect, test } from "vitest";
import { recordKey } from "../../src/format/key.ts";
import type { State } from "../../src/format/state.ts";
import { readCold } from "../../src/journal/read.ts";
import type { Publication, PublishOutcome } from "../../src/transfer/publication.ts";
import { Publisher } from "../../src/transfer/publish.ts";
import { rejectionOf } from "../failure.ts";
import { JournalWriter } from "../journal-writer.ts";
import { move, name, oid } from "../samples.ts";
import { visited } from "../wrapped-backend.ts";
import { everyInterleaving } from "./interleaving.ts";

let store: MemoryBackend;
let writer: JournalWriter;
let names: number;

beforeEach(async () => {
  store = new MemoryBackend();
  writer = await new JournalWriter(store).begin();
  await writer.push({ moves: [move("refs/heads/main", 0, 1)] });
  names = 0;
});

const lost = new TrunksError("OUTCOME_UNKNOWN", "no answer");

function publisher(backend: Backend): Publisher {
  return new Publisher(backend, {
    now: () => 1_700_000_000_000,
    sleep: async () => {},
    newId: () => name(5000 + names++),
  });
}

function publication(ref: string, oldNumber: number, newNumber: number, more: Partial<Publication> = {}): Publication {
  return { basis: writer.state.slot, assumed: "*", moves: [move(`refs/heads/${ref}`, oldNumber, newNumber)], ...more };
}

/** Publishes behind the writer's state through `backend`. */
async function publish(backend: Backend, wanted: Publication, state: State = writer.state) {
  const { outcome, reading } = await publisher(backend).publish(state, wanted);
  expect(outcome.state).toBe(reading.state);
  return outcome;
}

async function refs(): Promise<Record<string, number>> {
  const state = (await readCold(store))?.state as State;
  return Object.fromEntries([...state.refs].map(([ref, { id }]) => [ref.slice("refs/heads/".length), Number(id)]));
}

const bytes = new TextEncoder().encode("PACK");
const inline = { kind: "inline", bytes, objectCount: 1 } as const;
const segments = { kind: "segments", segments: [{ pack: bytes, index: bytes, objectCount: 1 }] } as const;
const segmentKeys = (number: number) => [`create objects/${name(number)}.pack`, `create objects/${name(number)}.idx`];

describe("requests", () => {
  test("a small push: one", async () => {
    const watched = trace(store);
    expect(await publish(watched, publication("main", 1, 2, { pack: inline }))).toMatchObject({ moves: ["applied"] });
    expect(watched.names()).toEqual([`create ${recordKey(1)}`]);
    expect(await refs()).toEqual({ main: 2 });
  });

  test("a large push: pack and index at once, then the record", async () => {
    const watched = trace(store);
    await publish(watched, publication("main", 1, 2, { pack: segments }));
    expect(watched.names()).toEqual([...segmentKeys(5001), `create ${recordKey(1)}`]);
    expect(watched.summary().depth).toBe(2);
  });

  test("500 refs: as one", async () => {
    const moves = Array.from({ length: 500 }, (_, index) => move(`refs/heads/topic-${index}`, 0, index + 1));
    const watched = trace(store);
    const outcome = await publish(watched, { ...publication("main", 1, 2), moves, atomic: true });
    expect(outcome).toMatchObject({ kind: "decided", moves: moves.map(() => "applied") });
    expect(watched.names()).toEqual([`create ${recordKey(1)}`]);
  });

  test("a lost race: what came in between, and the next slot", async () => {
    const wanted = publication("mine", 0, 2, { pack: inline });
    const state = writer.state;
    await writer.push({ moves: [move("refs/heads/main", 1, 3)] });
    const watched = trace(store);
    expect(await publish(watched, wanted, state)).toMatchObject({ moves: ["applied"] });
    expect(watched.names().map((one) => one.replace(/[0-9a-f]{32}$/, "ID"))).toEqual([
      `create ${recordKey(1)}`,
      "list intents/",
      `get ${recordKey(1)}`,
      `get ${recordKey(2)}`,
      "create intents/ID",
      "list intents/",
      `get ${recordKey(2)}`,
      `create ${recordKey(2)}`,
    ]);
    expect(await refs()).toEqual({ main: 3, mine: 2 });
  });

  test("a push that the state refuses: the newest state is asked, and nothing is uploaded", async () => {
    const watched = trace(store);
    expect(await publish(watched, publication("main", 9, 2, { pack: segments }))).toMatchObject({ moves: ["stale"] });
    expect(watched.names()).toEqual([`get ${recordKey(1)}`, `get ${recordKey(2)}`]);
  });
});

describe("an outcome", () => {
  test("is told move by move", async () => {
    const moves = [move("refs/heads/main", 1, 2), move("refs/heads/other", 7, 8), move("refs/heads/main/below", 0, 3)];
    const head = { oldTarget: "refs/heads/main", newTarget: "refs/heads/other" };
    expect(await publish(store, publication("", 0, 0, { moves, head }))).toMatchObject({
      moves: ["applied", "stale", "conflict"],
      head: "applied",
    });
    const again = publication("", 0, 0, { basis: 1, head, moves: [move("refs/heads/main", 2, 3)], atomic: true });
    expect(await publish(store, again, (await readCold(store))?.state)).toMatchObject({
      moves: ["aborted"],
      head: "stale",
    });
    expect(await refs()).toEqual({ main: 2 });
  });

  test("of HEAD alone, and of nothing at all", async () => {
    const head = { oldTarget: "refs/heads/main", newTarget: "refs/heads/other" };
    const first = await publish(store, publication("", 0, 0, { moves: [], head }));
    expect(first).toMatchObject({ kind: "decided", moves: [], head: "applied", state: { head: "refs/heads/other" } });
    const second = await publish(store, publication("", 0, 0, { moves: [] }), first.state);
    expect(second).toMatchObject({ kind: "decided", moves: [], head: undefined });
  });

  test("is not a refusal when the state in hand is older than what was pushed from", async () => {
    const old = writer.state;
    await writer.push({ moves: [move("refs/heads/main", 1, 5)] });
    expect(await publish(store, publication("main", 5, 6), old)).toMatchObject({ moves: ["applied"] });
  });

  test("is not a refusal by what stood in the way in the slot that was lost, and is gone", async () => {
    const old = writer.state;
    await writer.push({ moves: [move("refs/heads/new", 0, 5)] });
    await writer.push({ moves: [move("refs/heads/new", 5, 0)] });
    expect(await publish(store, publication("new", 0, 6, { basis: old.slot }), old)).toMatchObject({
      moves: ["applied"],
    });
  });

  test("is one's own only: others' pushes to other refs do not fail it", async () => {
    const state = writer.state;
    const wanted = publication("mine", 0, 2);
    for (let index = 0; index < 300; index++) await writer.push({ moves: [move(`refs/heads/${index}`, 0, index + 1)] });
    expect(await publish(store, wanted, state)).toMatchObject({ moves: ["applied"] });
  });

  test("is a refusal when another was first at the same ref", async () => {
    const state = writer.state;
    const wanted = publication("main", 1, 2);
    await writer.push({ moves: [move("refs/heads/main", 1, 3)] });
    const outcome = await publish(store, wanted, state);
    expect(outcome).toMatchObject({ moves: ["stale"] });
    expect(outcome.state.refs.get("refs/heads/main")?.id).toBe(oid(3));
    expect(await refs()).toEqual({ main: 3 });
  });
});

describe("a push is to be packed again", () => {
  test("when objects that it built on were dropped", async () => {
    const wanted = publication("mine", 0, 2, { assumed: [oid(1)], pack: segments });
    const state = writer.state;
    await writer.push({ moves: [move("refs/heads/main", 1, 3)] });
    await writer.idle(1);
    await writer.append({ drop: true });
    // Its intent may be carried by others: so that it does not fit is for the journal to say, in slot 4.
    expect(await publish(store, wanted, state)).toMatchObject({ kind: "repack", state: { slot: 4 } });
    expect(await refs()).toEqual({ main: 3 });
  });

  test("not when they are a ref's still", async () => {
    const wanted = publication("mine", 0, 2, { assumed: [oid(1)] });
    const state = writer.state;
    await writer.append({ drop: true });
    expect(await publish(store, wanted, state)).toMatchObject({ moves: ["applied"] });
  });

  test("when its segment was doomed while it slept", async () => {
    const slept = visited(store, async ({ operation, key }, send) => {
      const isFirst = operation === "create" && key === recordKey(1) && writer.state.slot === 0;
      if (isFirst) await writer.append({ doomed: [`objects/${name(5001)}.pack`] });
      return send();
    });
    const outcome = await publish(slept, publication("mine", 0, 2, { pack: segments }));
    expect(outcome).toMatchObject({ kind: "repack", state: { slot: 1 } });
    expect(await refs()).toEqual({ main: 1 });
  });

  test("when its last slot has passed, or the horizon its basis", async () => {
    const state = writer.state;
    const wanted = publication("mine", 0, 2);
    await writer.idle(4096);
    expect(writer.state.slot).toBe(4096);
    expect(await publish(store, wanted, state)).toMatchObject({ kind: "repack" });
    expect(await publish(store, publication("mine", 0, 2, { basis: 1 }), state)).toMatchObject({ moves: ["applied"] });
  });

  test("when it says that it was based on a slot that is not there", async () => {
    expect(await publish(store, publication("mine", 0, 2, { basis: 7 }))).toMatchObject({ kind: "repack" });
  });
});

describe("a segment", () => {
  test("is whole before its record: an upload that fails writes no record", async () => {
    for (const key of [/\.pack$/, /\.idx$/]) {
      const failing = faults(store, [{ operation: "create", key, fault: { kind: "fail", when: "before" } }]);
      expect(await rejectionOf(publish(failing, publication("main", 1, 2, { pack: segments })))).toBe("UNAVAILABLE");
    }
    expect(await store.get(recordKey(1))).toBeUndefined();
  });

  test.each<[string, Fault]>([
    ["done", { kind: "lost-answer" }],
    ["not done", { kind: "fail", when: "before", error: lost }],
    ["done later", { kind: "late-effect", afterRequests: 2 }],
  ])("is sent again when its answer is lost and the write was %s", async (_, fault) => {
    const faulty = faults(store, [{ operation: "create", key: /\.pack$/, fault }]);
    expect(await publish(faulty, publication("main", 1, 2, { pack: segments }))).toMatchObject({ moves: ["applied"] });
    await faulty.settle();
    expect(await (await store.get(`objects/${name(5001)}.pack`))?.bytes()).toEqual(bytes);
  });

  test.each<[string, Fault]>([
    ["arrive", { kind: "lost-answer" }],
    ["never arrive", { kind: "fail", when: "before", error: lost }],
  ])("whose answers are always lost, and which %s: nothing was pushed, and that is certain", async (_, fault) => {
    const faulty = faults(store, [{ operation: "create", key: /\.idx$/, times: 99, fault }]);
    const failure = publish(faulty, publication("main", 1, 2, { pack: segments }));
    await expect(failure).rejects.toMatchObject({
      code: "UNAVAILABLE",
      retryable: true,
      cause: { code: "OUTCOME_UNKNOWN" },
    });
    expect(await store.get(recordKey(1))).toBeUndefined();
  });
});

describe("what no record can hold", () => {
  test.each<[string, Partial<Publication>]>([
    ["a name that is no ref's", { moves: [move("refs/heads/a b", 0, 1)] }],
    ["an id of another format", { moves: [{ ref: "refs/heads/a", oldId: undefined, newId: oid(1, 64) }] }],
    ["a large pack inline", { pack: { kind: "inline", bytes: new Uint8Array(4 * 2 ** 20 + 1), objectCount: 1 } }],
    ["an empty pack", { pack: { kind: "inline", bytes: new Uint8Array(0), objectCount: 0 } }],
  ])("%s is refused, and nothing is written", async (_, fields) => {
    const wanted = publication("mine", 0, 2, fields);
    expect(await rejectionOf(publish(store, wanted))).toBe("INVALID_ARGUMENT");
    expect(await store.get(recordKey(1))).toBeUndefined();
  });
});

test("a store that refuses a record as present and has none is told on", async () => {
  const lying = replaceMethods(store, { create: async () => false });
  await expect(publish(lying, publication("main", 1, 2))).rejects.toMatchObject({
    code: "CORRUPT",
    hint: expect.stringContaining("verify"),
  });
});

describe("two at once, in every order of their requests", () => {
  type Outcomes = (PublishOutcome | string)[];

  /** Lets clients publish and answers what each was told. */
  async function race(
    clients: readonly (readonly [Publication, Fault | undefined])[],
    check: (outcomes: Outcomes) => Promise<void>,
  ) {
    return everyInterleaving(async (enter) => {
      store = new MemoryBackend();
      writer = await new JournalWriter(store).begin();
      await writer.push({ moves: [move("refs/heads/main", 0, 1)] });
      names = 0;
      const faulty = clients.map(([, fault]) =>
        faults(store, fault === undefined ? [] : [{ operation: "create", key: /^journal/, fault }]),
      );
      const told = clients.map(([wanted], index) =>
        publish(enter(faulty[index] as Backend), wanted).catch((error) => `${error.code}`),
      );
      return async () => {
        for (const one of faulty) await one.settle();
        await check(await Promise.all(told));
      };
    });
  }

  const variants: (Fault | undefined)[] = [
    undefined,
    { kind: "lost-answer" },
    { kind: "fail", when: "before", error: lost },
    ...[1, 2, 3].map((afterRequests): Fault => ({ kind: "late-effect", afterRequests })),
    { kind: "late-effect" },
    { kind: "duplicate" },
    { kind: "duplicate", answer: "second" },
  ];
  const pairs = [
    ...variants.map((left) => [left, undefined] as const),
    ...variants.slice(1, 5).map((both) => [both, both] as const),
  ].map(([left, right]) => [JSON.stringify(left), JSON.stringify(right), left, right] as const);

  test.each(pairs)("to one ref, with %s and %s: one is applied, the other stale", async (_, __, left, right) => {
    writer = new JournalWriter(store);
    const wanted = (number: number): Publication => ({
      basis: 0,
      assumed: "*",
      moves: [move("refs/heads/main", 1, number)],
    });
    const count = await race(
      [
        [wanted(2), left],
        [wanted(3), right],
      ],
      async (outcomes) => {
        const verdicts = outcomes.map((one) =>
          typeof one === "string" || one.kind !== "decided" ? one : one.moves[0],
        );
        expect(verdicts.toSorted()).toEqual(["applied", "stale"]);
        expect(await refs()).toEqual({ main: verdicts[0] === "applied" ? 2 : 3 });
      },
    );
    expect(count).toBeGreaterThan(1);
  });

  test.each(pairs)("to two refs, with %s and %s: both are applied", async (_, __, left, right) => {
    const wanted = (ref: string, number: number): Publication => ({
      basis: 0,
      assumed: "*",
      moves: [move(`refs/heads/${ref}`, 0, number)],
      pack: inline,
    });
    const count = await race(
      [
        [wanted("a", 2), left],
        [wanted("b", 3), right],
      ],
      async (outcomes) => {
        expect(outcomes).toMatchObject([{ moves: ["applied"] }, { moves: ["applied"] }]);
        expect(await refs()).toEqual({ main: 1, a: 2, b: 3 });
        const state = (await readCold(store))?.state as State;
        expect([state.slot, state.packs.size]).toEqual([2, 2]);
      },
    );
    expect(count).toBeGreaterThan(1);
  });

  test("three to one ref: one is applied", async () => {
    const wanted = (number: number): Publication => ({
      basis: 0,
      assumed: "*",
      moves: [move("refs/heads/main", 1, number)],
    });
    const count = await race(
      [
        [wanted(2), undefined],
        [wanted(3), undefined],
        [wanted(4), undefined],
      ],
      async (outcomes) => {
        const verdicts = outcomes.map((one) =>
          typeof one === "string" || one.kind !== "decided" ? one : one.moves[0],
        );
        expect(verdicts.toSorted()).toEqual(["applied", "stale", "stale"]);
      },
    );
    expect(count).toBeGreaterThan(10);
  });
});
