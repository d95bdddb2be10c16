import { type Backend, TrunksError } from "@trunks/core";
import { MemoryBackend } from "@trunks/core/memory";
import { beforeEach, describe, expect, test } from "vitest";
import { encodeIntent } from "../../src/format/intent.ts";
import { intentKey, recordKey, recordKeySlot } from "../../src/format/key.ts";
import { decodeSlot, type RecordEntry } from "../../src/format/record.ts";
import type { State } from "../../src/format/state.ts";
import { readCold } from "../../src/journal/read.ts";
import { downloadInline } from "../../src/transfer/download.ts";
import type { Publication } from "../../src/transfer/publication.ts";
import { Publisher } from "../../src/transfer/publish.ts";
import { JournalWriter } from "../journal-writer.ts";
import { entry, inlineOf, move, name, oid, segment } from "../samples.ts";
import { visited } from "../wrapped-backend.ts";

const startMs = 1_700_000_000_000;
/** Of each of 32 writers that come late, on the average: what the others have put in the journal by then is most of it. */
const maxRequestsEach = 24;
const bytes = new TextEncoder().encode("PACK");
const inline = { kind: "inline", bytes, objectCount: 1 } as const;

let nowMs: number;
let store: MemoryBackend;
let writer: JournalWriter;
let names: number;

beforeEach(async () => {
  nowMs = startMs;
  names = 0;
  store = new MemoryBackend({ now: () => nowMs });
  writer = await new JournalWriter(store).begin();
  await writer.push({ moves: [move("refs/heads/main", 0, 1)] });
});

function publish(backend: Backend, wanted: Publication, state: State = writer.state) {
  const newId = () => name(5000 + names++);
  return new Publisher(backend, { now: () => nowMs, sleep: async () => {}, newId }).publish(state, wanted);
}

function publication(ref: string, number: number, more: Partial<Publication> = {}): Publication {
  return { basis: 0, assumed: [], moves: [move(`refs/heads/${ref}`, 0, number)], ...more };
}

async function newest(): Promise<State> {
  return (await readCold(store))?.state as State;
}

/** Every entry that is in the journal, behind the first slot. */
async function entries(): Promise<RecordEntry[]> {
  const found: RecordEntry[] = [];
  for (let slot = 1; slot <= (await newest()).slot; slot++) {
    const content = decodeSlot((await (await store.get(recordKey(slot)))?.bytes()) as Uint8Array, slot);
    if (content.kind === "record") found.push(...content.record.entries);
  }
  return found;
}

async function intents(): Promise<string[]> {
  return (await store.list("intents/")).keys.map(({ key }) => key);
}

/** Loses the slots of `lost` to pushes to other refs, which come in between just before. */
function losing(lost: readonly number[], rival: (slot: number) => Promise<unknown>): Backend {
  return visited(store, async ({ operation, key }, send) => {
    const slot = operation === "create" ? recordKeySlot(key) : undefined;
    if (slot !== undefined && lost.includes(slot) && writer.state.slot < slot) await rival(slot);
    return send();
  });
}

const otherPush = (slot: number) => writer.push({ moves: [move(`refs/heads/other-${slot}`, 0, slot)] });

