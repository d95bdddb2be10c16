import { TrunksError } from "@trunks/core";
import { beforeEach, describe, expect, test } from "vitest";
import type { State } from "../../src/format/state.ts";
import { addMirror, removeMirror } from "../../src/mirror/change.ts";
import { reportMirrors } from "../../src/mirror/report.ts";
import { syncMirror } from "../../src/mirror/sync.ts";
import { objectId } from "../../src/pack/git-object.ts";
import { onePiece } from "../../src/pack/object-stream.ts";
import { Repository } from "../../src/repository.ts";
import { trunkObjects } from "../../src/transfer/objects.ts";
import { oid } from "../samples.ts";
import { SeededRandom } from "../seeded-random.ts";
import { memoryCache, Places, publish, push } from "./places.ts";

let places: Places;

beforeEach(() => {
  places = new Places(["primary", "a", "b", "c"]);
});

function slot(number: number): string {
  return `journal/${999_999_999_999_999 - number}`;
}

/** What a ref is in a store, as its own reader sees it. */
async function value(name: string, ref: string): Promise<string | undefined> {
  return (await new Repository(places.store(name)).readExisting()).refs.get(ref)?.id;
}

async function expectSame(...names: string[]): Promise<void> {
  const content = await places.content("primary");
  for (const name of names) expect([name, await places.content(name)]).toEqual([name, content]);
}

