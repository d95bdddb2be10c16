import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runContract } from "@trunks/contract-tests";
import { describeContract } from "@trunks/contract-tests/vitest";
import { type Backend, TrunksError } from "@trunks/core";
import { MemoryBackend } from "@trunks/core/memory";
import { afterAll, expect, test } from "vitest";
import { cache } from "../src/cache.ts";
import { type Fault, type FaultScript, faults, latency, randomFaults, retry, scope, trace } from "../src/index.ts";

const root = await mkdtemp(join(tmpdir(), "trunks-layers-"));
afterAll(() => rm(root, { recursive: true }));

const brief = { getMs: 1, createMs: 2, putMs: 2, listMs: 2, deleteMs: 2 };

/** Runs the contract on clients of one memory store, each behind the layer. */
function describeLayer(name: string, layer: (backend: Backend) => Backend): void {
  const store = new MemoryBackend();
  const refused = (error: TrunksError) => async () =>
    layer(faults(store, () => ({ kind: "fail", when: "before", error })));
  describeContract(name, async () => layer(new MemoryBackend({ storeOf: store })), {
    needs: {
      ownStore: true,
      openForbidden: refused(new TrunksError("PERMISSION_DENIED", "forbidden")),
      openMissing: refused(new TrunksError("NOT_FOUND", "no such root")),
    },
  });
}

/** Nothing is written by a request that they strike, so the contract must hold above a retry layer. */
const harmlessFaults: readonly Fault[] = [
  { kind: "fail", when: "before" },
  { kind: "fail", when: "before", error: new TrunksError("RATE_LIMITED", "slow down", { retryable: true }) },
  { kind: "cut", afterBytes: 0 },
  { kind: "cut", afterBytes: 1000 },
];

let struck = 0;

function retryAboveFaults(backend: Backend, seed: number): Backend {
  const script = randomFaults({ seed, probability: 0.2, faults: harmlessFaults });
  const counted: FaultScript = (request) => {
    const fault = script(request);
    if (fault !== undefined) struck += 1;
    return fault;
  };
  return retry(faults(backend, counted), { baseDelayMs: 1, maxDelayMs: 2 });
}

function cacheInFolder(backend: Backend, name: string): Backend {
  return cache(backend, { folder: join(root, name), maxBytes: 2 ** 30, cacheable: () => true });
}

describeLayer("scope", (backend) => scope(backend, ""));
describeLayer("retry", (backend) => retry(backend));
describeLayer("trace", (backend) => trace(backend));
describeLayer("faults without a fault", (backend) => faults(backend, []));
describeLayer("latency", (backend) => latency(backend, { ...brief, bytesPerSecond: 1e9 }));
describeLayer("cache", (backend) => cacheInFolder(backend, "alone"));
describeLayer("retry above random faults, seed 1", (backend) => retryAboveFaults(backend, 1));
describeLayer("retry above random faults, seed 2", (backend) => retryAboveFaults(backend, 2));
describeLayer("trace above cache above retry above random faults", (backend) =>
  trace(cacheInFolder(retryAboveFaults(backend, 3), "above")),
);

test("the random faults struck", () => {
  expect(struck).toBeGreaterThan(100);
});

test("a scope with a prefix keeps the contract, but for keys that the prefix makes too long", async () => {
  const store = new MemoryBackend();
  await store.put("outside", new Uint8Array(1));
  const open = async () => scope(new MemoryBackend({ storeOf: store }), "trunks/app.trunk/");
  const outcomes = await runContract(open, { needs: { ownStore: true } });
  const failed = outcomes.filter(({ status }) => status === "failed");
  expect(failed.map(({ id }) => id)).toEqual(["key/long", "key/deep"]);
  for (const { error } of failed) expect(error).toMatchObject({ code: "INVALID_ARGUMENT" });
  expect(outcomes.filter(({ status }) => status === "passed").length).toBeGreaterThan(50);
});
