import { randomBytes, randomUUID } from "node:crypto";
import { type Backend, replaceMethods } from "@trunks/core";
import { MemoryBackend } from "@trunks/core/memory";
import { collect, compact, Repository, sweep } from "@trunks/repo";
import { beforeEach, describe, expect, test } from "vitest";
import { ConflictError, Trunk } from "../src/index.ts";

let store: Backend;
let nowMs = 1_700_000_000_000;
beforeEach(() => {
  store = replaceMethods(new MemoryBackend({ now: () => nowMs }), { close: async () => {} });
});

const newId = () => randomUUID().replaceAll("-", "");

async function tend(): Promise<void> {
  // Nothing is needed any longer that refs pointed to until now.
  nowMs += 31 * 24 * 3_600_000;
  const repository = new Repository(store);
  await collect(repository, { newId });
  await compact(repository, { newId });
  nowMs += 2 * 24 * 3_600_000;
  await sweep(repository, { newId });
}

async function fill(pushes: number): Promise<void> {
  await using trunk = await Trunk.openBackend(store, { create: true });
  for (let number = 0; number < pushes; number++) {
    await trunk.write(`file-${number}`, number % 5 === 0 ? randomBytes(1_100_000) : randomBytes(2_000));
    await trunk.commit({ message: `file ${number}` });
    await trunk.push();
  }
}

describe("while the trunk is tended", () => {
  test("who holds an old state reads on", async () => {
    // So many that both the small packs and the larger ones are made few.
    const pushes = 90;
    await fill(pushes);
    await using before = await Trunk.openBackend(store);
    const keys = async () => (await store.list("objects/")).keys.map(({ key }) => key);
    const old = await keys();
    await tend();
    const left = await keys();
    expect(old.some((key) => !left.includes(key))).toBe(true);
    await using after = await Trunk.openBackend(store);
    for (let number = 0; number < pushes; number++) {
      const bytes = (await after.readBytes(`file-${number}`)) as Uint8Array;
      expect(Buffer.compare((await before.readBytes(`file-${number}`)) as Uint8Array, bytes)).toBe(0);
    }
    await before.write("more", "more\n");
    await before.commit({ message: "more" });
    expect(await before.push()).toMatchObject({ pushed: true });
    await after.pull();
    expect(await after.read("more")).toBe("more\n");
  });

  test("nothing is built on what was cleaned away", async () => {
    await fill(3);
    await using other = await Trunk.openBackend(store);
    await other.branches.create({ name: "side" });
    await other.branches.switch({ name: "side" });
    await other.write("side", "side\n");
    await other.commit({ message: "side" });
    await other.push();
    await using trunk = await Trunk.openBackend(store);
    await trunk.write("own", "own\n");
    await trunk.commit({ message: "own" });
    const side = other.head as string;
    expect(await trunk.merge("side")).toMatchObject({ result: "merged" });
    await other.branches.switch({ name: "main" });
    await other.branches.delete({ name: "side" });
    await tend();

    expect(await trunk.push().catch((error) => error)).toBeInstanceOf(ConflictError);
    await trunk.fetch();
    expect(await trunk.push().catch((error) => error)).toBeInstanceOf(ConflictError);
    const create = trunk.branches.create({ name: "again", from: side }).catch((error) => error.code);
    expect(await create).toBe("NOT_FOUND");
    await using reader = await Trunk.openBackend(store);
    expect((await reader.branches.list()).data.map(({ name }) => name)).toEqual(["main"]);
  });
});
