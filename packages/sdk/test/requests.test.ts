import { type Backend, replaceMethods } from "@trunks/core";
import { MemoryBackend } from "@trunks/core/memory";
import { type TracedBackend, trace } from "@trunks/layers";
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
    expect(requests()).toEqual(["1 get latest", "1 list journal/", "1 list objects/", "2 get journal/0"]);
  });

  test("open and read a file, cold, from a segment", async () => {
    await fill(2_000_000);
    trunk = await Trunk.openBackend(traced, { author });
    expect(await trunk.read("src/deep/main.c")).toBe("int main;\n");
    expect(requests()).toEqual([
      "1 get latest",
      "1 list journal/",
      "1 list objects/",
      "2 get journal/0",
      "2 get objects/ID.idx",
      "2 get objects/ID.pack",
    ]);
  });

  test("open and read a file, cold, from deep in a large segment", async () => {
    await fill(2_000_000);
    trunk = await Trunk.openBackend(traced, { author });
    expect(await trunk.readBytes("noise", { range: { start: 1_900_000, end: 1_900_010 } })).toHaveLength(10);
    expect(requests()).toEqual([
      "1 get latest",
      "1 list journal/",
      "1 list objects/",
      "2 get journal/0",
      "2 get objects/ID.idx",
      "2 get objects/ID.pack",
      "3 get objects/ID.pack",
    ]);
  });

  test("segments that the journal does not name are read in vain, and only a few", async () => {
    await fill(2_000_000);
    const segment = (number: number) => `objects/${number.toString(16).padStart(32, "0")}`;
    const foreign = async (number: number) => {
      await store.create(`${segment(number)}.pack`, new Uint8Array(100));
      await store.create(`${segment(number)}.idx`, new Uint8Array(100));
    };
    await foreign(1);
    trunk = await Trunk.openBackend(traced, { author });
    expect(await trunk.read("src/deep/main.c")).toBe("int main;\n");
    expect(requests().filter((name) => name.startsWith("2 get objects/"))).toHaveLength(4);
    for (let number = 2; number < 40; number++) await foreign(number);
    traced = trace(unclosed(store));
    await using other = await Trunk.openBackend(traced, { author });
    expect(await other.read("src/deep/main.c")).toBe("int main;\n");
    expect(requests()).toEqual([
      "1 get latest",
      "1 list journal/",
      "1 list objects/",
      "2 get journal/0",
      "3 get objects/ID.idx",
      "3 get objects/ID.pack",
    ]);
  });

  test("an index that is not the one that the journal names is read again", async () => {
    await fill(2_000_000);
    const page = await store.list("objects/");
    const [index] = page.keys.map(({ key }) => key).filter((key) => key.endsWith(".idx"));
    const right = await (await store.get(index as string))?.bytes();
    await store.put(index as string, (right as Uint8Array).slice().fill(7, 100, 200));
    let reads = 0;
    const mended = replaceMethods(store, {
      close: async () => {},
      async get(key, options) {
        if (key === index && ++reads === 2) await store.put(key, right as Uint8Array);
        return store.get(key, options);
      },
    });
    trunk = await Trunk.openBackend(mended, { author });
    expect(await trunk.read("src/deep/main.c")).toBe("int main;\n");
    expect(reads).toBe(2);
  });

  test("very many files, one by one at once or all together: few ranges of bounded size", async () => {
    const random = new SeededRandom(3);
    const contents = new Map(
      Array.from({ length: 600 }, (_, number) => [`folder-${number % 7}/${number}`, random.bytes(20_000)] as const),
    );
    const writer = await Trunk.openBackend(unclosed(store), { create: true, author });
    for (const [path, bytes] of contents) await writer.write(path, bytes);
    await writer.commit({ message: "many" });
    await writer.push();
    await writer.close();
    const [pack] = (await store.list("objects/")).keys.filter(({ key }) => key.endsWith(".pack"));
    const expected = [...Array(Math.ceil((pack?.size as number) / 2 ** 23))].map(() => "get objects/ID.pack");
    const packRequests = () => requests().flatMap((name) => name.match(/get objects\/ID\.pack/) ?? []);

    trunk = await Trunk.openBackend(traced, { author });
    const { data } = await trunk.list("", { recursive: true });
    traced.reset();
    const read = await Promise.all(data.map(({ path }) => trunk.readBytes(path)));
    expect(packRequests()).toEqual(expected);
    expect(data.map(({ path }, index) => [path, read[index]])).toEqual([...contents].sort(byPath));
    traced.reset();
    await using other = await Trunk.openBackend(traced, { author });
    traced.reset();
    const found: [string, Uint8Array][] = [];
    for await (const { path, bytes } of other.readFiles("", { recursive: true })) found.push([path, bytes]);
    // The trees came before, in a range of their own.
    expect(packRequests().length).toBeLessThanOrEqual(expected.length + 1);
    expect(found.sort(byPath)).toEqual([...contents].sort(byPath));
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

function byPath([left]: readonly [string, unknown], [right]: readonly [string, unknown]): number {
  return left < right ? -1 : 1;
}

/** The same store, which goes on when a trunk that it was opened for is closed. */
function unclosed(backend: Backend): Backend {
  return replaceMethods(backend, { close: async () => {} });
}
