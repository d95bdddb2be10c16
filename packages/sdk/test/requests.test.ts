import type { Backend } from "@trunks/core";
import { MemoryBackend } from "@trunks/core/memory";
import { scope, type TracedBackend, trace } from "@trunks/layers";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { SeededRandom } from "../../repo/test/seeded-random.ts";
import { Trunk } from "../src/index.ts";

const author = { name: "A Writer", email: "writer@example.org", date: new Date(1_700_000_000_000), timezoneMinutes: 0 };
let store: MemoryBackend;
let traced: TracedBackend;
let trunk: Trunk;

beforeEach(async () => {
  store = new MemoryBackend();
  traced = trace(unclosed(store));
});
afterEach(() => trunk.close());

/** Names of requests, with ids and slots made plain, in the order of their round trips. */
function requests(): string[] {
  const { depth } = traced.summary();
  const names = traced.requests.map(({ operation, key, depth }) => `${depth} ${operation} ${plain(key)}`);
  expect(depth).toBe(Math.max(0, ...traced.requests.map((request) => request.depth)));
  return names.sort();
}

function plain(key: string): string {
  return key.replace(/[0-9a-f]{32}/, "ID").replace(/\d{15}/, (slot) => String(999_999_999_999_999 - Number(slot)));
}

async function fill(size: number): Promise<void> {
  await using writer = await Trunk.openBackend(unclosed(store), { create: true, author });
  await writer.write("src/deep/main.c", "int main;\n");
  await writer.write("README.md", "# Here\n");
  await writer.write("noise", new SeededRandom(1).bytes(size));
  await writer.commit({ message: "first" });
  await writer.push();
}

describe("requests", () => {
  test("open and read a file, cold, inline", async () => {
    await fill(1000);
    trunk = await Trunk.openBackend(traced, { author });
    expect(await trunk.read("src/deep/main.c")).toBe("int main;\n");
    expect(requests()).toEqual(["1 get latest", "1 list journal/", "2 get journal/0"]);
  });

  test("open and read a file, cold, from a segment", async () => {
    await fill(2_000_000);
    trunk = await Trunk.openBackend(traced, { author });
    expect(await trunk.read("src/deep/main.c")).toBe("int main;\n");
    expect(requests()).toEqual([
      "1 get latest",
      "1 list journal/",
      "2 get journal/0",
      "3 get objects/ID.idx",
      "3 get objects/ID.pack",
    ]);
  });

  test("further reads, commit and push", async () => {
    await fill(1000);
    trunk = await Trunk.openBackend(traced, { author });
    traced.reset();
    await trunk.read("README.md");
    await trunk.list("", { recursive: true });
    expect(requests()).toEqual([]);
    await trunk.write("src/task.md", "Fix auth\n");
    await trunk.commit({ message: "task" });
    expect(requests()).toEqual([]);
    await trunk.push();
    expect(requests()).toEqual(["1 create journal/1"]);
    traced.reset();
    await trunk.read("src/task.md");
    expect(requests()).toEqual([]);
  });

  test("a large push: pack and index beside each other, then the record", async () => {
    await fill(1000);
    trunk = await Trunk.openBackend(traced, { author });
    await trunk.write("large", new SeededRandom(2).bytes(2_000_000));
    await trunk.commit({ message: "large" });
    traced.reset();
    await trunk.push();
    expect(requests()).toEqual(["1 create objects/ID.idx", "1 create objects/ID.pack", "2 create journal/1"]);
    traced.reset();
    await trunk.read("README.md");
    await trunk.list("", { recursive: true });
    expect(requests()).toEqual([]);
  });

  test("with a cached state: one round before the packs", async () => {
    await fill(1000);
    let kept: Uint8Array | undefined;
    const cache = {
      load: async () => kept,
      save: async (bytes: Uint8Array) => {
        kept = bytes;
      },
    };
    await (await Trunk.openBackend(unclosed(store), { author, cache })).close();
    expect(kept).toBeDefined();
    trunk = await Trunk.openBackend(traced, { author, cache });
    await trunk.read("README.md");
    expect(requests()).toEqual(["1 get journal/1", "1 get journal/2", "2 get journal/0"]);
  });

  test("a branch is a record", async () => {
    await fill(1000);
    trunk = await Trunk.openBackend(traced, { author });
    traced.reset();
    await trunk.branches.create({ name: "agent/1" });
    expect(requests()).toEqual(["1 create journal/1"]);
  });
});

/** The same store, which goes on when a trunk that it was opened for is closed. */
function unclosed(backend: Backend): Backend {
  return scope({ ...scope(backend, ""), close: async () => {} }, "");
}
