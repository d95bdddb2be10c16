import { type Backend, isTrunksError, replaceMethods } from "@trunks/core";
import { MemoryBackend } from "@trunks/core/memory";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { decodeSnapshot, encodeSnapshot } from "../../src/format/snapshot.ts";
import type { State } from "../../src/format/state.ts";
import { copyPack } from "../../src/pack/pack-copy.ts";
import { trunkObjects } from "../../src/transfer/objects.ts";
import { rejectionOf } from "../failure.ts";
import { GitRepository } from "../git-repository.ts";
import { SeededRandom } from "../seeded-random.ts";
import { visited } from "../wrapped-backend.ts";
import { LargeTrunk } from "./large-trunk.ts";

const content = new SeededRandom(1).bytes(40_000);
const changed = new Uint8Array(content);
changed.set(new SeededRandom(2).bytes(300), 20_000);

async function whole(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(piece);
  return Buffer.concat(all);
}

describe.each(["sha1", "sha256"] as const)("a large file, %s", (format) => {
  let trunk: LargeTrunk;
  let id: string;
  let state: State;

  beforeAll(async () => {
    trunk = await new LargeTrunk(format).begin();
    await trunk.push("main", { large: content, "small.txt": Uint8Array.of(1, 2) });
    id = trunk.blobId(content);
    state = await trunk.open().readExisting();
  });
  afterAll(() => trunk.remove());
  const objects = (backend: Backend = trunk.store) => trunkObjects(backend, state);

  test("is in several containers, each a pack that stock git verifies", async () => {
    const packs = (await trunk.keys("chunks/")).filter((key) => key.endsWith(".pack"));
    expect(packs.length).toBeGreaterThan(5);
    for (const key of packs) {
      const bytes = (await (await trunk.store.get(key))?.bytes()) as Uint8Array;
      const index = (await (await trunk.store.get(key.replace(".pack", ".idx")))?.bytes()) as Uint8Array;
      expect(trunk.git.index(bytes).equals(index)).toBe(true);
    }
    expect([...state.packs.values()].filter(({ name }) => name.kind === "container")).toHaveLength(packs.length);
  });

  test("is read as a whole, as a stream and in parts", async () => {
    const reader = objects();
    expect(await reader.has(id)).toBe(true);
    expect(await reader.info(id)).toEqual({ type: "blob", size: content.length });
    expect(Buffer.from((await reader.read(id))?.data as Uint8Array).equals(content)).toBe(true);
    const stream = await reader.readStream(id);
    expect((await whole(stream as NonNullable<typeof stream>)).equals(content)).toBe(true);
    expect(await reader.findPrefix(id.slice(0, 10), 5)).toEqual([id]);
    for (const [start, end] of [
      [0, 10],
      [17_000, 17_001],
      [39_990, 40_000],
      [100, 30_000],
      [5, 5],
    ] as const) {
      const part = (await reader.readRange(id, { start, end })) as Uint8Array;
      expect(Buffer.from(part).equals(content.subarray(start, end))).toBe(true);
    }
  });

  test("is asked for no more than what a range takes", async () => {
    let read = 0;
    const watched = visited(trunk.store, async ({ operation, key }, send) => {
      if (operation === "get" && key.endsWith(".pack")) read++;
      return send();
    });
    await objects(watched).readRange(id, { start: 20_000, end: 20_010 });
    expect(read).toBe(2); // The manifest, and one run of chunks.
  });

  test("becomes an ordinary blob in a pack", async () => {
    const pieces: Uint8Array[] = [];
    await copyPack(objects(), format, [id], async (bytes) => void pieces.push(bytes));
    const clone = new GitRepository(format);
    try {
      clone.run(["index-pack", "--stdin"], Buffer.concat(pieces));
      expect(clone.run(["cat-file", "blob", id]).equals(content)).toBe(true);
    } finally {
      clone.remove();
    }
  });

  test("is in a snapshot as it is in the state, which then requires the feature", () => {
    const bytes = encodeSnapshot(state);
    expect(new TextDecoder("latin1").decode(bytes)).toContain("\nrequire containers\n");
    const read = decodeSnapshot(bytes, "a snapshot");
    expect([...read.packs]).toEqual([...state.packs]);
  });

  test("is uploaded once: of a changed one only what changed, of the same on another branch nothing", async () => {
    const before = await trunk.size("chunks/");
    await trunk.push("changed", { large: changed });
    const added = (await trunk.size("chunks/")) - before;
    expect(added).toBeLessThan(14_000); // Of 40,000: the manifest lists small chunks here.
    await trunk.push("other", { elsewhere: changed });
    expect(await trunk.size("chunks/")).toBe(before + added);
    const newer = await trunk.open().readExisting();
    const blob = await trunkObjects(trunk.store, newer).read(trunk.blobId(changed));
    expect(Buffer.from(blob?.data as Uint8Array).equals(changed)).toBe(true);
  });

  describe("in a container that is", () => {
    /** A store whose containers are changed on the way. */
    const damaged = (change: (bytes: Uint8Array) => Uint8Array): Backend =>
      replaceMethods(trunk.store, {
        async get(key, options) {
          if (!key.startsWith("chunks/") || !key.endsWith(".pack")) return trunk.store.get(key, options);
          const bytes = change(new Uint8Array((await (await trunk.store.get(key))?.bytes()) as Uint8Array));
          const copy = new MemoryBackend();
          await copy.create(key, bytes);
          return copy.get(key, options);
        },
      });
    const read = async (backend: Backend) =>
      whole((await objects(backend).readStream(id)) as AsyncIterable<Uint8Array>);

    test("flipped", async () => {
      const flip = damaged((bytes) => {
        for (let at = 200; at < bytes.length; at += 500) bytes[at] = (bytes[at] as number) ^ 1;
        return bytes;
      });
      expect(await rejectionOf(read(flip))).toBe("CORRUPT");
    });

    test("cut short", async () => {
      const error = await read(damaged((bytes) => bytes.subarray(0, 1000))).catch((thrown: unknown) => thrown);
      expect(isTrunksError(error, "CORRUPT") && error.message).toMatch(/^chunks\/[0-9a-f]{32}\.pack is damaged/);
    });

    test("gone", async () => {
      const gone = visited(trunk.store, async ({ key }, send) => (key.endsWith(".pack") ? undefined : send()));
      expect(await rejectionOf(read(gone))).toBe("NOT_FOUND");
    });
  });
});

test("a blob that is not what its id says is not pushed", async () => {
  const trunk = await new LargeTrunk().begin();
  const repository = trunk.open();
  const { slot } = await repository.readExisting();
  const large = [
    {
      id: trunk.blobId(changed),
      size: content.length,
      read: async function* () {
        yield content;
      },
    },
  ];
  expect(await rejectionOf(repository.publish({ moves: [], basis: slot, assumed: [], large }))).toBe("CORRUPT");
  trunk.remove();
});
