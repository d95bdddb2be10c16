import { type Backend, type Content, type Operation, TrunksError, type TrunksErrorOptions } from "@trunks/core";
import { MemoryBackend } from "@trunks/core/memory";
import { describe, expect, test } from "vitest";
import { type Fault, type FaultRule, faults, retry, trace } from "../src/index.ts";
import { readText, StreamingMemoryBackend, streamText, text } from "./bytes.ts";
import { VirtualClock } from "./virtual-clock.ts";

const unavailable = (options: TrunksErrorOptions = {}) =>
  new TrunksError("UNAVAILABLE", "the store is away", { retryable: true, ...options });
const failing = (error: TrunksError): Fault => ({ kind: "fail", when: "before", error });

/** A retry layer over a traced, faulty memory backend that holds `key`. */
async function setUp(rules: readonly FaultRule[], options: Parameters<typeof retry>[1] = {}) {
  const memory = new StreamingMemoryBackend(4);
  await memory.put("key", text("0123456789"));
  const clock = new VirtualClock();
  const faulty = faults(memory, rules, { clock });
  const traced = trace(faulty);
  const backend = retry(traced, { clock, random: () => 0.5, ...options });
  return { memory, clock, faulty, traced, backend };
}

describe("waits", () => {
  test("grow twofold up to the bound, and are random", async () => {
    const rules = [{ fault: failing(unavailable()), times: 6 }];
    const { backend, clock } = await setUp(rules, { baseDelayMs: 100, maxDelayMs: 1000 });
    expect(await readText(backend, "key")).toBe("0123456789");
    expect(clock.sleptMs).toEqual([50, 100, 200, 400, 500, 500]);
  });

  test("begin with what the store asks for", async () => {
    const limited = new TrunksError("RATE_LIMITED", "slow down", { retryable: true, retryAfterMs: 3000 });
    const { backend, clock } = await setUp([{ fault: failing(limited) }]);
    await backend.put("key", text("new"));
    expect(clock.sleptMs).toEqual([3050]);
  });

  test("end when the signal is raised", async () => {
    const controller = new AbortController();
    const { memory } = await setUp([]);
    const backend = retry(faults(memory, [{ fault: failing(unavailable()), times: 2 }]), {
      random: () => {
        controller.abort();
        return 1;
      },
      baseDelayMs: 1_000_000_000,
      maxDelayMs: 1_000_000_000,
      deadlineMs: 1_000_000_000,
    });
    await expect(backend.get("key", { signal: controller.signal })).rejects.toMatchObject({ code: "ABORTED" });
  });
});

describe("giving up", () => {
  test("names the attempts and the last reason, and keeps code, cause and hint", async () => {
    const error = unavailable({ hint: "look at the network" });
    const { backend, traced } = await setUp([{ fault: failing(error), times: 100 }], { maxAttempts: 3 });
    await expect(backend.get("key")).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message: "get key: gave up after 3 attempts in 0.1 s: the store is away",
      cause: error,
      hint: "look at the network",
      retryable: true,
    });
    expect(traced.names()).toEqual(["get key", "get key", "get key"]);
  });

  test("the last attempt begins at the deadline", async () => {
    const { backend, clock } = await setUp([{ fault: failing(unavailable()), times: 100 }], {
      maxAttempts: 100,
      deadlineMs: 2000,
      baseDelayMs: 1000,
    });
    await expect(backend.get("key")).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect(clock.sleptMs).toEqual([500, 1000, 500]);
  });

  test("at once when the store asks for more time than there is", async () => {
    const limited = new TrunksError("RATE_LIMITED", "slow down", { retryable: true, retryAfterMs: 90_000 });
    const { backend, clock } = await setUp([{ fault: failing(limited) }]);
    await expect(backend.get("key")).rejects.toMatchObject({ code: "RATE_LIMITED", retryAfterMs: 90_000 });
    expect(clock.sleptMs).toEqual([]);
  });

  test("by default within a minute", async () => {
    const { backend, clock, traced } = await setUp([{ fault: failing(unavailable()), times: 100 }], {
      random: () => 0.999,
    });
    await expect(backend.get("key")).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect(traced.summary().requests).toBe(12);
    expect(clock.now()).toBeGreaterThan(40_000);
    expect(clock.now()).toBeLessThanOrEqual(60_000);
  });

  test("an error that is not retryable passes unchanged", async () => {
    const error = new TrunksError("PERMISSION_DENIED", "no");
    const { backend, traced } = await setUp([{ fault: failing(error) }]);
    await expect(backend.get("key")).rejects.toBe(error);
    expect(traced.summary().requests).toBe(1);
  });
});

