import { isTrunksError } from "@trunks/core";
import { MemoryBackend } from "@trunks/core/memory";
import { type Fault, type FaultScript, type FaultyBackend, faults, randomFaults, retry } from "@trunks/layers";
import { describe, expect, test } from "vitest";
import { Trunk } from "../src/index.ts";

/** What a store may do: fail before anything happened, keep its answer back, do what was asked later, or twice. */
const possible: readonly Fault[] = [
  { kind: "fail", when: "before" },
  { kind: "cut", afterBytes: 10 },
  { kind: "lost-answer" },
  { kind: "late-effect", afterRequests: 2 },
  { kind: "duplicate" },
  { kind: "duplicate", answer: "second" },
];

const writers = 3;
const rounds = 5;

describe("on a store that fails now and then", () => {
  test.each([1, 2, 3, 4, 5, 6])("writers on one branch lose nothing and do nothing twice, seed %d", async (seed) => {
    const store = new MemoryBackend();
    const client = (number: number): FaultyBackend => {
      const script = randomFaults({ seed: 100 * seed + number, probability: 0.2, faults: possible });
      return faults(new MemoryBackend({ storeOf: store }), script);
    };
    const first = await Trunk.openBackend(new MemoryBackend({ storeOf: store }), { create: true });
    await first.write("README.md", "# Here\n");
    await first.commit({ message: "begin" });
    await first.push();
    const clients = Array.from({ length: writers }, (_, number) => client(number));
    await Promise.all(
      clients.map(async (backend, number) => {
        const trunk = await patiently(() => Trunk.openBackend(retry(backend)));
        for (let round = 0; round < rounds; round++) {
          await trunk.write(`${number}/${round}`, `${number} ${round}\n`);
          await trunk.commit({ message: `${number} ${round}` });
          await patiently(() => trunk.push({ retry: "rebase" }));
        }
      }),
    );
    for (const backend of clients) await backend.settle();
    expect(clients.some(({ struck }) => struck.length > 0)).toBe(true);
    await first.pull();
    const { data } = await first.log({ limit: 1000 });
    const expected = Array.from(
      { length: writers * rounds },
      (_, index) => `${index % writers} ${Math.floor(index / writers)}\n`,
    );
    expect(data.map(({ message }) => message).sort()).toEqual(["begin\n", ...expected].sort());
    for (const message of expected) {
      expect(await first.read(message.trim().replace(" ", "/"))).toBe(message);
    }
  });

  test("a push whose outcome was not told, and that others went on from, is no conflict", async () => {
    const store = new MemoryBackend();
    const open = (backend = new MemoryBackend({ storeOf: store })) => Trunk.openBackend(backend, { create: true });
    const other = await open();
    await other.write("a", "a\n");
    await other.commit({ message: "first" });
    await other.push();

    const controller = new AbortController();
    let isLost = false;
    const script: FaultScript = ({ operation, keys }) => {
      if (isLost) controller.abort();
      isLost ||= operation === "create" && keys[0]?.startsWith("journal/") === true;
      return isLost && operation === "create" ? { kind: "lost-answer" } : undefined;
    };
    const own = await Trunk.openBackend(faults(new MemoryBackend({ storeOf: store }), script));
    await own.write("b", "b\n");
    const { id } = await own.commit({ message: "second" });
    const error = await own.push({ signal: controller.signal }).catch((thrown) => thrown);
    expect(isTrunksError(error)).toBe(true);
    await other.pull();
    expect(other.head).toBe(id);
    await other.write("c", "c\n");
    await other.commit({ message: "third" });
    await other.push();

    await own.write("d", "d\n");
    await own.commit({ message: "fourth" });
    expect(await own.push({ retry: "rebase" })).toMatchObject({ pushed: true });
    const messages = (await own.log()).data.map(({ message }) => message);
    expect(messages).toEqual(["fourth\n", "third\n", "second\n", "first\n"]);
  });
});

/** Says it again, as a program does that was told that the store is away or that the outcome is not known. */
async function patiently<Answer>(call: () => Promise<Answer>): Promise<Answer> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await call();
    } catch (error) {
      const mayTry = isTrunksError(error, "UNAVAILABLE") || isTrunksError(error, "OUTCOME_UNKNOWN");
      if (!mayTry || attempt === 20) throw error;
    }
  }
}
