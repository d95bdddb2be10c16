import { TrunksError } from "@trunks/core";
import { MemoryBackend } from "@trunks/core/memory";
import { describe, expect, test } from "vitest";
import { type Fault, type FaultRule, type FaultScript, faults, randomFaults, trace } from "../src/index.ts";
import { readText, StreamingMemoryBackend, text } from "./bytes.ts";
import { VirtualClock } from "./virtual-clock.ts";

function setUp(script: readonly FaultRule[] | FaultScript) {
  const memory = new MemoryBackend();
  const traced = trace(memory);
  return { memory, traced, backend: faults(traced, script) };
}

describe("what goes wrong", () => {
  test("an error before the effect", async () => {
    const { backend, memory } = setUp([{ fault: { kind: "fail", when: "before" } }]);
    await expect(backend.put("key", text("body"))).rejects.toMatchObject({ code: "UNAVAILABLE", retryable: true });
    expect(await memory.get("key")).toBeUndefined();
  });

  test("an error of the test's choice after the effect", async () => {
    const error = new TrunksError("INTERNAL", "chosen");
    const { backend, memory } = setUp([{ fault: { kind: "fail", when: "after", error } }]);
    await expect(backend.put("key", text("body"))).rejects.toBe(error);
    expect(await readText(memory, "key")).toBe("body");
  });

  test("a lost answer", async () => {
    const { backend, memory } = setUp([{ fault: { kind: "lost-answer" } }]);
    await expect(backend.create("key", text("body"))).rejects.toMatchObject({ code: "OUTCOME_UNKNOWN" });
    expect(await readText(memory, "key")).toBe("body");
  });

  test("an effect that comes just before a later request", async () => {
    const { backend } = setUp([{ fault: { kind: "late-effect", afterRequests: 2 } }]);
    await expect(backend.create("key", text("late"))).rejects.toMatchObject({ code: "OUTCOME_UNKNOWN" });
    expect(await backend.get("key")).toBeUndefined();
    expect(await backend.create("key", text("second"))).toBe(false);
    expect(await readText(backend, "key")).toBe("late");
  });

  test("an effect that waits for the test, and does not heed a signal raised since", async () => {
    const { backend, memory } = setUp([{ fault: { kind: "late-effect" } }]);
    const controller = new AbortController();
    const call = backend.put("key", text("late"), { signal: controller.signal });
    await expect(call).rejects.toMatchObject({ code: "OUTCOME_UNKNOWN" });
    controller.abort();
    expect(await memory.get("key")).toBeUndefined();
    await backend.settle();
    expect(await readText(memory, "key")).toBe("late");
  });

  test("a late effect that fails is not silent", async () => {
    const { backend, memory } = setUp([{ fault: { kind: "late-effect" } }]);
    await expect(backend.put("key", text("late"))).rejects.toMatchObject({ code: "OUTCOME_UNKNOWN" });
    await memory.close();
    await expect(backend.settle()).rejects.toMatchObject({ code: "CLOSED" });
  });

  test.each([
    ["first", true],
    ["second", false],
  ] as const)("a write done twice, of which the %s answer arrives", async (answer, expected) => {
    const { backend, traced } = setUp([{ fault: { kind: "duplicate", answer } }]);
    expect(await backend.create("key", text("body"))).toBe(expected);
    expect(traced.requests.map(({ outcome }) => outcome)).toEqual(["created", "taken"]);
  });

  test("a body that is cut, at a byte inside a chunk", async () => {
    const memory = new StreamingMemoryBackend(4);
    await memory.put("key", text("0123456789"));
    const backend = faults(memory, [{ fault: { kind: "cut", afterBytes: 6 } }]);
    const content = await backend.get("key");
    let received = "";
    const reading = (async () => {
      for await (const chunk of content ?? []) received += new TextDecoder().decode(chunk);
    })();
    await expect(reading).rejects.toMatchObject({ code: "UNAVAILABLE", retryable: true });
    expect(received).toBe("012345");
    expect(await readText(backend, "key")).toBe("0123456789");
  });

  test("a delay", async () => {
    const clock = new VirtualClock();
    const delayed = faults(new MemoryBackend(), [{ fault: { kind: "delay", when: "after", ms: 500 } }], { clock });
    await delayed.put("key", text("body"));
    expect(clock.sleptMs).toEqual([500]);
  });

  test.each([
    ["before", undefined],
    ["after", "body"],
  ] as const)("no answer %s the effect, until the signal is raised", async (when, expected) => {
    const { backend, memory } = setUp([{ fault: { kind: "hang", when } }]);
    const signal = AbortSignal.timeout(1);
    await expect(backend.put("key", text("body"), { signal })).rejects.toMatchObject({ code: "ABORTED" });
    expect(await readText(memory, "key")).toBe(expected);
  });

  test.each([
    ["before", undefined],
    ["after", "body"],
  ] as const)("a crash %s the effect: the request is never answered", async (when, expected) => {
    const memory = new MemoryBackend();
    const outcome = await new Promise((resolve) => {
      const crashing = faults(memory, [{ fault: { kind: "crash", when } }], { crash: () => resolve("crashed") });
      void crashing.put("key", text("body")).finally(() => resolve("answered"));
    });
    expect(outcome).toBe("crashed");
    expect(await readText(memory, "key")).toBe(expected);
  });

  test("a crash without a way to crash is refused", async () => {
    const { backend } = setUp([{ fault: { kind: "crash", when: "before" } }]);
    await expect(backend.list("")).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });

  test("a fault that the operation cannot suffer is refused", async () => {
    const { backend } = setUp(() => ({ kind: "cut", afterBytes: 1 }));
    await expect(backend.list("")).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });

  test("closing settles late effects first", async () => {
    const { backend, traced } = setUp([{ fault: { kind: "late-effect" } }]);
    await expect(backend.put("key", text("late"))).rejects.toMatchObject({ code: "OUTCOME_UNKNOWN" });
    await backend.close();
    expect(traced.requests.map(({ outcome }) => outcome)).toEqual(["done"]);
  });
});