describe("what is repeated", () => {
  const lost = { kind: "lost-answer" } as const;
  const cases: readonly { operation: Operation; fault: Fault; repeated: boolean; name: string }[] = [
    ...(["get", "list", "put", "delete", "create"] as const).map((operation) => ({
      name: "UNAVAILABLE",
      operation,
      fault: failing(unavailable()),
      repeated: true,
    })),
    { name: "RATE_LIMITED", operation: "create", fault: failing(limitedError()), repeated: true },
    { name: "OUTCOME_UNKNOWN", operation: "create", fault: lost, repeated: false },
    { name: "retryable OUTCOME_UNKNOWN", operation: "create", fault: failing(retryableUnknown()), repeated: false },
    { name: "retryable UNAUTHENTICATED", operation: "create", fault: failing(retryableDenied()), repeated: false },
    { name: "retryable UNAUTHENTICATED", operation: "get", fault: failing(retryableDenied()), repeated: true },
    { name: "OUTCOME_UNKNOWN", operation: "put", fault: lost, repeated: true },
    { name: "OUTCOME_UNKNOWN", operation: "delete", fault: lost, repeated: true },
    { name: "final UNAVAILABLE", operation: "list", fault: failing(finalError()), repeated: false },
  ];
  test.each(cases)("$operation after $name: $repeated", async ({ operation, fault, repeated }) => {
    const { backend, traced } = await setUp([{ fault, operation }]);
    const calls = {
      get: () => backend.get("key"),
      create: () => backend.create("fresh", text("body")),
      put: () => backend.put("key", text("body")),
      list: () => backend.list(""),
      delete: () => backend.delete(["key"]),
    };
    const call = calls[operation]();
    if (repeated) await call;
    else await expect(call).rejects.toMatchObject({ name: "TrunksError" });
    expect(traced.summary().operations[operation]).toBe(repeated ? 2 : 1);
  });

  function limitedError() {
    return new TrunksError("RATE_LIMITED", "slow down", { retryable: true });
  }
  function retryableUnknown() {
    return new TrunksError("OUTCOME_UNKNOWN", "reset", { retryable: true });
  }
  function retryableDenied() {
    return new TrunksError("UNAUTHENTICATED", "expired", { retryable: true });
  }
  function finalError() {
    return new TrunksError("UNAVAILABLE", "for good");
  }
});

describe("a stream that breaks", () => {
  test("goes on from where it broke", async () => {
    const { backend, traced } = await setUp([
      { fault: { kind: "cut", afterBytes: 6 } },
      { fault: { kind: "cut", afterBytes: 3 } },
    ]);
    expect(await streamText(backend, "key")).toBe("0123456789");
    expect(traced.names()).toEqual(["get key", "get key [6,10)", "get key [9,10)"]);
  });

  test("goes on inside the range that was asked for", async () => {
    const { backend, traced } = await setUp([{ fault: { kind: "cut", afterBytes: 2 } }]);
    expect(await streamText(backend, "key", { suffix: 5 })).toBe("56789");
    expect(traced.names()).toEqual(["get key [-5]", "get key [7,10)"]);
  });

  test("is whole when it broke after the last byte", async () => {
    const { backend, traced } = await setUp([{ fault: { kind: "cut", afterBytes: 10 } }]);
    expect(await streamText(backend, "key")).toBe("0123456789");
    expect(traced.names()).toEqual(["get key"]);
  });

  test("has as many tries again after each progress", async () => {
    const { backend, traced } = await setUp([{ fault: { kind: "cut", afterBytes: 1 }, times: 9 }], { maxAttempts: 2 });
    expect(await streamText(backend, "key")).toBe("0123456789");
    expect(traced.summary().requests).toBe(10);
  });

  test("gives up without progress", async () => {
    const { backend, traced } = await setUp(
      [{ fault: { kind: "cut", afterBytes: 4 } }, { fault: { kind: "cut", afterBytes: 0 }, times: 100 }],
      { maxAttempts: 3 },
    );
    await expect(streamText(backend, "key")).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message: expect.stringContaining("gave up after 3 attempts"),
    });
    expect(traced.summary().requests).toBe(3);
  });
});

describe("a body that breaks before bytes() has it", () => {
  test("is read again from its start", async () => {
    const { backend, traced } = await setUp([{ fault: { kind: "cut", afterBytes: 6 }, times: 2 }]);
    expect(await readText(backend, "key", { start: 1 })).toBe("123456789");
    expect(traced.names()).toEqual(["get key [1,)", "get key [1,)", "get key [1,)"]);
  });

  test("is never pieced together from the old one and the new", async () => {
    const { backend, memory } = await setUp([{ fault: { kind: "cut", afterBytes: 6 } }]);
    const content = await trace(backend).get("key");
    await memory.put("key", text("abcdefghij"));
    expect(new TextDecoder().decode(await content?.bytes())).toBe("abcdefghij");
  });

  test("is given up after so many tries", async () => {
    const { backend, traced } = await setUp([{ fault: { kind: "cut", afterBytes: 6 }, times: 100 }], {
      maxAttempts: 3,
    });
    await expect(readText(backend, "key")).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message: expect.stringContaining("gave up after 3 attempts"),
    });
    expect(traced.summary().requests).toBe(3);
  });
});

describe.each([
  ["a stream", streamText],
  ["bytes()", readText],
])("going on with %s", (_, readAll) => {
  test.each([
    ["has another size now", (memory: MemoryBackend) => memory.put("key", text("shorter"))],
    ["is gone now", (memory: MemoryBackend) => memory.delete(["key"])],
  ])("fails when the key %s", async (_, change) => {
    const { backend, memory } = await setUp([{ fault: { kind: "cut", afterBytes: 4 } }]);
    const content = await backend.get("key");
    await change(memory);
    await expect(readAll(holding(content), "key")).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message: "key changed while it was read",
      retryable: true,
    });
  });

  test("ends with an error that is not retryable", async () => {
    const { backend, memory, traced } = await setUp([{ fault: { kind: "cut", afterBytes: 4 } }]);
    const content = await backend.get("key");
    await memory.close();
    await expect(readAll(holding(content), "key")).rejects.toMatchObject({ code: "CLOSED" });
    expect(traced.summary().requests).toBe(2);
  });
});

test("a body can be given up", async () => {
  const { backend, memory } = await setUp([]);
  const content = await backend.get("key");
  await content?.cancel();
  expect(memory.cancelled).toBe(1);
});

/** A backend that answers with content that is there already. */
function holding(content: Content | undefined): Backend {
  return Object.assign(new MemoryBackend(), { get: async () => content });
}
