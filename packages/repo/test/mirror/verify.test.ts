import type { MemoryBackend } from "@trunks/core/memory";
import { beforeEach, describe, expect, test } from "vitest";
import { intentKey, latestKey, placeKey, recordKey, trunkFileKey } from "../../src/format/key.ts";
import type { State } from "../../src/format/state.ts";
import { removeMirror } from "../../src/mirror/change.ts";
import { readPlace } from "../../src/mirror/place.ts";
import { takeOver } from "../../src/mirror/promote.ts";
import { verifyMirror } from "../../src/mirror/verify.ts";
import type { Repository } from "../../src/repository.ts";
import { Places, publish, push } from "./places.ts";

let places: Places;
let repository: Repository;
let copy: MemoryBackend;

/** Slots: 0 a push, 1 the mirror, 2 a segment, 3 to 5 small pushes; a snapshot of slot 4. */
beforeEach(async () => {
  places = new Places(["primary", "a", "c"]);
  repository = await places.begin(["a"]);
  await push(repository, "refs/heads/large", 2, true);
  await push(repository, "refs/heads/main", 3);
  await push(repository, "refs/heads/main", 4);
  await repository.snapshot();
  await push(repository, "refs/heads/main", 5);
  copy = places.store("a");
});

async function keyOf(prefix: string): Promise<string> {
  const [first] = (await copy.list(prefix)).keys;
  return first?.key as string;
}

/** Flips a bit of a key's byte `at`, counted from the end. */
async function flip(store: MemoryBackend, key: string, at = 1): Promise<void> {
  const bytes = Uint8Array.from((await (await store.get(key))?.bytes()) as Uint8Array);
  const index = bytes.length - at;
  bytes[index] = (bytes[index] as number) ^ 1;
  await store.put(key, bytes);
}

const found = async () => {
  const { findings } = await verifyMirror(repository, "a");
  return findings.map(({ key, kind, error }) => [key, kind, error?.code ?? "mended"]);
};

async function expectSame(): Promise<void> {
  expect(await places.content("a")).toEqual(await places.content("primary"));
  expect(await readPlace(copy)).toMatchObject({ name: "a", copying: false });
  expect(await found()).toEqual([]);
}

