import { TrunksError } from "@trunks/core";
import { beforeEach, describe, expect, test } from "vitest";
import { indexKey, packKey, recordKey } from "../../src/format/key.ts";
import { packKeys } from "../../src/format/pack-name.ts";
import { decodeSlot } from "../../src/format/record.ts";
import type { State } from "../../src/format/state.ts";
import { syncMirror } from "../../src/mirror/sync.ts";
import { randomId } from "../../src/platform.ts";
import { Repository } from "../../src/repository.ts";
import { stubOldRecords } from "../../src/upkeep/old-records.ts";
import { sweep } from "../../src/upkeep/sweep.ts";
import { appendUpkeep } from "../../src/upkeep/upkeep-record.ts";
import { name } from "../samples.ts";
import { Places, publish, push } from "./places.ts";

const hourMs = 3_600_000;
let places: Places;
let nowMs: number;

beforeEach(() => {
  nowMs = 1_700_000_000_000;
  places = placesWithClock();
});

function placesWithClock(): Places {
  const made = new Places(["primary", "a", "c"]);
  made.now = () => nowMs;
  return made;
}

const garbage = (number: number) => [packKey(name(number)), indexKey(name(number))];

/** Files that a push which ended half-way has left in one store alone. */
async function leave(place: string, number: number): Promise<void> {
  for (const key of garbage(number)) await places.open(place, false).create(key, Uint8Array.of(1, 2, 3));
}

const sweepBy = (repository: Repository) => sweep(repository, { newId: randomId });

async function keysOf(place: string): Promise<string[]> {
  return [...(await places.content(place)).keys()];
}

/** Every file that the newest catalogue names is in these stores. */
async function expectWhole(...names: string[]): Promise<State> {
  const state = await new Repository(places.store("primary")).readExisting();
  const wanted = [...state.packs.values()].flatMap((pack) => packKeys(pack.name));
  for (const place of names) expect([place, await keysOf(place)]).toEqual([place, expect.arrayContaining(wanted)]);
  return state;
}

