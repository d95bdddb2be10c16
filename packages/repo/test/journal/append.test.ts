import { TrunksError } from "@trunks/core";
import { MemoryBackend } from "@trunks/core/memory";
import { type FaultRule, faults, trace } from "@trunks/layers";
import { beforeEach, describe, expect, test } from "vitest";
import { recordKey } from "../../src/format/key.ts";
import { type EncodedRecord, encodeRecord } from "../../src/format/record.ts";
import { appendRecord } from "../../src/journal/append.ts";
import { rejectionOf } from "../failure.ts";
import { encodeStub, JournalWriter } from "../journal-writer.ts";
import { entry, name, recordAfter, trunk } from "../samples.ts";
import { visited } from "../wrapped-backend.ts";

let store: MemoryBackend;
let writer: JournalWriter;
let own: EncodedRecord;
let slept: number[];

const key = recordKey(3);
const create = `create ${key}`;
const get = `get ${key} [0,512)`;
const lost = new TrunksError("OUTCOME_UNKNOWN", "no answer");

beforeEach(async () => {
  store = new MemoryBackend();
  writer = new JournalWriter(store);
  await writer.idle(3);
  own = encodeRecord(recordAfter(writer.state, { entries: [entry({ author: "own" })] }));
  slept = [];
});

async function sleep(ms: number): Promise<void> {
  slept.push(ms);
}

/** Appends through faults, and holds the outcome against what the slot holds in the end. */
async function appending(rules: readonly FaultRule[]) {
  const watched = trace(store);
  const faulty = faults(watched, rules);
  const filled = await appendRecord(faulty, 3, own, sleep);
  await faulty.settle();
  expect(filled).toBe(Buffer.compare((await (await store.get(key))?.bytes()) as Uint8Array, own.bytes) === 0);
  expect(faulty.struck.length).toBeGreaterThanOrEqual(rules.length);
  return { filled, requests: watched.names() };
}

describe("a record", () => {
  test("fills a free slot in one request", async () => {
    expect(await appending([])).toEqual({ filled: true, requests: [create] });
  });

  test("does not fill a slot that another has, in one request", async () => {
    await writer.append();
    expect(await appending([])).toEqual({ filled: false, requests: [create] });
  });

  test("is not tried again when the store says that nothing was written", async () => {
    const fails = faults(store, [{ operation: "create", fault: { kind: "fail", when: "before" } }]);
    expect(await rejectionOf(appendRecord(fails, 3, own, sleep))).toBe("UNAVAILABLE");
    expect([slept, await store.get(key)]).toEqual([[], undefined]);
  });
});