describe("a verified mirror", () => {
  test("that is whole is read and not written, and the primary's packs are not read", async () => {
    places.requests.length = 0;
    const progress: string[] = [];
    const verification = await verifyMirror(repository, "a", {
      verified: (done, all) => progress.push(`${done}/${all}`),
    });
    expect(verification).toMatchObject({ records: 6, packs: 1, findings: [] });
    const size = (await (await copy.get(await keyOf("objects/")))?.bytes())?.length as number;
    expect(progress).toHaveLength(2);
    expect(progress.at(-1)).toMatch(/^(\d+)\/\1$/);
    expect(size).toBeGreaterThan(0);
    expect(places.requests.filter((request) => /^primary: get objects/.test(request))).toEqual([]);
    expect(places.requests.filter((request) => /^a: (create|delete|put (?!latest))/.test(request))).toEqual([]);
  });

  test.each([
    ["a pack", async () => packKeyOf(".pack")],
    ["an index", async () => packKeyOf(".idx")],
    ["an old record", async () => recordKey(0)],
    ["the newest record", async () => recordKey(5)],
    ["the trunk's file", async () => trunkFileKey],
    ["a snapshot", async () => keyOf("refs/")],
    ["the store's name", async () => placeKey],
    ["the pointer to a snapshot", async () => latestKey],
  ])("with %s damaged gets the primary's", async (_, which) => {
    const key = await which();
    await flip(copy, key, key === trunkFileKey ? 3 : 1);
    expect(await found()).toEqual([[key, "damaged", "mended"]]);
    await expectSame();
  });

  async function packKeyOf(ending: string): Promise<string> {
    return (await copy.list("objects/")).keys.map(({ key }) => key).find((key) => key.endsWith(ending)) as string;
  }

  test.each([
    ["a pack", async () => packKeyOf(".pack")],
    ["an index", async () => packKeyOf(".idx")],
    ["a record among others", async () => recordKey(3)],
    ["the trunk's file", async () => trunkFileKey],
    ["the store's name", async () => placeKey],
  ])("without %s gets the primary's", async (_, which) => {
    const key = await which();
    await copy.delete([key]);
    expect(await found()).toEqual([[key, "missing", "mended"]]);
    await expectSame();
  });

  test("cut short, or with a byte flipped anywhere in a record, is mended", async () => {
    const whole = (await (await copy.get(recordKey(3)))?.bytes()) as Uint8Array;
    for (let at = 1; at <= whole.length; at++) {
      await flip(copy, recordKey(3), at);
      expect([at, await found()]).toEqual([at, [[recordKey(3), "damaged", "mended"]]]);
    }
    await copy.put(recordKey(3), whole.subarray(0, 40));
    await copy.put(await packKeyOf(".pack"), new Uint8Array(0));
    expect((await found()).sort()).toEqual(
      [
        [recordKey(3), "damaged", "mended"],
        [await packKeyOf(".pack"), "damaged", "mended"],
      ].sort(),
    );
    await expectSame();
  });

  test("that lost everything is copied anew", async () => {
    const keys = (await copy.list("")).keys.map(({ key }) => key);
    await copy.delete(keys);
    expect(await found()).toEqual([
      [trunkFileKey, "missing", "mended"],
      [placeKey, "missing", "mended"],
    ]);
    await expectSame();
  });

  test("that is behind is brought up, and what it lacks for that is not called missing", async () => {
    await copy.delete([recordKey(5), recordKey(4)]);
    expect(await found()).toEqual([]);
    await expectSame();
  });

  test("says what it cannot mend, because the primary's is damaged as well, and mends the rest", async () => {
    const pack = await packKeyOf(".pack");
    await flip(copy, pack);
    await flip(places.store("primary"), pack);
    await flip(copy, recordKey(3));
    expect((await found()).sort()).toEqual(
      [
        [recordKey(3), "damaged", "mended"],
        [pack, "damaged", "CORRUPT"],
      ].sort(),
    );
    await copy.delete([pack]);
    await places.store("primary").delete([pack]);
    expect(await found()).toEqual([[pack, "missing", "NOT_FOUND"]]);
  });

  test("that cannot be asked or written fails, and is no finding", async () => {
    await flip(copy, recordKey(3));
    places.readOnly.add("a");
    await expect(verifyMirror(repository, "a")).rejects.toMatchObject({ code: "PERMISSION_DENIED" });
    places.down.add("a");
    await expect(verifyMirror(repository, "a")).rejects.toMatchObject({ code: "UNAVAILABLE" });
  });

  test("that was promoted meanwhile is not touched, and says so", async () => {
    await takeOver(places.place("a"), {
      open: async (place) => places.open(place.name),
      sleep: async () => {},
      gone: ["primary"],
    });
    await flip(copy, recordKey(0));
    const before = await places.content("a");
    await expect(verifyMirror(repository, "a")).rejects.toMatchObject({
      code: "PRECONDITION_FAILED",
      message: expect.stringContaining("a was made the primary since"),
    });
    expect(await places.content("a")).toEqual(before);
  });

  test("must be one", async () => {
    await expect(verifyMirror(repository, "c")).rejects.toMatchObject({ code: "NOT_FOUND" });
    await removeMirror(repository, "a");
    await expect(verifyMirror(repository, "a")).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  test("with a carried push's pack damaged gets the primary's", async () => {
    const crowd = Array.from({ length: 12 }, () => places.repository());
    for (const one of crowd) await one.read({ forPush: true });
    await Promise.all(crowd.map((one, index) => publish(one, one.known as State, `refs/heads/w${index}`, index + 20)));
    const state = (await repository.read()) as State;
    const intents = [...state.packs.values()].flatMap((pack) => (pack.name.kind === "intent" ? [pack.name.id] : []));
    expect(intents.length).toBeGreaterThan(0);
    for (const id of intents) {
      await flip(copy, intentKey(id));
      expect(await found()).toEqual([[intentKey(id), "damaged", "mended"]]);
    }
    expect(await found()).toEqual([]);
  });
});
