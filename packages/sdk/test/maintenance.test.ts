import { type Backend, replaceMethods, TrunksError } from "@trunks/core";
import { MemoryBackend } from "@trunks/core/memory";
import { Repository } from "@trunks/repo";
import { beforeEach, describe, expect, test } from "vitest";
import { checkAnswer } from "../../../apps/cli/test/support/answer-schema.ts";
import { type OpenOptions, Trunk } from "../src/index.ts";

const pushes = 150;
let nowMs = Date.now();
let store: Backend;

beforeEach(() => {
  store = replaceMethods(new MemoryBackend({ now: () => nowMs }), { close: async () => {} });
});

async function pushMany(backend: Backend, options: OpenOptions = {}): Promise<void> {
  await using trunk = await Trunk.openBackend(backend, { create: true, ...options });
  for (let number = 0; number < pushes; number++) {
    await trunk.write(`file-${number}`, `${number}\n`);
    await trunk.commit({ message: `file ${number}` });
    expect(await trunk.push()).toMatchObject({ pushed: true });
  }
}

async function packCount(): Promise<number> {
  return (await new Repository(store).readExisting()).packs.size;
}

async function expectAll(): Promise<void> {
  await using trunk = await Trunk.openBackend(store);
  const found: Record<string, string> = {};
  for await (const { path, bytes } of trunk.readFiles()) found[path] = Buffer.from(bytes).toString();
  expect(found).toEqual(
    Object.fromEntries(Array.from({ length: pushes }, (_, number) => [`file-${number}`, `${number}\n`])),
  );
}

describe("a trunk that only programs push to", () => {
  test("has few packs, by what pushes do behind their answers", async () => {
    await pushMany(store);
    expect(await packCount()).toBeLessThan(90);
    await expectAll();
  });

  test("keeps its packs when nobody may look after it, until somebody does", async () => {
    await pushMany(store, { maintenance: "never" });
    expect(await packCount()).toBe(pushes);
    await using trunk = await Trunk.openBackend(store);
    const answer = await trunk.maintain();
    expect(checkAnswer(answer)).toEqual({
      object: "maintenance",
      merged_packs: pushes,
      merged_bytes: expect.any(Number),
      written_packs: 1,
      written_bytes: expect.any(Number),
      deleted_files: 0,
      deleted_bytes: 0,
    });
    expect(await packCount()).toBe(1);
    await trunk.write("file-0", "0\n");
    await expectAll();
    expect(await trunk.maintain()).toMatchObject({ merged_packs: 0, written_packs: 0 });
    await expect(trunk.maintain({ graceMs: 1 })).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    nowMs += 25 * 3_600_000;
    // Of an upload that never ended.
    await store.create(`objects/${"0".repeat(32)}.pack`, new Uint8Array(100));
    nowMs += 25 * 3_600_000;
    expect(await trunk.maintain()).toMatchObject({ deleted_files: 2, deleted_bytes: 100 });
    await expectAll();
  });

  test("takes pushes though it cannot be looked after", async () => {
    const failing = replaceMethods(store, {
      async create(key, body, options) {
        if (key.startsWith("objects/")) throw new TrunksError("NO_SPACE", "the store is full");
        return store.create(key, body, options);
      },
    });
    await pushMany(failing);
    expect(await packCount()).toBe(pushes);
    await using trunk = await Trunk.openBackend(failing);
    await expect(trunk.maintain()).rejects.toMatchObject({ code: "NO_SPACE" });
    await expect(trunk.maintain({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "ABORTED" });
    await expectAll();
  });
});
