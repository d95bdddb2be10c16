import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openBackend } from "@trunks/backend-local";
import { describeContract } from "@trunks/contract-tests/vitest";
import { type Backend, type Source, TrunksError } from "@trunks/core";
import { scope } from "@trunks/layers";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import { openThreaded } from "../../src/threads/threaded-backend.ts";

const root = await mkdtemp(join(tmpdir(), "trunks-threads-"));
afterAll(() => rm(root, { recursive: true }));

function place(name: string) {
  return { name, url: `local://${root}/${name}/trunks/app.trunk` };
}

async function openWhole(name: string): Promise<{ readonly backend: Backend; readonly prefix: string }> {
  await mkdir(join(root, name), { recursive: true });
  return openThreaded({ place: place(name), settings: undefined, installations: [] });
}

async function open(name: string): Promise<Backend> {
  const { backend, prefix } = await openWhole(name);
  return scope(backend, prefix);
}

const openContract = async () => (await openWhole("contract")).backend;
describeContract("a folder, by way of a thread", openContract, { needs: { ownStore: true } });

describe("a threaded backend", () => {
  let backend: Backend;
  beforeEach(async () => {
    backend = await open("store");
  });
  afterEach(() => backend.close());

  const bytesOf = async (key: string) => (await backend.get(key))?.bytes();
  const noise = (size: number) => Uint8Array.from({ length: size }, (_, index) => (index * 7919) >> 3);

  test("moves bodies of every size as they are, and leaves the caller's bytes alone", async () => {
    const whole = noise(3 * 2 ** 20 + 5);
    const before = whole.slice();
    for (const size of [0, 1, 2 ** 16, 2 ** 16 + 1, 2 ** 20, whole.length - 1]) {
      const key = `objects/${size}`;
      expect(await backend.create(key, whole.subarray(1, 1 + size))).toBe(true);
      expect(Buffer.compare((await bytesOf(key)) as Uint8Array, before.subarray(1, 1 + size))).toBe(0);
    }
    expect(Buffer.compare(whole, before)).toBe(0);
  });

  test("reads a large body once from front to back, and a reader may give up", async () => {
    const chunk = noise(2 ** 20);
    let given = 0;
    const body: Source = {
      size: 64 * chunk.length,
      async *read(start, end) {
        for (let at = start; at < end; at += chunk.length) {
          given++;
          yield chunk;
        }
      },
    };
    expect(await backend.create("objects/large", body)).toBe(true);
    expect(given).toBe(64);
    const content = await backend.get("objects/large");
    expect(content?.size).toBe(body.size);
    for await (const first of content as AsyncIterable<Uint8Array>) {
      expect(first.length).toBeGreaterThan(0);
      break;
    }
  });

  test("fails as the body fails, and as the store does", async () => {
    const broken: Source = {
      size: 2 ** 20,
      async *read() {
        yield noise(1000);
        throw new TrunksError("CORRUPT", "it is damaged", { hint: "look", retryable: true });
      },
    };
    await expect(backend.create("objects/broken", broken)).rejects.toMatchObject({
      code: "CORRUPT",
      message: "it is damaged",
      hint: "look",
      retryable: true,
    });
    expect(await bytesOf("objects/broken")).toBeUndefined();
    await expect(backend.get("../outside")).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    await expect(
      openThreaded({
        place: { name: "x", url: "nosuch://a/trunks/app.trunk" },
        settings: undefined,
        installations: [],
      }),
    ).rejects.toMatchObject({ name: "TrunksError", hint: expect.any(String) });
  });

  test("gives up when the signal is raised, and goes on with other calls", async () => {
    const stop = new AbortController();
    const endless: Source = {
      size: 2 ** 30,
      async *read() {
        for (;;) {
          yield noise(2 ** 16);
          stop.abort();
        }
      },
    };
    await expect(backend.create("objects/endless", endless, { signal: stop.signal })).rejects.toMatchObject({
      code: "ABORTED",
    });
    await expect(backend.get("objects/any", { signal: stop.signal })).rejects.toMatchObject({ code: "ABORTED" });
    expect(await bytesOf("objects/endless")).toBeUndefined();
  });

  test("answers what others have written, and refuses calls when it was closed", async () => {
    const other = scope(await openBackend(new URL(`file://${root}/store`)), "trunks/app.trunk/");
    await other.put("latest", noise(10));
    expect(await bytesOf("latest")).toEqual(noise(10));
    await other.close();
    await backend.close();
    await backend.close();
    await expect(backend.get("latest")).rejects.toMatchObject({ code: "CLOSED" });
  });
});