describe("a push to a trunk with strict mirrors", () => {
  test("reaches them all, byte for byte, in three round trips", async () => {
    const cache = memoryCache();
    const first = await places.begin(["a", "b"]);
    await first.save();
    await push(first, "refs/heads/main", 2);
    const repository = places.repository("primary", cache);
    await repository.read();
    await repository.save();
    places.requests.length = 0;
    const outcome = await push(places.repository("primary", cache), "refs/heads/main", 3);
    expect(outcome).toMatchObject({ kind: "decided", moves: ["applied"], missed: [] });
    expect(places.requests.slice(0, 7).sort()).toEqual(
      [
        `a: get ${slot(3)}`,
        `a: get ${slot(4)}`,
        `b: get ${slot(3)}`,
        `b: get ${slot(4)}`,
        "primary: get place",
        `primary: get ${slot(3)}`,
        `primary: get ${slot(4)}`,
      ].sort(),
    );
    expect(places.requests.slice(7)).toEqual([
      `primary: create ${slot(4)}`,
      `a: create ${slot(4)}`,
      `b: create ${slot(4)}`,
    ]);
    await expectSame("a", "b");
  });

  test("with segments writes them everywhere at once, and before the record", async () => {
    const repository = await places.begin(["a", "b"]);
    await push(repository, "refs/heads/large", 7, true);
    const writes = places.requests.filter((request) => request.includes("create"));
    expect(writes.slice(0, 6).sort()).toEqual(
      ["a", "b", "primary"].flatMap((name) => [
        `${name}: create objects/<id>.idx`,
        `${name}: create objects/<id>.pack`,
      ]),
    );
    expect(writes.slice(6)).toEqual([`primary: create ${slot(3)}`, `a: create ${slot(3)}`, `b: create ${slot(3)}`]);
    await expectSame("a", "b");
  });

  test.each(["away", "diverged"])("is stopped before anything is written when one is %s", async (how) => {
    const repository = await places.begin(["a", "b"]);
    if (how === "away") places.down.add("b");
    else await places.store("b").put(slot(2), await bytesOf("b", slot(1)));
    const before = await places.content("primary");
    const failure = await push(repository, "refs/heads/main", 2).catch((error) => error);
    expect(failure).toMatchObject({ code: how === "away" ? "UNAVAILABLE" : expect.any(String) });
    expect(failure.message).toContain("the mirror b (local:///b/trunks/app.trunk)");
    expect(await places.content("primary")).toEqual(before);
    expect(await places.slots("a")).toBe(3);
  });

  test("names what to do about a mirror that is away", async () => {
    const repository = await places.begin(["a"]);
    places.down.add("a");
    await expect(push(repository, "refs/heads/main", 2)).rejects.toMatchObject({
      hint: expect.stringMatching(/storage sync a.*storage remove a.*--mirror=lagging/),
    });
  });

  test("brings up one that is behind first", async () => {
    const repository = await places.begin(["a", "b"]);
    for (let number = 2; number < 5; number++) await push(repository, "refs/heads/main", number, number === 3);
    for (const number of [3, 4, 5]) await places.store("b").delete([slot(number)]);
    const segments = (await places.store("b").list("objects/")).keys.map(({ key }) => key);
    await places.store("b").delete(segments);
    await push(repository, "refs/heads/main", 9);
    await expectSame("a", "b");
  });

  test("is refused, not left open, when one that is behind does not say what it took", async () => {
    const repository = await places.begin(["a"]);
    await push(repository, "refs/heads/main", 2);
    await places.store("a").delete([slot(2)]);
    places.weather = async ({ place, operation }) => {
      if (place === "a" && operation !== "list") throw new TrunksError("OUTCOME_UNKNOWN", "no answer");
      return undefined;
    };
    const next = places.repository();
    await expect(next.read({ forPush: true })).rejects.toMatchObject({ code: "UNAVAILABLE" });
    places.weather = async () => undefined;
    await push(next, "refs/heads/main", 3);
    await expectSame("a");
  });

  test("is refused as late, not as damaged, when what one lacks was swept while the client stood still", async () => {
    const repository = await places.begin(["a"]);
    await push(repository, "refs/heads/main", 2, true);
    const asleep = places.repository();
    await asleep.read();
    await push(repository, "refs/heads/main", 3);
    const swept = (await places.store("primary").list("objects/")).keys.map(({ key }) => key);
    await places.store("primary").delete(swept);
    await places.store("a").delete([slot(2), slot(3), ...swept]);
    await expect(asleep.mirrors.check(asleep.known as State)).rejects.toMatchObject({ code: "UNAVAILABLE" });
    // Nothing moved on here: what is missing is missing.
    await expect(places.repository().read({ forPush: true })).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  test("is in the trunk when one dies behind the primary's record, says so, and the next push repairs it", async () => {
    const repository = await places.begin(["a", "b"]);
    places.weather = async ({ place, operation }) => {
      if (place === "b" && operation === "create") throw new TrunksError("UNAVAILABLE", "b died");
      return undefined;
    };
    const outcome = await push(repository, "refs/heads/main", 2);
    expect(outcome).toMatchObject({ kind: "decided", moves: ["applied"], missed: [{ name: "b" }] });
    expect(await value("a", "refs/heads/main")).toBe(oid(2));
    expect(await value("b", "refs/heads/main")).toBe(oid(1));
    places.weather = async () => undefined;
    const other = places.repository();
    await other.read({ forPush: true });
    expect(await value("b", "refs/heads/main")).toBe(oid(2));
    await expectSame("a", "b");
  });

  test("finds out that a mirror is read-only once; then nothing moves until that is mended", async () => {
    const repository = await places.begin(["a"]);
    places.readOnly.add("a");
    expect((await push(repository, "refs/heads/main", 2)).missed).toMatchObject([
      { name: "a", error: { code: "PERMISSION_DENIED" } },
    ]);
    await expect(push(repository, "refs/heads/main", 3)).rejects.toMatchObject({ code: "PERMISSION_DENIED" });
    expect(await value("primary", "refs/heads/main")).toBe(oid(2));
    await expect(push(repository, "refs/heads/large", 3, true)).rejects.toMatchObject({ code: "PERMISSION_DENIED" });
    places.readOnly.clear();
    await push(repository, "refs/heads/main", 3);
    await expectSame("a");
  });

  test("whose answer is lost anywhere is the same push everywhere", async () => {
    for (const name of ["primary", "a", "b"]) {
      places = new Places(["primary", "a", "b"]);
      const repository = await places.begin(["a", "b"]);
      let lost = 0;
      places.weather = async ({ place, operation }) => {
        if (place !== name || operation !== "create" || lost++ > 0) return undefined;
        return () => {
          throw new TrunksError("OUTCOME_UNKNOWN", "no answer");
        };
      };
      const outcome = await push(repository, "refs/heads/main", 2);
      expect(outcome).toMatchObject({ kind: "decided", moves: ["applied"], missed: [] });
      expect(lost).toBeGreaterThan(0);
      await expectSame("a", "b");
    }
  });

  test("killed at any request leaves what the next push repairs, and loses nothing acknowledged", async () => {
    let kills = 0;
    for (let at = 0; ; at++) {
      places = new Places(["primary", "a", "b"]);
      const setUp = await places.begin(["a", "b"]);
      await push(setUp, "refs/heads/main", 2, true);
      let count = 0;
      places.weather = async () => {
        if (count++ === at) return new Promise<undefined>(() => {});
        return count > at ? new Promise<undefined>(() => {}) : undefined;
      };
      const killed = push(places.repository(), "refs/heads/other", 3, true);
      const ended = await Promise.race([killed.then(() => true), settle().then(() => false)]);
      places.weather = async () => undefined;
      const before = await value("primary", "refs/heads/other");
      const next = places.repository();
      await push(next, "refs/heads/third", 4);
      expect(await value("primary", "refs/heads/other")).toBe(before);
      for (const name of ["a", "b"]) {
        expect((await new Repository(places.store(name)).readExisting()).recordDigest).toBe(next.known?.recordDigest);
        for (const pack of next.known?.packs.keys() ?? []) {
          const [kind, id] = pack.split(" ");
          if (kind === "segment") expect(await places.store(name).get(`objects/${id}.pack`)).toBeDefined();
        }
      }
      if (ended) break;
      kills++;
    }
    expect(kills).toBeGreaterThan(12);
  });

  test("of two writers at once, both get in, and the mirrors hold the same journal", async () => {
    const repository = await places.begin(["a", "b"]);
    const others = Array.from({ length: 4 }, () => places.repository());
    for (const other of others) await other.read();
    const outcomes = await Promise.all(
      [repository, ...others].map((one, index) => push(one, `refs/heads/w${index}`, index + 2, index % 2 === 0)),
    );
    for (const outcome of outcomes) expect(outcome).toMatchObject({ moves: ["applied"], missed: [] });
    const journal = [...(await places.content("primary"))].filter(([key]) => key.startsWith("journal/"));
    for (const name of ["a", "b"]) {
      const copied = [...(await places.content(name))].filter(([key]) => key.startsWith("journal/"));
      expect(copied).toEqual(journal);
    }
  });

  test("of a crowd that is carried by a few, all are in the mirrors, with what was carried", async () => {
    await places.begin(["a", "b"]);
    const crowd = Array.from({ length: 12 }, () => places.repository());
    for (const one of crowd) await one.read({ forPush: true });
    const outcomes = await Promise.all(
      crowd.map((one, index) => publish(one, one.known as State, `refs/heads/w${index}`, index + 2, index % 3 === 0)),
    );
    for (const outcome of outcomes) expect(outcome).toMatchObject({ moves: ["applied"], missed: [] });
    const state = await places.repository().readExisting();
    expect(state.slot).toBeLessThan(2 + crowd.length);
    expect([...state.packs.values()].some(({ name }) => name.kind === "intent")).toBe(true);
    for (const one of crowd) await one.maintain();
    const isPart = ([key]: [string, string]) => !key.startsWith("intents/") || state.packs.has(key.replace("s/", " "));
    const [primary, ...copies] = await Promise.all(["primary", "a", "b"].map((name) => places.content(name)));
    for (const copy of copies) expect([...copy].filter(isPart)).toEqual([...(primary as typeof copy)].filter(isPart));
  });

  test("is not stopped by what another has left, damaged, to be carried", async () => {
    await places.begin(["a"]);
    const crowd = Array.from({ length: 6 }, () => places.repository());
    for (const one of crowd) await one.read({ forPush: true });
    // Whoever copies an intent to the mirror finds it gone.
    places.weather = async ({ place, operation, key }) => {
      if (place === "a" && operation === "get" && key.startsWith("intents/")) {
        throw new TrunksError("NOT_FOUND", "gone");
      }
      return undefined;
    };
    const outcomes = await Promise.all(
      crowd.map((one, index) => publish(one, one.known as State, `refs/heads/w${index}`, index + 2)),
    );
    for (const outcome of outcomes) expect(outcome).toMatchObject({ moves: ["applied"], missed: [] });
    expect((await places.repository("a").readExisting()).refs.size).toBe(1 + crowd.length);
  });

  test("that began before a mirror was added copies its segments there too", async () => {
    const repository = await places.begin(["a"]);
    const state = (await repository.read({ forPush: true })) as State;
    await addMirror(places.repository(), places.mirror("b"), places.place("primary"));
    await publish(repository, state, "refs/heads/large", 5, true);
    await repository.maintain();
    await expectSame("a", "b");
  });

  test("of a program that cannot open mirrors is refused", async () => {
    await places.begin(["a"]);
    const repository = new Repository(places.open("primary"));
    await expect(repository.read({ forPush: true })).rejects.toMatchObject({ code: "NOT_SUPPORTED" });
  });
});

describe("a push to a mirror's own URL", () => {
  test("is refused, cold and with a cached state, and names the primary", async () => {
    await places.begin(["a"]);
    const cache = memoryCache();
    const cold = places.repository("a", cache);
    const refusal = { code: "PRECONDITION_FAILED", message: expect.stringContaining("the trunk's primary is primary") };
    await expect(cold.read({ forPush: true })).rejects.toMatchObject(refusal);
    await cold.read();
    await cold.save();
    await expect(places.repository("a", cache).read({ forPush: true })).rejects.toMatchObject(refusal);
    const state = (await cold.read()) as State;
    await expect(publish(cold, state, "refs/heads/main", 2)).rejects.toMatchObject(refusal);
    expect(await places.slots("a")).toBe(2);
  });

  test("a fetch from it says what it is, once", async () => {
    await places.begin(["a"], ["c"]);
    const repository = places.repository("a");
    await repository.read();
    await repository.read();
    expect(places.warnings).toEqual([
      "this is a, a strict mirror of this trunk; its primary is primary, local:///primary/trunks/app.trunk",
    ]);
    await places.repository("c").read();
    expect(places.warnings[1]).toMatch(/^this is c, a lagging mirror of this trunk, which may lack pushes/);
    await places.repository("primary").read();
    expect(places.warnings).toHaveLength(2);
  });
});

test("large files get to mirrors of every kind, and into one that is added later", async () => {
  const repository = await places.begin(["a"], ["b"]);
  const content = new SeededRandom(1).bytes(100_000);
  const id = objectId("sha1", "blob", content);
  const { slot: basis } = (await repository.read({ forPush: true })) as State;
  await repository.publish({
    moves: [{ ref: "refs/tags/large", oldId: undefined, newId: id }],
    basis,
    assumed: [],
    large: [{ id, size: content.length, read: () => onePiece(content) }],
  });
  await repository.maintain();
  await addMirror(repository, places.mirror("c"), places.place("primary"));
  await syncMirror(repository, "b");
  await expectSame("a", "b", "c");
  for (const name of ["a", "b", "c"]) {
    const state = await new Repository(places.store(name)).readExisting();
    const read = await trunkObjects(places.store(name), state).read(id);
    expect(Buffer.from(read?.data ?? []).equals(content)).toBe(true);
  }
});

describe("a lagging mirror", () => {
  test("is brought up behind the push", async () => {
    const repository = await places.begin([], ["c"]);
    expect((await push(repository, "refs/heads/main", 2, true)).missed).toEqual([]);
    expect(await value("c", "refs/heads/main")).toBe(oid(1));
    await repository.maintain();
    await expectSame("c");
    expect(places.warnings).toEqual([]);
  });

  test("that is away holds nobody up, is told of, and is counted", async () => {
    const repository = await places.begin([], ["c"]);
    places.down.add("c");
    for (let number = 2; number < 5; number++) await push(repository, "refs/heads/main", number);
    await repository.maintain();
    expect(places.warnings).toEqual([
      expect.stringMatching(/^the mirror c .*it is lagging, and gets this push later$/),
    ]);
    places.down.clear();
    const report = () => reportMirrors(repository, repository.known as State);
    expect(await report()).toMatchObject([{ name: "c", mode: "lagging", behind: 3, error: undefined }]);
    await syncMirror(repository, "c");
    expect(await report()).toMatchObject([{ behind: 0 }]);
    await expectSame("c");
  });
});

describe("the map", () => {
  test("is in the trunk: a fresh machine finds it, and a cached state has it", async () => {
    await places.begin(["a"], ["c"]);
    const cache = memoryCache();
    const fresh = places.repository("primary", cache);
    const state = (await fresh.read()) as State;
    expect([...state.map.mirrors.values()]).toEqual([places.mirror("a"), places.mirror("c", "lagging")]);
    expect(state.map.primary).toEqual(places.place("primary"));
    await fresh.save();
    places.requests.length = 0;
    const again = places.repository("primary", cache);
    await again.read();
    expect(again.known?.map).toEqual(state.map);
    expect(places.requests).toHaveLength(3);
  });

  test("a mirror that is away can be taken out or made lagging, and pushes go on", async () => {
    const repository = await places.begin(["a", "b"]);
    places.down.add("a").add("b");
    await removeMirror(repository, "a");
    const lagging = places.mirror("b", "lagging");
    await addMirror(repository, lagging, places.place("primary"));
    expect(await push(repository, "refs/heads/main", 2)).toMatchObject({ moves: ["applied"], missed: [] });
  });

  test("one that was taken out and comes back goes on where it was", async () => {
    const repository = await places.begin(["a"]);
    await removeMirror(repository, "a");
    await push(repository, "refs/heads/main", 2, true);
    places.requests.length = 0;
    await addMirror(repository, places.mirror("a"), places.place("primary"));
    expect(places.requests.filter((request) => request.startsWith("a: create journal"))).toHaveLength(2);
    await expectSame("a");
  });

  test("a mirror that is the primary's own store, another trunk, or known by another name is refused", async () => {
    const repository = await places.begin(["a"]);
    places.stores.set("same", places.store("primary"));
    places.stores.set("a-again", places.store("a"));
    await places.repository("b").create();
    for (const name of ["same", "a-again", "b", "primary"]) {
      const added = addMirror(repository, places.mirror(name), places.place("primary"));
      await expect(added).rejects.toMatchObject({ code: "ALREADY_EXISTS" });
    }
    const elsewhere = { ...places.mirror("a"), url: "local:///elsewhere" };
    await expect(addMirror(repository, elsewhere, places.place("primary"))).rejects.toMatchObject({
      code: "ALREADY_EXISTS",
    });
  });
});

describe("a first copy", () => {
  test("tells its progress, copies what upkeep left, and can be read when it is done", async () => {
    const repository = places.repository();
    await repository.create();
    for (let number = 1; number < 70; number++) {
      await push(repository, `refs/heads/b${number}`, number, number % 10 === 0);
      await repository.maintain();
    }
    const told: [number, number][] = [];
    await addMirror(repository, places.mirror("a"), places.place("primary"), {
      progress: (...bytes) => told.push(bytes),
    });
    expect(told.at(-1)).toEqual([told[0]?.[1], told[0]?.[1]]);
    await expectSame("a");
    places.requests.length = 0;
    await places.repository("a").read();
    expect(places.requests.length).toBeLessThan(12);
  });

  test("ended at any request is not taken for a trunk, and goes on the next time", async () => {
    for (let at = 0; ; at += 3) {
      places = new Places(["primary", "a"]);
      const repository = await places.begin([]);
      for (let number = 2; number < 6; number++) await push(repository, "refs/heads/main", number, number === 3);
      let count = 0;
      places.weather = async ({ place }) => {
        if (place === "a" && count++ >= at) throw new TrunksError("UNAVAILABLE", "ended");
        return undefined;
      };
      const ended = await addMirror(repository, places.mirror("a"), places.place("primary")).then(
        ({ missed }) => missed.length === 0,
        () => false,
      );
      places.weather = async () => undefined;
      if (!ended) {
        const read = await places
          .repository("a")
          .read()
          .catch((error) => error);
        if (read !== undefined && read.refs !== undefined) expect(read.refs.get("refs/heads/main")?.id).toBe(oid(5));
        await addMirror(places.repository(), places.mirror("a"), places.place("primary"));
      }
      await expectSame("a");
      if (ended) break;
    }
  });
});

async function bytesOf(name: string, key: string): Promise<Uint8Array> {
  return (await (await places.store(name).get(key))?.bytes()) as Uint8Array;
}

/** Everything that can run without an answer has run when this comes back. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}
