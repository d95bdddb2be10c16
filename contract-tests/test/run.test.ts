import { type Backend, bytesContent, TrunksError } from "@trunks/core";
import { MemoryBackend } from "@trunks/core/memory";
import { describe, expect, it } from "vitest";
import { type ContractCase, type ContractOutcome, ContractSession, contractCases, runContract } from "../src/index.ts";

function openStore(store: MemoryBackend) {
  return async () => new MemoryBackend({ storeOf: store });
}

function caseOf(run: ContractCase["run"], needs?: ContractCase["needs"]): ContractCase {
  return { id: "test/case", proves: "a test", needs, run };
}

const statuses = (outcomes: readonly ContractOutcome[]) =>
  Object.fromEntries(outcomes.map(({ id, status }) => [id, status]));

describe("the cases", () => {
  it("have ids of their own, with a group and a name", () => {
    const ids = contractCases.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.filter((id) => !/^[a-z]+\/[a-z0-9-]+$/.test(id))).toEqual([]);
  });
});

describe("runContract", () => {
  it("probes with the fast core: creates, races, reads, absence, a list, a delete", async () => {
    const outcomes = await runContract(openStore(new MemoryBackend()), { select: "probe" });
    expect(statuses(outcomes)).toEqual({
      "create/absent": "passed",
      "create/taken": "passed",
      "get/absent": "passed",
      "list/shows": "passed",
      "delete/removes": "passed",
      "race/16-small": "passed",
      cleanup: "passed",
    });
  });

  it("skips what was not supplied, and says what", async () => {
    const outcomes = await runContract(openStore(new MemoryBackend()), { select: ({ needs }) => needs !== undefined });
    const skipped = outcomes.filter(({ status }) => status === "skipped");
    expect(skipped.map(({ id }) => id.split("/")[0])).toEqual(
      ["list", "large"].concat(Array(5).fill("forbidden"), Array(5).fill("missing")),
    );
    expect(skipped.every(({ reason }) => reason !== undefined && reason.length > 10)).toBe(true);
  });

  it("skips what the backend declares it cannot do", async () => {
    const store = new MemoryBackend();
    const capabilities = { ...store.capabilities, promptList: false, maxBodyBytes: 100_000 };
    const open = async () => Object.assign(new MemoryBackend({ storeOf: store }), { capabilities });
    const select = ({ id }: ContractCase) => ["list/prompt", "large/64-mib", "list/shows"].includes(id);
    const outcomes = await runContract(open, { select });
    expect(statuses(outcomes)).toMatchObject({
      "list/prompt": "skipped",
      "large/64-mib": "skipped",
      "list/shows": "passed",
    });
  });

  it("reports a store that cannot be opened as failures", async () => {
    const error = new TrunksError("UNAVAILABLE", "nothing listens");
    const outcomes = await runContract(() => Promise.reject(error), { select: "probe" });
    expect(outcomes.length).toBe(7);
    for (const outcome of outcomes) expect(outcome).toMatchObject({ status: "failed", error });
  });

  it("leaves other keys alone and removes its own", async () => {
    const store = new MemoryBackend();
    await store.create("trunks/mine", new Uint8Array(1));
    const seen: string[] = [];
    await runContract(openStore(store), { select: "probe", onOutcome: ({ id }) => seen.push(id) });
    expect((await store.list("")).keys.map(({ key }) => key)).toEqual(["trunks/mine"]);
    expect(seen).toHaveLength(7);
  });
});

describe("a session", () => {
  it("removes what a failed case wrote, and closes what it opened", async () => {
    const store = new MemoryBackend();
    const session = new ContractSession(openStore(store));
    let own: Backend | undefined;
    const outcome = await session.run(
      caseOf(async ({ prefix, open }) => {
        own = await open();
        await own.create(`${prefix}left`, new Uint8Array(1));
        throw new Error("failed on purpose");
      }),
    );
    expect(outcome).toMatchObject({ status: "failed", error: { message: "failed on purpose" } });
    expect((await store.list("")).keys).toEqual([]);
    await expect(own?.get("key")).rejects.toMatchObject({ code: "CLOSED" });
    expect(await session.close()).toMatchObject({ id: "cleanup", status: "passed" });
  });

  it("removes at its end what could not be removed before, and reports what cannot be removed at all", async () => {
    for (const [failures, status] of [
      [1, "passed"],
      [2, "failed"],
    ] as const) {
      const store = new MemoryBackend();
      let left = failures;
      const open = async () => {
        const memory = new MemoryBackend({ storeOf: store });
        const remove = memory.delete.bind(memory);
        return Object.assign(memory, {
          delete: (keys: readonly string[]) => (left-- > 0 ? Promise.reject(new Error("busy")) : remove(keys)),
        });
      };
      const session = new ContractSession(open);
      const outcome = await session.run(
        caseOf(async ({ backend, prefix }) => void (await backend.create(`${prefix}left`, new Uint8Array(1)))),
      );
      expect(outcome.status).toBe("passed");
      expect((await session.close()).status).toBe(status);
      expect((await store.list("")).keys).toHaveLength(failures - 1);
    }
  });

  it.each<[string, Partial<Backend>]>([
    ["hides keys from its lists", { list: async () => ({ keys: [], more: false }) }],
    ["lists to nobody", { list: () => Promise.reject(new TrunksError("PERMISSION_DENIED", "no lists")) }],
  ])("removes what it wrote from a store that %s", async (_, mutation) => {
    const store = new MemoryBackend();
    const open = async () => Object.assign(new MemoryBackend({ storeOf: store }), mutation);
    const outcomes = await runContract(open, { select: "probe" });
    expect(statuses(outcomes)).toMatchObject({ "list/shows": "failed", cleanup: "passed" });
    expect((await store.list("")).keys).toEqual([]);
  });

  it("ends a case that hangs, and says so", async () => {
    const session = new ContractSession(openStore(new MemoryBackend()), { timeoutMs: 20 });
    const outcome = await session.run(caseOf(() => new Promise(() => {})));
    expect(outcome).toMatchObject({ status: "failed", error: { name: "ContractFailure" } });
    expect(String(outcome.error)).toContain("20 ms");
  });

  it("ends when its caller gives up, and still cleans up", async () => {
    const store = new MemoryBackend();
    const controller = new AbortController();
    const session = new ContractSession(openStore(store), { signal: controller.signal });
    const reason = new Error("enough");
    const hanging = caseOf(async ({ backend, prefix }) => {
      await backend.create(`${prefix}left`, new Uint8Array(1));
      controller.abort(reason);
      await new Promise(() => {});
    });
    expect(await session.run(hanging)).toMatchObject({ status: "failed", error: reason });
    expect(await session.run(hanging)).toMatchObject({ status: "failed", error: reason });
    expect((await store.list("")).keys).toEqual([]);
  });

  it("fails a case that uses what it does not say it needs", async () => {
    const session = new ContractSession(openStore(new MemoryBackend()));
    const outcome = await session.run(caseOf(async ({ openMissing }) => void (await openMissing())));
    expect(String(outcome.error)).toContain("does not say it needs");
  });

  it("does not take an answer for a refusal", async () => {
    const session = new ContractSession(openStore(new MemoryBackend()), {
      needs: {
        openMissing: async () =>
          Object.assign(new MemoryBackend(), { get: async () => bytesContent(new Uint8Array(0)) }),
      },
    });
    const missing = contractCases.find(({ id }) => id === "missing/get")!;
    expect((await session.run(missing)).status).toBe("failed");
  });
});