describe("a crowd of pushes", () => {
  test("is carried by a few records, each push applied once, and every pack can be had", async () => {
    const count = 40;
    const told = await Promise.all(
      Array.from({ length: count }, (_, index) =>
        publish(store, publication(`b${index}`, index + 1, { pack: inline })),
      ),
    );
    expect(told.map(({ outcome }) => outcome)).toEqual(
      told.map(() => expect.objectContaining({ kind: "decided", moves: ["applied"] })),
    );
    const state = await newest();
    expect(state.refs.size).toBe(count + 1);
    expect(state.slot).toBeLessThan(count / 2);
    const packs = [...state.packs.values()];
    expect(packs).toHaveLength(count);
    expect(packs.filter((pack) => pack.name.kind === "intent").length).toBeGreaterThan(count / 2);
    for (const pack of packs) expect(await downloadInline(store, pack)).toEqual(bytes);
    await Promise.all(told.map(({ tidy }) => tidy()));
    for (const pack of packs) expect(await downloadInline(store, pack)).toEqual(bytes);
    expect((await intents()).length).toBe(packs.filter((pack) => pack.name.kind === "intent").length);
  });

  test.each([
    ["at once", 0],
    ["one by one", 2],
  ])("that comes late, %s, is carried by a few, and asks for little", async (_, turnsApart) => {
    const count = 32;
    const turns = async (turnCount: number) => {
      for (let turn = 0; turn < turnCount; turn++) await new Promise((resolve) => setImmediate(resolve));
    };
    let requests = 0;
    const counted = visited(store, async (_, send) => {
      requests++;
      await turns(2);
      return send();
    });
    // The journal has gone on since they read it.
    const { state } = writer;
    await otherPush(1);
    await otherPush(2);
    await Promise.all(
      Array.from({ length: count }, async (_, index) => {
        await turns(index * turnsApart);
        const newId = () => name(5000 + names++);
        const publisher = new Publisher(counted, { now: () => nowMs, sleep: () => turns(4), newId });
        const wanted = publication(`b${index}`, index + 1, { pack: inline });
        const { outcome } = await publisher.publish(state, wanted, { readMs: startMs - 1000 });
        expect(outcome).toMatchObject({ kind: "decided", moves: ["applied"] });
      }),
    );
    expect((await newest()).refs.size).toBe(count + 3);
    expect(requests / count).toBeLessThan(maxRequestsEach);
  });

  test("to one branch: one is applied, and nobody leaves anything", async () => {
    const told = await Promise.all(
      Array.from({ length: 20 }, (_, index) => publish(store, publication("one", index + 1))),
    );
    const verdicts = told.map(({ outcome }) => (outcome.kind === "decided" ? outcome.moves[0] : outcome.kind));
    expect(verdicts.toSorted()).toEqual(["applied", ...new Array(19).fill("stale")]);
    expect((await newest()).slot).toBe(1);
    expect(await intents()).toEqual([]);
  });

  test("a writer whose own tries always come too late is carried by others", async () => {
    const rivals = Array.from({ length: 12 }, (_, index) => index);
    let running = rivals.length;
    const late = visited(store, async ({ operation, key }, send) => {
      const isTry = operation === "create" && recordKeySlot(key) !== undefined;
      while (isTry && running > 0) await new Promise((resolve) => setImmediate(resolve));
      return send();
    });
    // It has lost two slots, and its intent is there.
    const victim = publish(losingThen(late), publication("late", 99, { pack: inline }));
    while ((await intents()).length === 0) await new Promise((resolve) => setImmediate(resolve));
    await Promise.all(
      rivals.map(async (index) => {
        await publish(store, publication(`b${index}`, index + 1));
        running--;
      }),
    );
    expect((await victim).outcome).toMatchObject({ kind: "decided", moves: ["applied"] });
    const [own] = (await entries()).filter(({ moves }) => moves[0]?.ref === "refs/heads/late");
    expect(own?.carried).toBe(true);
    // Nobody overtakes it twice.
    const slot = (await newest()).verdicts.get(own?.id as string)?.slot;
    expect(slot).toBeLessThanOrEqual(1 + rivals.length);
  });

  /** Slot 1 is lost at once; later tries go their slow way. */
  function losingThen(late: Backend): Backend {
    return visited(late, async ({ operation, key }, send) => {
      if (operation !== "create" || key !== recordKey(1)) return send();
      await otherPush(1);
      return false;
    });
  }
});

