import { mkdir, mkdtemp, readdir, readFile, rm, stat, truncate, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MemoryBackend } from "@trunks/core/memory";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type CacheOptions, cache } from "../src/cache.ts";
import { faults, trace } from "../src/index.ts";
import { readText, StreamingMemoryBackend, text } from "./bytes.ts";

let root: string;
let folder: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "trunks-cache-"));
  folder = join(root, "cache");
});
afterEach(() => rm(root, { recursive: true }));

function setUp(options: Partial<CacheOptions> = {}) {
  const memory = new StreamingMemoryBackend(1000);
  const traced = trace(memory);
  const settings = { folder, maxBytes: 2 ** 30, cacheable: () => true, random: () => 0.999, ...options };
  return { memory, traced, backend: cache(traced, settings), another: () => cache(traced, settings) };
}

/** Bytes of which no two neighbourhoods look alike. */
function pattern(size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  for (let i = 0; i < size; i += 1) bytes[i] = (i * 31 + (i >>> 8) * 17 + (i >>> 16)) & 255;
  return bytes;
}

async function entryPaths(): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  return names.map((name) => join(folder, name));
}

describe("what is kept", () => {
  test("a body that was read whole serves later reads, in other processes too", async () => {
    const { memory, traced, backend, another } = setUp();
    await memory.put("key", text("body"));
    expect(await readText(backend, "key")).toBe("body");
    expect(await readText(backend, "key")).toBe("body");
    expect(await readText(another(), "key")).toBe("body");
    expect(traced.names()).toEqual(["get key"]);
  });

  test.each([0, 1, 2 ** 20 - 1, 2 ** 20, 2 ** 20 + 1, 3 * 2 ** 20 + 5])(
    "ranges of a body of %i bytes",
    async (size) => {
      const { memory, traced, backend } = setUp();
      const body = pattern(size);
      await memory.put("key", body);
      await (await backend.get("key"))?.bytes();
      traced.reset();
      const offsets = [0, 1, 2 ** 20 - 1, 2 ** 20, 2 ** 20 + 1, 2 ** 21, 3 * 2 ** 20 + 4, size, size + 10];
      for (const start of offsets) {
        for (const end of [...offsets.filter((offset) => offset >= start), undefined]) {
          const kept = await backend.get("key", { range: { start, end } });
          const bytes = await kept?.bytes();
          expect(Buffer.compare(bytes as Uint8Array, body.subarray(start, end)), `${start}-${end}`).toBe(0);
          expect(kept).toMatchObject({ totalSize: size, size: bytes?.length });
        }
        const suffix = await (await backend.get("key", { range: { suffix: start } }))?.bytes();
        expect(Buffer.compare(suffix as Uint8Array, body.subarray(Math.max(0, size - start))), `-${start}`).toBe(0);
      }
      expect(traced.names()).toEqual([]);
    },
  );

  test("a range that covers everything counts as whole, any other is not kept", async () => {
    const { memory, traced, backend } = setUp();
    await memory.put("key", text("0123456789"));
    await readText(backend, "key", { start: 2 });
    expect(await entryPaths()).toEqual([]);
    await readText(backend, "key", { start: 0, end: 99 });
    expect(await readText(backend, "key", { start: 2, end: 4 })).toBe("23");
    expect(traced.names()).toEqual(["get key [2,)", "get key [0,99)"]);
  });

  test("absence is not", async () => {
    const { memory, backend } = setUp();
    expect(await backend.get("key")).toBeUndefined();
    await memory.put("key", text("body"));
    expect(await readText(backend, "key")).toBe("body");
  });

  test("keys that may change are not", async () => {
    const { memory, backend } = setUp({ cacheable: (key) => key.startsWith("journal/") });
    await memory.put("latest", text("one"));
    await readText(backend, "latest");
    await memory.put("latest", text("two"));
    expect(await readText(backend, "latest")).toBe("two");
    expect(await entryPaths()).toEqual([]);
  });

  test("large bodies are not", async () => {
    const { memory, traced, backend } = setUp({ maxEntryBytes: 9 });
    await memory.put("key", text("0123456789"));
    await readText(backend, "key");
    await readText(backend, "key");
    expect(traced.summary().requests).toBe(2);
  });

  test("bodies that were not read to the end are not", async () => {
    const { memory, backend } = setUp();
    await memory.put("key", pattern(5000));
    await (await backend.get("key"))?.cancel();
    for await (const _ of (await backend.get("key")) ?? []) break;
    for (const afterBytes of [3, 5000]) {
      const faulty = faults(memory, [{ fault: { kind: "cut", afterBytes } }]);
      const broken = cache(faulty, { folder, maxBytes: 2 ** 30, cacheable: () => true });
      await expect(readText(broken, "key")).rejects.toMatchObject({ code: "UNAVAILABLE" });
    }
    expect(await entryPaths()).toEqual([]);
  });

  test("what this layer overwrites or deletes is dropped", async () => {
    const { backend } = setUp();
    await backend.create("key", text("one"));
    expect(await readText(backend, "key")).toBe("one");
    await backend.put("key", text("two"));
    expect(await readText(backend, "key")).toBe("two");
    await backend.delete(["key"]);
    expect(await backend.get("key")).toBeUndefined();
  });

  test("only the owner may read it", async () => {
    const { memory, backend } = setUp();
    await memory.put("key", text("body"));
    await readText(backend, "key");
    const [path] = await entryPaths();
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    expect((await stat(path as string)).mode & 0o777).toBe(0o600);
  });
});