describe("a sweep of a trunk with mirrors", () => {
  test("names in the journal what lies in a mirror alone, and then deletes it there", async () => {
    const repository = await places.begin(["a"], ["c"]);
    await push(repository, "refs/heads/large", 2, true);
    await repository.maintain();
    await leave("a", 91);
    await leave("c", 92);
    nowMs += 25 * hourMs;
    places.requests.length = 0;
    const { deletedKeys, state } = await sweepBy(repository);
    expect(deletedKeys).toBe(4);
    expect([...state.doomed.keys()].sort()).toEqual([...garbage(91), ...garbage(92)].sort());
    for (const place of ["a", "c"]) expect([place, await keysOf(place)]).toEqual([place, await keysOf("primary")]);
    await expectWhole("primary", "a", "c");
    const record = `create ${recordKey(state.slot)}`;
    const writes = places.requests.filter((request) => /: (create journal|delete objects)/.test(request));
    expect(writes.map((request) => request.replace(/ objects.*/, ""))).toEqual([
      `primary: ${record}`,
      `a: ${record}`,
      "primary: delete",
      `c: ${record}`,
      "a: delete",
      "c: delete",
    ]);
    // Nothing is left to be done, and to look costs no record.
    expect(await sweepBy(repository)).toMatchObject({ deletedKeys: 0, state: { slot: state.slot } });
  });

  test("leaves alone what is younger than the grace time by the mirror's clock", async () => {
    const repository = await places.begin(["a"]);
    nowMs += 25 * hourMs;
    await leave("a", 91);
    nowMs += hourMs;
    expect(await sweepBy(repository)).toMatchObject({ deletedKeys: 0 });
    expect(await keysOf("a")).toEqual(expect.arrayContaining(garbage(91)));
  });

  test("leaves a mirror alone that is away or behind, and comes to it when it is even again", async () => {
    const repository = await places.begin(["a"], ["c"]);
    await leave("a", 91);
    await leave("c", 92);
    await push(repository, "refs/heads/main", 2);
    nowMs += 25 * hourMs;
    expect(await sweepBy(repository)).toMatchObject({ deletedKeys: 2 });
    expect(await keysOf("c")).toEqual(expect.arrayContaining(garbage(92)));
    places.down.add("c");
    expect(await sweepBy(repository)).toMatchObject({ deletedKeys: 0 });
    places.down.delete("c");
    await syncMirror(repository, "c");
    expect(await sweepBy(repository)).toMatchObject({ deletedKeys: 2 });
    for (const place of ["a", "c"]) expect([place, await keysOf(place)]).toEqual([place, await keysOf("primary")]);
  });

  test("sends back a push whose files had reached the mirror, and reach the primary after the grace time", async () => {
    const repository = await places.begin(["a"]);
    const writer = places.repository();
    const state = (await writer.read({ forPush: true })) as State;
    const { promise: awake, resolve: wake } = Promise.withResolvers<void>();
    places.weather = async ({ place, operation, key }) => {
      if (place === "primary" && operation === "create" && key.startsWith("objects/")) await awake;
      return undefined;
    };
    const pushed = publish(writer, state, "refs/heads/large", 5, true);
    const arrived = async () => (await keysOf("a")).filter((key) => key.startsWith("objects/"));
    while ((await arrived()).length < 2) await new Promise((resolve) => setImmediate(resolve));
    nowMs += 25 * hourMs;
    expect(await sweepBy(repository)).toMatchObject({ deletedKeys: 2 });
    expect(await arrived()).toEqual([]);
    wake();
    const outcome = await pushed;
    expect(outcome.kind).toBe("repack");
    expect((await publish(writer, outcome.state, "refs/heads/large", 5, true)).kind).toBe("decided");
    expect((await expectWhole("primary", "a")).refs.has("refs/heads/large")).toBe(true);
  });

  test("ended at any request keeps every store whole, and the next one ends the work", async () => {
    let ended = 0;
    for (let at = 0; ; at++) {
      places = placesWithClock();
      const repository = await places.begin(["a"], ["c"]);
      await push(repository, "refs/heads/large", 2, true);
      await repository.maintain();
      await leave("a", 91);
      await leave("c", 92);
      await leave("primary", 93);
      nowMs += 25 * hourMs;
      let count = 0;
      places.weather = async () => {
        if (count++ >= at) throw new TrunksError("UNAVAILABLE", "ended");
        return undefined;
      };
      const whole = await sweepBy(places.repository()).then(
        () => count <= at,
        () => false,
      );
      places.weather = async () => undefined;
      await expectWhole("primary", "a", "c");
      await syncMirror(repository, "c");
      // What a look at the clock has left is old by then.
      nowMs += 25 * hourMs;
      await sweepBy(places.repository());
      const expected = await keysOf("primary");
      expect(expected).not.toEqual(expect.arrayContaining(garbage(93)));
      for (const place of ["a", "c"]) expect([at, place, await keysOf(place)]).toEqual([at, place, expected]);
      if (whole) break;
      ended++;
    }
    expect(ended).toBeGreaterThan(20);
  });

  test("removes old snapshots from mirrors, too", async () => {
    const repository = await places.begin(["a"]);
    for (let number = 2; number < 5; number++) {
      await push(repository, "refs/heads/main", number);
      await repository.snapshot();
    }
    const snapshots = async (place: string) => (await keysOf(place)).filter((key) => key.startsWith("refs/"));
    expect((await snapshots("a")).length).toBeGreaterThan(2);
    nowMs += 25 * hourMs;
    await sweepBy(repository);
    expect(await snapshots("a")).toEqual(await snapshots("primary"));
    expect(await snapshots("a")).toHaveLength(1);
  });
});

test("of an old record whose pack nobody needs a stub is left in mirrors, too", async () => {
  const repository = await places.begin(["a"]);
  const state = (await repository.read({ forPush: true })) as State;
  await repository.publish({
    moves: [{ ref: "refs/heads/secret", oldId: undefined, newId: "1".repeat(40) }],
    basis: state.slot,
    assumed: [],
    pack: { kind: "inline", bytes: new Uint8Array(5000).fill(65), objectCount: 1 },
  });
  const slot = state.slot + 1;
  const now = (await repository.read({ forPush: true })) as State;
  await appendUpkeep(repository, now, { retired: [{ kind: "record", slot }] }, () => false);
  nowMs += 25 * hourMs;
  expect(await sweepBy(repository)).toMatchObject({ releasedRecords: 1 });
  await repository.snapshot();
  nowMs += 40 * 24 * hourMs;
  const record = async (place: string) => places.store(place).get(recordKey(slot));
  const kind = async (place: string) => decodeSlot((await (await record(place))?.bytes()) as Uint8Array, slot).kind;
  expect([await kind("primary"), await kind("a")]).toEqual(["record", "record"]);
  expect(await stubOldRecords(repository, { newId: randomId })).toBe(1);
  expect([await kind("primary"), await kind("a")]).toEqual(["stub", "stub"]);
  expect((await new Repository(places.store("a")).readExisting()).refs.has("refs/heads/secret")).toBe(true);
});