describe("which requests are struck", () => {
  const fault: Fault = { kind: "fail", when: "before" };

  async function outcomes(rule: FaultRule): Promise<string> {
    const { backend } = setUp([rule]);
    const calls = [
      () => backend.get("a"),
      () => backend.create("b/1", text("")),
      () => backend.create("b/2", text("")),
      () => backend.list("b/"),
      () => backend.delete(["a", "b/1"]),
    ];
    let pattern = "";
    for (const call of calls) {
      pattern += await call().then(
        () => ".",
        () => "x",
      );
    }
    expect(backend.struck.map(({ index }) => index)).toEqual(
      [...pattern].flatMap((sign, i) => (sign === "x" ? i : [])),
    );
    return pattern;
  }

  test.each<[string, FaultRule, string]>([
    ["the first, by default", { fault }, "x...."],
    ["by index", { fault, index: 3 }, "...x."],
    ["by operation", { fault, operation: "create" }, ".x..."],
    ["by key, in a delete too", { fault, key: "b/1", times: 9 }, ".x..x"],
    ["by a pattern", { fault, key: /^b\//g, times: 9 }, ".xxxx"],
    ["after some", { fault, operation: "create", skip: 1 }, "..x.."],
    ["so many", { fault, times: 2 }, "xx..."],
    ["only those that can suffer it", { fault: { kind: "lost-answer" }, times: 9 }, ".xx.x"],
  ])("%s", async (_, rule, expected) => {
    expect(await outcomes(rule)).toBe(expected);
  });

  test("by a function", async () => {
    const { backend } = setUp(({ index, keys }) => (index > 0 && keys[0] === "a" ? fault : undefined));
    await backend.get("a");
    await expect(backend.get("a")).rejects.toMatchObject({ code: "UNAVAILABLE" });
  });

  test("by chance, the same again for the same seed", async () => {
    const possible: readonly Fault[] = [fault, { kind: "cut", afterBytes: 0 }, { kind: "lost-answer" }];
    const run = (seed: number) => {
      const script = randomFaults({ seed, probability: 0.3, faults: possible });
      const operations = ["get", "create", "list", "put", "delete"] as const;
      return Array.from({ length: 1000 }, (_, index) => {
        const operation = operations[index % operations.length] ?? "get";
        return { operation, kind: script({ index, operation, keys: [] })?.kind };
      });
    };
    const struck = run(7).filter(({ kind }) => kind !== undefined);
    expect(struck.length).toBeGreaterThan(250);
    expect(struck.length).toBeLessThan(350);
    expect(struck.filter(({ kind }) => kind === "cut").every(({ operation }) => operation === "get")).toBe(true);
    expect(new Set(struck.map(({ kind }) => kind))).toEqual(new Set(["fail", "cut", "lost-answer"]));
    expect(run(7)).toEqual(run(7));
    expect(run(7)).not.toEqual(run(8));
  });
});
