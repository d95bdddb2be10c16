import { randomFillSync } from "node:crypto";
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { commit, makeRepository } from "../support/repository.ts";
import { Sandbox } from "../support/sandbox.ts";
import { needStore, type Store, type StoreName, startStore } from "../support/stores.ts";

/** A server that is new has to be installed once. */
const startTimeoutMs = 15 * 60_000;
const timeoutMs = 300_000;
const mebibyte = 2 ** 20;
const blobSize = 320 * mebibyte;
const limitKibibytes = 384 * 1024;

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = new Sandbox();
  await makeRepository(sandbox, "work");
  const settings = [
    ["core.compression", "0"],
    ["core.bigFileThreshold", "1m"],
  ] as const;
  for (const [name, value] of settings) await sandbox.git(["config", name, value], { folder: "work" });
  const chunk = Buffer.alloc(mebibyte);
  for (let size = 0; size < blobSize; size += chunk.length) {
    appendFileSync(join(sandbox.path, "work", "large"), randomFillSync(chunk));
  }
  await sandbox.git(["add", "large"], { folder: "work" });
  await commit(sandbox, "work", "large");
}, timeoutMs);
afterAll(() => sandbox.remove());

/** Runs git; answers the greatest memory of a helper, in KiB. */
async function peakOf(store: Store, args: readonly string[]): Promise<number> {
  sandbox.write("peaks", "");
  const hook = pathToFileURL(join(import.meta.dirname, "..", "support", "peak-memory.ts")).href;
  const environment = {
    ...store.environment,
    NODE_OPTIONS: `--import=${hook}`,
    PEAK_MEMORY_FILE: join(sandbox.path, "peaks"),
  };
  await sandbox.git(args, { folder: "work", environment });
  const peaks = sandbox.read("peaks").trimEnd().split("\n").map(Number);
  expect(peaks.every((peak) => peak > 10_000)).toBe(true);
  return Math.max(...peaks);
}

describe.each<StoreName>(["local", "versity"])("%s", (name) => {
  let started: Store | string | undefined;
  beforeAll(async () => {
    started = await startStore(name, sandbox);
  }, startTimeoutMs);
  afterAll(async () => {
    if (typeof started === "object") await started.stop();
  });

  test(
    "pushes, a clone and a fetch of one blob of 320 MiB stay below 384 MiB",
    async (context) => {
      const store = needStore(context, started);
      const url = store.url("app");
      const peak = (...args: string[]) => peakOf(store, args);
      expect(await peak("push", "-q", url, "main")).toBeLessThan(limitKibibytes);
      expect(await peak("clone", "-q", "--bare", url, `../${name}-clone`)).toBeLessThan(limitKibibytes);
      const size = await sandbox.git(["cat-file", "-s", "main:large"], { folder: `${name}-clone` });
      expect(Number(size)).toBe(blobSize);
      if (name !== "local") return;
      // On what is there, and into what is there.
      expect(await peak("push", "-q", store.url("built"), "main^:refs/heads/main")).toBeLessThan(limitKibibytes);
      expect(await peak("push", "-q", store.url("built"), "main")).toBeLessThan(limitKibibytes);
      await sandbox.git(["init", "-q", "--bare", "other"]);
      expect(await peak("-C", "../other", "fetch", "-q", url, "main")).toBeLessThan(limitKibibytes);
    },
    timeoutMs,
  );
});