describe("a damaged entry is dropped and read again", () => {
  const size = 2 ** 20 + 100;
  const damages: [string, (path: string) => Promise<void>][] = [
    ["a flipped bit in the first block", (path) => flip(path, 40)],
    ["a flipped bit in the last block", (path) => flip(path, 2 ** 20 + 32 + 40)],
    ["a flipped bit in a digest", (path) => flip(path, 3)],
    ["cut at the end", (path) => truncate(path, size + 63)],
    ["cut between blocks", (path) => truncate(path, 2 ** 20 + 32)],
    ["cut inside a digest", (path) => truncate(path, 20)],
    ["empty", (path) => truncate(path, 0)],
  ];
  async function flip(path: string, offset: number): Promise<void> {
    const bytes = await readFile(path);
    bytes[offset] = (bytes[offset] as number) ^ 1;
    await writeFile(path, bytes);
  }

  test.each(damages)("%s", async (_, damage) => {
    const { memory, traced, backend } = setUp();
    const body = pattern(size);
    await memory.put("key", body);
    await (await backend.get("key"))?.bytes();
    const [path] = await entryPaths();
    await damage(path as string);

    const bytes = await (await backend.get("key"))?.bytes();
    expect(Buffer.compare(bytes as Uint8Array, body)).toBe(0);
    await (await backend.get("key"))?.bytes();
    expect(traced.summary().requests).toBe(2);
  });

  test("by a range as well", async () => {
    const { memory, backend } = setUp();
    await memory.put("key", text("0123456789"));
    await readText(backend, "key");
    const [path] = await entryPaths();
    await flip(path as string, 40);
    expect(await readText(backend, "key", { start: 2, end: 4 })).toBe("23");
    expect(await entryPaths()).toEqual([]);
  });

  test("an entry under another key's name", async () => {
    const { memory, backend } = setUp();
    await memory.put("one", text("1"));
    await memory.put("two", text("2"));
    await readText(backend, "one");
    const [one] = await entryPaths();
    await readText(backend, "two");
    const two = (await entryPaths()).find((path) => path !== one);
    await writeFile(two as string, await readFile(one as string));
    expect(await readText(backend, "two")).toBe("2");
  });
});

describe("the bound", () => {
  const maxBytes = 20 * 4096;

  test("the least recently read go first, and dead processes' files with them", async () => {
    const { memory, traced, backend } = setUp({ maxBytes, random: () => 0 });
    const keys = Array.from({ length: 20 }, (_, index) => `key/${index}`);
    for (const [index, key] of [...keys, "one-more"].entries()) {
      await memory.put(key, text(key));
      if (key === "one-more") continue;
      const before = await entryPaths();
      await readText(backend, key);
      const path = (await entryPaths()).find((one) => !before.includes(one));
      await utimes(path as string, 1000 + index, 1000 + index);
    }
    expect(await entryPaths()).toHaveLength(20);
    const abandoned = join(folder, `${"0".repeat(64)}.${crypto.randomUUID()}.tmp`);
    const beingWritten = join(folder, `${"0".repeat(64)}.${crypto.randomUUID()}.tmp`);
    const foreign = join(folder, "notes.txt");
    for (const path of [abandoned, beingWritten, foreign]) await writeFile(path, "");
    for (const path of [abandoned, foreign]) await utimes(path, 1000, 1000);

    await readText(backend, "key/0");
    await readText(backend, "one-more");
    traced.reset();
    for (const key of ["key/0", "key/2", "one-more"]) await readText(backend, key);
    expect(traced.names()).toEqual([]);
    const paths = await entryPaths();
    expect(paths).toContain(beingWritten);
    expect(paths).toContain(foreign);
    expect(paths).not.toContain(abandoned);
    await readText(backend, "key/1");
    expect(traced.names()).toEqual(["get key/1"]);
  });

  test("holds by chance sweeps alone", async () => {
    let draw = 0;
    // Every eleventh draw is low: on average one write in ten sweeps.
    const { memory, backend } = setUp({ maxBytes: 100 * 4096, random: () => (draw++ % 11) / 11 });
    for (let index = 0; index < 300; index += 1) {
      await memory.put(`key/${index}`, text("body"));
      await readText(backend, `key/${index}`);
    }
    const { length } = await entryPaths();
    expect(length).toBeGreaterThanOrEqual(100);
    expect(length).toBeLessThanOrEqual(111);
  });
});

describe("a disk that fails", () => {
  test("costs speed only", async () => {
    await writeFile(folder, "a file where the folder should be");
    const { memory, traced, backend } = setUp();
    await memory.put("key", text("body"));
    expect(await readText(backend, "key")).toBe("body");
    expect(await readText(backend, "key")).toBe("body");
    await backend.delete(["key"]);
    expect(await backend.get("key")).toBeUndefined();
    expect(traced.summary().requests).toBe(4);
  });

  test("leaves no temporary file behind", async () => {
    const { memory, backend } = setUp();
    await memory.put("key", text("body"));
    await readText(backend, "key");
    const [path] = await entryPaths();
    await rm(path as string);
    await mkdir(path as string);
    expect(await readText(backend, "key")).toBe("body");
    expect(await entryPaths()).toEqual([path]);
  });

  test("comes back into use when it is well again", async () => {
    const { memory, traced, backend } = setUp();
    await memory.put("key", text("body"));
    await readText(backend, "key");
    await rm(folder, { recursive: true });
    await readText(backend, "key");
    await readText(backend, "key");
    expect(traced.summary().requests).toBe(2);
  });
});

test("a kept body is not served after closing, nor to a raised signal", async () => {
  const memory = new MemoryBackend();
  const backend = cache(memory, { folder, maxBytes: 2 ** 30, cacheable: () => true });
  await memory.put("key", text("body"));
  await readText(backend, "key");
  await expect(backend.get("key", { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "ABORTED" });
  await backend.close();
  await expect(backend.get("key")).rejects.toMatchObject({ code: "CLOSED" });
});
