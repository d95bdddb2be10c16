import { replaceMethods } from "@trunks/core";
import { MemoryBackend } from "@trunks/core/memory";
import { trace } from "@trunks/layers";
import { afterEach, expect, test } from "vitest";
import { SeededRandom } from "../../repo/test/seeded-random.ts";
import { Trunk } from "../src/index.ts";

const author = { name: "A Writer", email: "writer@example.org", date: new Date(1_700_000_000_000), timezoneMinutes: 0 };
const chunkThresholdBytes = 1_000_000;
const size = 3_000_000;

let trunk: Trunk | undefined;
afterEach(() => trunk?.close());

/** Commits and pushes the file; answers how many bytes that added to the store. */
async function push(store: MemoryBackend, bytes: Uint8Array): Promise<number> {
  const stored = async () => (await store.list("")).keys.reduce((sum, key) => sum + key.size, 0);
  const before = await stored();
  const backend = replaceMethods(store, { close: async () => {} });
  await using writer = await Trunk.openBackend(backend, { create: true, author, chunkThresholdBytes });
  await writer.write("large", bytes);
  await writer.commit({ message: "a version" });
  await writer.push();
  return (await stored()) - before;
}

test("a file above the threshold is uploaded once, and a range of it is read without the rest", async () => {
  const store = new MemoryBackend();
  const bytes = new SeededRandom(1).bytes(size);
  expect(await push(store, bytes)).toBeGreaterThan(size);
  const changed = bytes.slice();
  changed.set([1, 2, 3], size / 2);
  expect(await push(store, changed)).toBeLessThan(size / 5);

  const traced = trace(store);
  trunk = await Trunk.openBackend(traced, { author });
  const range = { start: size / 2 - 10, end: size / 2 + 10 };
  const part = await trunk.readBytes("large", { range });
  expect(Buffer.from(part ?? []).equals(changed.subarray(range.start, range.end))).toBe(true);
  const read = traced.requests.filter(({ key }) => key.startsWith("chunks/"));
  expect(read.map(({ key }) => key.replace(/[0-9a-f]{32}/, "ID")).sort()).toEqual([
    "chunks/ID.idx",
    "chunks/ID.pack", // The list of chunks, and the chunk that was changed.
    "chunks/ID.pack",
  ]);
  expect(traced.requests.reduce((sum, { bytesDown }) => sum + bytesDown, 0)).toBeLessThan(size / 5);
  const whole = await trunk.readBytes("large");
  expect(Buffer.from(whole ?? []).equals(changed)).toBe(true);
});
