import type { Backend } from "@trunks/core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { copyPack } from "../../src/pack/pack-copy.ts";
import { randomId } from "../../src/platform.ts";
import { Repository } from "../../src/repository.ts";
import { TrunkObjects } from "../../src/transfer/objects.ts";
import { compact } from "../../src/upkeep/compact.ts";
import { sweep } from "../../src/upkeep/sweep.ts";
import { rejectionOf } from "../failure.ts";
import { GitRepository } from "../git-repository.ts";
import { copyOf, PushedTrunk } from "../upkeep/pushed-trunk.ts";
import { visited } from "../wrapped-backend.ts";

/** Reads little at a time, so that there are many requests between which packs may go. */
const smallReads = { blockSizeBytes: 256, gapSizeBytes: 256, blockCacheSizeBytes: 2048, baseCacheSizeBytes: 2048 };

let trunk: PushedTrunk;
let expected: string[];

beforeAll(async () => {
  trunk = await new PushedTrunk().begin();
  for (let pushes = 0; pushes < 16; pushes++) await trunk.push("main", { segment: true });
  expected = trunk.expected(await trunk.repository.readExisting());
});
afterAll(() => trunk.remove());

/** The trunk's segments become one, and are gone. */
async function replacePacks(store: Backend): Promise<void> {
  await compact(new Repository(store), { newId: randomId });
  for (let runs = 0; runs < 2; runs++) await sweep(new Repository(store), { graceMs: 0, force: true, newId: randomId });
}

/** A reader of a copy of the trunk, whose packs are replaced when so many requests have been made. */
async function readerOfRetired(requests: number, renewing = true) {
  const store = await copyOf(trunk.store);
  let left = requests;
  const raced = visited(store, async ({ operation, key }, send) => {
    if (operation === "get" && key.startsWith("objects/") && left-- === 0) await replacePacks(store);
    return send();
  });
  const repository = new Repository(raced);
  const state = await repository.readExisting();
  const renew = async () => {
    const newer = await repository.readExisting();
    if (newer.slot === state.slot) return false;
    objects.use(raced, newer);
    return true;
  };
  const objects = new TrunkObjects(state.objects, 0, renewing ? { ...smallReads, renew } : smallReads);
  return { reader: objects.use(raced, state), replaced: () => left < 0 };
}

describe("packs that go while they are read", () => {
  test.each([0, 1, 15, 16, 20, 40])("before request %i: all objects are read, each once", async (requests) => {
    const { reader, replaced } = await readerOfRetired(requests);
    const found: string[] = [];
    for await (const { id } of reader.readMany(expected)) found.push(id);
    expect(replaced()).toBe(true);
    expect(found.sort()).toEqual(expected);
  });

  test.each([0, 1, 15, 16, 20, 40])("before request %i: a pack is made of all of them", async (requests) => {
    const { reader, replaced } = await readerOfRetired(requests);
    const pieces: Uint8Array[] = [];
    await copyPack(reader, "sha1", expected, async (bytes) => void pieces.push(bytes.slice()));
    expect(replaced()).toBe(true);
    const git = new GitRepository("sha1");
    try {
      git.run(["index-pack", "--stdin", "--strict"], Buffer.concat(pieces));
      const listed = git.text(["cat-file", "--batch-all-objects", "--batch-check=%(objectname)"]);
      expect(listed.split("\n")).toEqual(expected);
    } finally {
      git.remove();
    }
  });

  test("single questions are answered, several at once", async () => {
    const { reader, replaced } = await readerOfRetired(17);
    const infos = await Promise.all(expected.map((id) => reader.info(id)));
    expect(infos.every((info) => info !== undefined)).toBe(true);
    for (const id of expected) expect(await reader.read(id)).toBeDefined();
    const small: string[] = [];
    for await (const id of reader.smallerThan(1e9, expected)) small.push(id);
    expect([replaced(), small.sort()]).toEqual([true, expected]);
  });

  test("nobody who looks for others: it says what is missing", async () => {
    const { reader } = await readerOfRetired(20, false);
    const all = async () => {
      for await (const { id } of reader.readMany(expected)) if (id === "") break;
    };
    expect(await rejectionOf(all())).toBe("NOT_FOUND");
  });

  test("and do not come back: it says what is missing", async () => {
    const { reader } = await readerOfRetired(Number.POSITIVE_INFINITY);
    expect(await rejectionOf((async () => reader.readMany(["0".repeat(40)]).next())())).toBe("NOT_FOUND");
  });
});