describe("an answer is lost", () => {
  test("and the write was done", async () => {
    const { filled, requests } = await appending([{ fault: { kind: "lost-answer" } }]);
    expect([filled, requests, slept]).toEqual([true, [create, get], []]);
  });

  test("and the write was never done", async () => {
    const { filled, requests } = await appending([{ fault: { kind: "fail", when: "before", error: lost } }]);
    expect([filled, requests, slept]).toEqual([true, [get, create], []]);
  });

  test("and another has the slot", async () => {
    await writer.append();
    const { filled, requests } = await appending([{ fault: { kind: "fail", when: "before", error: lost } }]);
    expect([filled, requests, slept]).toEqual([false, [get], []]);
  });

  test.each([1, 2, 3, 4])("and the write comes before the request that is %i later", async (afterRequests) => {
    const { filled } = await appending([{ fault: { kind: "late-effect", afterRequests } }]);
    expect(filled).toBe(true);
  });

  test.each([1, 2, 3, 4, 5, 6])(
    "twice, the first write comes %i requests later, the second never",
    async (afterRequests) => {
      const { filled } = await appending([
        { fault: { kind: "late-effect", afterRequests } },
        ...(afterRequests > 2
          ? [{ operation: "create", fault: { kind: "fail", when: "before", error: lost } } as const]
          : []),
      ]);
      expect(filled).toBe(true);
    },
  );

  test("and another record comes at any moment behind it", async () => {
    for (const fault of [
      { kind: "lost-answer" },
      { kind: "fail", when: "before", error: lost },
      { kind: "late-effect", afterRequests: 2 },
    ] as const) {
      for (let at = 0; at < 4; at++) {
        store = new MemoryBackend();
        writer = new JournalWriter(store);
        await writer.idle(3);
        let requests = 0;
        const raced = visited(store, async (_, send) => {
          if (requests++ === at) await store.create(key, encodeRecord(recordAfter(writer.state)).bytes);
          return send();
        });
        const faulty = faults(raced, [{ fault }]);
        const filled = await appendRecord(faulty, 3, own, sleep);
        await faulty.settle();
        const bytes = (await (await store.get(key))?.bytes()) as Uint8Array;
        expect([fault.kind, at, filled]).toEqual([fault.kind, at, Buffer.compare(bytes, own.bytes) === 0]);
      }
    }
  });

  test.each([true, false])("and a stub stands for the record already: our own %s", async (isOwn) => {
    const stub = {
      trunkId: trunk.id,
      slot: 3,
      recordDigest: isOwn ? own.digest : "0".repeat(64),
      snapshotKey: `refs/${999_999_999_999_996}-${name(1)}`,
    };
    await store.put(key, encodeStub(stub));
    const faulty = faults(store, [{ fault: { kind: "fail", when: "before", error: lost } }]);
    expect(await appendRecord(faulty, 3, own, sleep)).toBe(isOwn);
  });

  test("and something unreadable has the slot: it is not ours", async () => {
    await store.put(key, new TextEncoder().encode("trunks record 2\nof another time\n"));
    expect((await appending([{ fault: { kind: "fail", when: "before", error: lost } }])).filled).toBe(false);
  });

  test("again and again: asks on for about a minute, and then does not know", async () => {
    const faulty = faults(store, [
      { operation: "create", times: 1000, fault: { kind: "fail", when: "before", error: lost } },
    ]);
    const error = await appendRecord(faulty, 3, own, sleep).catch((caught) => caught);
    expect(error).toMatchObject({ code: "OUTCOME_UNKNOWN", cause: lost });
    const total = slept.reduce((sum, ms) => sum + ms, 0);
    expect([total > 50_000, total < 80_000, slept.length < 20]).toEqual([true, true, true]);
  });

  test("and the store is gone: asks on, and does not know", async () => {
    const dead = faults(store, [
      { operation: "create", fault: { kind: "lost-answer" } },
      { times: 1000, fault: { kind: "fail", when: "before" } },
    ]);
    expect(await rejectionOf(appendRecord(dead, 3, own, sleep))).toBe("OUTCOME_UNKNOWN");
    expect(slept.reduce((sum, ms) => sum + ms, 0)).toBeGreaterThan(50_000);
  });

  test("and the store comes back in between", async () => {
    const { filled } = await appending([
      { operation: "create", fault: { kind: "lost-answer" } },
      { operation: "get", times: 5, fault: { kind: "fail", when: "before" } },
    ]);
    expect([filled, slept]).toEqual([true, [100, 200, 400, 800, 1600]]);
  });
});

describe("the signal is raised", () => {
  test("before anything was sent: nothing was written", async () => {
    const watched = trace(store);
    const signal = AbortSignal.abort("enough");
    expect(await rejectionOf(appendRecord(watched, 3, own, sleep, { signal }))).toBe("ABORTED");
    expect(watched.names()).toEqual([]);
  });

  test.each([true, false])("while the write is under way, which arrives %s: that is not known", async (arrives) => {
    const controller = new AbortController();
    const aborted = visited(store, async (_, send) => {
      if (arrives) await send();
      controller.abort();
      throw new TrunksError("ABORTED", "aborted");
    });
    expect(await rejectionOf(appendRecord(aborted, 3, own, sleep, { signal: controller.signal }))).toBe(
      "OUTCOME_UNKNOWN",
    );
  });

  test("while an answer is waited for: that is not known", async () => {
    const controller = new AbortController();
    const faulty = faults(store, [
      { operation: "create", times: 9, fault: { kind: "fail", when: "before", error: lost } },
    ]);
    const stop = async () => {
      controller.abort();
      throw new TrunksError("ABORTED", "aborted");
    };
    expect(await rejectionOf(appendRecord(faulty, 3, own, stop, { signal: controller.signal }))).toBe(
      "OUTCOME_UNKNOWN",
    );
  });
});