describe("what a push has left", () => {
  test("is judged by the journal, also when it has become stale: others may carry it", async () => {
    const rival = (slot: number) =>
      writer.push({ moves: [slot === 2 ? move("refs/heads/mine", 0, 7) : move("refs/heads/other", 0, 1)] });
    const { outcome } = await publish(losing([1, 2], rival), publication("mine", 9, { pack: inline }));
    expect(outcome).toMatchObject({ kind: "decided", moves: ["stale"], state: { slot: 3 } });
    const [own] = (await entries()).filter(({ moves }) => moves[0]?.newId === oid(9));
    expect((await newest()).verdicts.get(own?.id as string)?.letters).toBe("s");
  });

  test.each([
    ["stays when its pack is in it: somebody may be about to carry it", { pack: inline }, 1],
    ["is removed when it holds no pack", {}, 0],
  ] as const)("%s, and the outcome is not known", async (_, fields, left) => {
    const failing = visited(losing([1, 2], otherPush), async ({ operation, key }, send) => {
      if (operation === "get" && key === recordKey(2)) throw new TrunksError("UNAVAILABLE", "away");
      return send();
    });
    await expect(publish(failing, publication("mine", 9, fields))).rejects.toMatchObject({
      code: "OUTCOME_UNKNOWN",
      cause: { code: "UNAVAILABLE" },
    });
    expect(await intents()).toHaveLength(left);
  });

  test("is removed when the push had a record of its own", async () => {
    const { outcome, tidy } = await publish(losing([1], otherPush), publication("mine", 9, { pack: inline }));
    expect(outcome).toMatchObject({ moves: ["applied"], state: { slot: 2 } });
    await tidy();
    expect(await intents()).toEqual([]);
  });
});

describe("what others have left", () => {
  /** An intent of somebody who is gone. */
  async function leave(fields: Partial<RecordEntry>, pack?: Uint8Array, trunkId = writer.state.trunkId) {
    const waiting = entry({ basis: 0, last: 4000, ...fields });
    await store.create(intentKey(waiting.id), encodeIntent({ trunkId, objects: "sha1", entry: waiting }, pack));
    return waiting;
  }

  const crowd = () =>
    Promise.all(Array.from({ length: 6 }, (_, index) => publish(store, publication(`b${index}`, index + 1))));

  test("is carried by whoever comes, once", async () => {
    const waiting = await leave({ moves: [move("refs/heads/dead", 0, 5)], inline: inlineOf(bytes) }, bytes);
    await crowd();
    const state = await newest();
    expect(state.verdicts.get(waiting.id)?.letters).toBe("a");
    expect(state.packs.get(`intent ${waiting.id}`)?.pack.size).toBe(bytes.length);
    expect((await entries()).filter(({ id }) => id === waiting.id)).toHaveLength(1);
  });

  test("is judged as it would have been: stale, and sent back when its segment was doomed", async () => {
    await writer.append({ doomed: [`objects/${name(77)}.pack`] });
    const stale = await leave({ moves: [move("refs/heads/main", 8, 9)] });
    const doomed = await leave({ moves: [move("refs/heads/dead", 0, 5)], segments: [{ ...segment(7), id: name(77) }] });
    await crowd();
    const { verdicts } = await newest();
    expect([stale, doomed].map(({ id }) => verdicts.get(id)?.letters)).toEqual(["s", "r"]);
  });

  test("is left alone when it is old, foreign, damaged or void", async () => {
    await leave({ id: name(1), moves: [move("refs/heads/old", 0, 5)] });
    nowMs += 3_600_000;
    await leave({ id: name(2), moves: [move("refs/heads/foreign", 0, 5)] }, undefined, name(8));
    await leave({ id: name(3), moves: [move("refs/heads/void", 0, 5)], last: 0 });
    await store.create(intentKey(name(4)), bytes);
    await store.create("intents/no-intent", bytes);
    const told = await crowd();
    expect(told.every(({ outcome }) => outcome.kind === "decided")).toBe(true);
    expect((await entries()).filter(({ moves }) => !moves[0]?.ref.startsWith("refs/heads/b"))).toEqual([]);
  });

  test("is found by the store's clock, however wrong the writers' own are", async () => {
    const waiting = await leave({ moves: [move("refs/heads/dead", 0, 5)] });
    const newId = () => name(6000 + names++);
    const year = 365 * 86_400_000;
    await Promise.all(
      Array.from({ length: 8 }, (_, index) => {
        const now = () => nowMs + (index % 2 === 0 ? year : -year);
        const wrong = new Publisher(store, { now, sleep: async () => {}, newId });
        return wrong.publish(writer.state, publication(`b${index}`, index + 1));
      }),
    );
    expect((await newest()).verdicts.get(waiting.id)?.letters).toBe("a");
  });
});
