import { type Backend, TrunksError } from "@trunks/core";
import { beforeEach, describe, expect, test } from "vitest";
import type { State } from "../../src/format/state.ts";
import { addMirror, removeMirror } from "../../src/mirror/change.ts";
import { promote, takeOver } from "../../src/mirror/promote.ts";
import { Repository } from "../../src/repository.ts";
import type { StateCache } from "../../src/state-cache.ts";
import { oid } from "../samples.ts";
import { someInterleavings } from "../transfer/interleaving.ts";
import { memoryCache, Places, publish, push } from "./places.ts";

let places: Places;

beforeEach(() => {
  places = new Places(["primary", "a", "b", "c"]);
});

const take = (name: string, gone: string[] = ["primary"], acceptLoss = false) =>
  takeOver(places.place(name), {
    open: async (place) => places.open(place.name),
    sleep: async () => {},
    gone,
    acceptLoss,
  });

async function stateOf(name: string): Promise<State> {
  return new Repository(places.store(name)).readExisting();
}

/** Which of the stores take a push of their own. */
async function primaries(): Promise<string[]> {
  const names: string[] = [];
  for (const name of places.stores.keys()) {
    const state = await places
      .repository(name)
      .read({ forPush: true })
      .catch(() => undefined);
    if (state !== undefined) names.push(name);
  }
  return names;
}

async function expectSame(...names: string[]): Promise<void> {
  const [first = "", ...others] = names;
  const journal = async (name: string) =>
    [...(await places.content(name))].filter(([key]) => key.startsWith("journal/"));
  for (const name of others) expect([name, await journal(name)]).toEqual([name, await journal(first)]);
}

describe("a promotion while the primary is there", () => {
  test("makes the mirror the primary, and the primary a mirror of it", async () => {
    const repository = await places.begin(["a", "b"]);
    expect((await promote(repository, "a")).missed).toEqual([]);
    expect(await primaries()).toEqual(["a"]);
    await expectSame("a", "b", "primary");
    const { map } = await stateOf("b");
    expect(map.primary).toEqual(places.place("a"));
    expect([...map.mirrors.values()]).toEqual([places.mirror("b"), places.mirror("primary")]);
    expect(await push(places.repository("a"), "refs/heads/main", 2)).toMatchObject({ moves: ["applied"], missed: [] });
    await expectSame("a", "b", "primary");
  });

  test("stops a writer who had read the old primary before", async () => {
    const repository = await places.begin(["a"]);
    const writer = places.repository();
    const state = (await writer.read({ forPush: true })) as State;
    await promote(repository, "a");
    await expect(publish(writer, state, "refs/heads/main", 2)).rejects.toMatchObject({
      code: "PRECONDITION_FAILED",
      message: expect.stringContaining("the trunk's primary is a"),
    });
    expect((await stateOf("a")).refs.get("refs/heads/main")?.id).toBe(oid(1));
  });

  test("stops a push that is made for what it has left, before anything is uploaded", async () => {
    await promote(await places.begin(["a"]), "a");
    const reader = places.repository();
    const state = (await reader.read()) as State;
    const [here, there] = [await places.content("primary"), await places.content("a")];
    await expect(publish(reader, state, "refs/heads/main", 2, true)).rejects.toMatchObject({
      code: "PRECONDITION_FAILED",
      message: expect.stringContaining("the trunk's primary is a"),
    });
    expect(await places.content("primary")).toEqual(here);
    expect(await places.content("a")).toEqual(there);
  });

  test("stops a push that is looked at anew because it seemed to be in vain", async () => {
    const repository = await places.begin(["a"]);
    const reader = places.repository();
    const state = (await reader.read()) as State;
    const deletion = { ref: "refs/heads/main", oldId: oid(1), newId: undefined };
    await repository.publish({ moves: [deletion], basis: state.slot, assumed: [] });
    await promote(repository, "a");
    const [here, there] = [await places.content("primary"), await places.content("a")];
    // Below a branch that was there once.
    await expect(publish(reader, state, "refs/heads/main/below", 2, true)).rejects.toMatchObject({
      code: "PRECONDITION_FAILED",
      message: expect.stringContaining("the trunk's primary is a"),
    });
    expect(await places.content("primary")).toEqual(here);
    expect(await places.content("a")).toEqual(there);
  });

  test("and a push at the same time, in many orders: whoever was acknowledged is in the new primary", async () => {
    let acknowledged = 0;
    await someInterleavings(300, async (enter, random) => {
      places = new Places(["primary", "a"]);
      await places.begin(["a"]);
      const client = (name: string) => enter(places.open(name, false));
      const open = { openPlace: async ({ name }: { name: string }) => client(name), sleep: async () => {} };
      const writer = new Repository(client("primary"), { ...open, cache: await cacheOf("primary") });
      const moves = [{ ref: "refs/heads/new", oldId: undefined, newId: oid(5) }];
      const pushed = idle(client("primary"), random.between(0, 20))
        .then(() => writer.publish({ moves, basis: 1, assumed: [] }))
        .then(
          (outcome) => outcome.missed.length === 0,
          () => false,
        );
      const promoted = idle(client("primary"), random.between(0, 8)).then(() =>
        promote(new Repository(client("primary"), open), "a"),
      );
      return async () => {
        const [isPushed] = await Promise.all([pushed, promoted]);
        const value = (await stateOf("a")).refs.get("refs/heads/new")?.id;
        if (isPushed) {
          acknowledged++;
          expect(value).toBe(oid(5));
        }
        expect((await stateOf("a")).map.primary?.name).toBe("a");
      };
    });
    expect(acknowledged).toBeGreaterThan(20);
    expect(acknowledged).toBeLessThan(280);
  });

  test("ended at any request goes on the next time, and there are never two primaries", async () => {
    let ended = 0;
    for (let at = 0; ; at++) {
      places = new Places(["primary", "a", "b"]);
      const repository = await places.begin(["a", "b"]);
      let count = 0;
      places.weather = async () => {
        if (count++ >= at) throw new TrunksError("UNAVAILABLE", "ended");
        return undefined;
      };
      const whole = await promote(repository, "b").then(
        ({ missed }) => missed.length === 0,
        () => false,
      );
      places.weather = async () => undefined;
      const before = await primaries();
      expect(before.length).toBeLessThan(2);
      if (before[0] !== "b") await promote(places.repository(), "b");
      expect(await primaries()).toEqual(["b"]);
      await expectSame("primary", "a", "b");
      if (whole) break;
      ended++;
    }
    expect(ended).toBeGreaterThan(8);
  });

  describe("ended between the two stores", () => {
    let cache: StateCache;

    beforeEach(async () => {
      cache = memoryCache();
      const repository = await places.begin(["a", "b"]);
      places.weather = async ({ place, operation }) => {
        if (place !== "primary" && operation === "create") throw new TrunksError("UNAVAILABLE", "ended");
        return undefined;
      };
      expect((await promote(repository, "a")).missed.map(({ name }) => name)).toEqual(["a", "b"]);
      places.weather = async () => undefined;
      const reader = places.repository("primary", cache);
      expect((await reader.readExisting()).map.primary).toEqual(places.place("a"));
      await reader.save();
    });

    test("is finished by whoever has read of it, and comes to push", async () => {
      expect(await push(places.repository("a", cache), "refs/heads/main", 2)).toMatchObject({ moves: ["applied"] });
      await expectSame("primary", "a", "b");
    });

    test("is finished by whoever knows nothing, and was sent there by the old primary", async () => {
      await expect(push(places.repository(), "refs/heads/main", 2)).rejects.toMatchObject({
        hint: expect.stringContaining(places.place("a").url),
      });
      expect(await push(places.repository("a"), "refs/heads/main", 2)).toMatchObject({ moves: ["applied"] });
      await expectSame("primary", "a", "b");
      expect(await primaries()).toEqual(["a"]);
    });

    test("is no reason to believe that a record is lost, while a store cannot be asked", async () => {
      const unsure = { code: "UNAVAILABLE", message: expect.stringContaining("is gone, or is still to come from") };
      places.weather = async ({ place, key }) => {
        if (place === "a" && key === "latest") throw new TrunksError("UNAVAILABLE", "a is away", { retryable: true });
        return undefined;
      };
      await expect(push(places.repository("a", cache), "refs/heads/main", 2)).rejects.toMatchObject(unsure);
      places.weather = async () => undefined;
      places.down.add("primary");
      await expect(push(places.repository("a", cache), "refs/heads/main", 2)).rejects.toMatchObject(unsure);
      await expect(push(places.repository("a"), "refs/heads/main", 2)).rejects.toMatchObject({
        code: "PRECONDITION_FAILED",
        message: expect.stringContaining("this is a, a mirror"),
      });
    });

    test("is told from a new primary that was restored from an old copy", async () => {
      const client = places.repository("a", cache);
      await push(client, "refs/heads/main", 2);
      await client.save();
      const [newest = ""] = (await places.store("a").list("journal/")).keys.map(({ key }) => key);
      await places.store("a").delete([newest]);
      await expect(push(places.repository("a", cache), "refs/heads/main", 3)).rejects.toMatchObject({
        code: "CORRUPT",
        message: expect.stringContaining("is gone"),
      });
    });
  });

  test("of what is no mirror is refused", async () => {
    await expect(promote(await places.begin(["a"]), "c")).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});

describe("a takeover when the primary is gone", () => {
  test("goes on from what every strict mirror holds, and clones from there work", async () => {
    await places.begin(["a", "b"], ["c"]);
    places.down.add("primary");
    const state = await take("b");
    expect(state.map.primary).toEqual(places.place("b"));
    expect([...state.map.mirrors.keys()]).toEqual(["a", "c"]);
    expect(await push(places.repository("b"), "refs/heads/main", 2)).toMatchObject({ moves: ["applied"], missed: [] });
    await expectSame("a", "b");
    expect(await primaries()).toEqual(["b"]);
  });

  test("takes over what one mirror got of a push that its primary did not survive", async () => {
    const repository = await places.begin(["a", "b"]);
    places.weather = async ({ place, operation }) => {
      if (place === "a" && operation === "create") throw new TrunksError("UNAVAILABLE", "cut");
      return undefined;
    };
    await push(repository, "refs/heads/main", 2, true).catch(() => {});
    await push(repository, "refs/heads/main", 2);
    places.weather = async () => undefined;
    places.down.add("primary");
    const state = await take("a");
    expect(state.refs.get("refs/heads/main")?.id).toBe(oid(2));
    await expectSame("a", "b");
  });

  test("needs every strict mirror, or to be told that it is gone too", async () => {
    await places.begin(["a", "b"]);
    places.down.add("primary").add("b");
    await expect(take("a")).rejects.toMatchObject({ code: "UNAVAILABLE", hint: expect.stringContaining("--gone b") });
    expect(await places.slots("a")).toBe(3);
    expect([...(await take("a", ["primary", "b"])).map.mirrors]).toEqual([]);
  });

  test("of a lagging mirror alone has to be asked for twice", async () => {
    await places.begin([], ["c"]);
    places.down.add("primary");
    await expect(take("c")).rejects.toMatchObject({ hint: expect.stringContaining("--accept-loss") });
    expect((await take("c", ["primary"], true)).map.primary?.name).toBe("c");
  });

  test("of a lagging mirror beside a strict one takes over what that one holds", async () => {
    const repository = await places.begin(["a"], ["c"]);
    await push(repository, "refs/heads/main", 2);
    places.down.add("primary");
    expect((await take("c")).refs.get("refs/heads/main")?.id).toBe(oid(2));
    places.down.clear();
    expect(await primaries()).toEqual(["c"]);
  });

  test("keeps the old primary from acknowledging anything when it comes back", async () => {
    const writer = await places.begin(["a", "b"]);
    const asleep = places.repository();
    const state = (await asleep.read({ forPush: true })) as State;
    places.down.add("primary");
    await take("b");
    places.down.clear();
    await expect(push(writer, "refs/heads/main", 2)).rejects.toMatchObject({
      code: "PRECONDITION_FAILED",
      message: expect.stringContaining("b was made the primary since: local:///b/"),
    });
    // Even one that had looked at the mirrors before: its record is in no other journal, and it is told so.
    await expect(publish(asleep, state, "refs/heads/main", 3)).rejects.toMatchObject({ code: "PRECONDITION_FAILED" });
    expect((await stateOf("b")).refs.get("refs/heads/main")?.id).toBe(oid(1));
    // It has a record of its own now, so it is no copy any more.
    const again = addMirror(places.repository("b"), places.mirror("primary"), places.place("b"));
    await expect(again).rejects.toMatchObject({ code: "PRECONDITION_FAILED" });
  });

  test("takes the old primary back as a mirror when nothing was written there", async () => {
    await places.begin(["a"]);
    places.down.add("primary");
    await take("a");
    await push(places.repository("a"), "refs/heads/main", 2, true);
    places.down.clear();
    await addMirror(places.repository("a"), places.mirror("primary"), places.place("a"));
    await expectSame("a", "primary");
    expect(await primaries()).toEqual(["a"]);
  });

  test("replaces a push that reached a mirror and not the one that decides", async () => {
    const writer = await places.begin(["a", "b"]);
    const state = (await writer.read({ forPush: true })) as State;
    // The writer's record is in the primary and in b when the takeover decides in a.
    places.weather = async ({ place, operation, key }) => {
      if (place !== "a" || operation !== "create" || !key.startsWith("journal/")) return undefined;
      places.weather = async () => undefined;
      await take("b");
      return undefined;
    };
    await expect(publish(writer, state, "refs/heads/main", 2)).rejects.toMatchObject({ code: "PRECONDITION_FAILED" });
    expect((await stateOf("b")).map.primary?.name).toBe("b");
    expect((await stateOf("b")).refs.get("refs/heads/main")?.id).toBe(oid(1));
    expect(await push(places.repository("b"), "refs/heads/main", 3)).toMatchObject({ missed: [] });
    await expectSame("a", "b");
  });

  test("ended at any request goes on the next time, and there are never two primaries", async () => {
    let ended = 0;
    for (let at = 0; ; at++) {
      places = new Places(["primary", "a", "b"]);
      await places.begin(["a", "b"]);
      places.down.add("primary");
      let count = 0;
      places.weather = async () => {
        if (count++ >= at) throw new TrunksError("UNAVAILABLE", "ended");
        return undefined;
      };
      const whole = await take("b").then(
        () => true,
        () => false,
      );
      places.weather = async () => undefined;
      places.down.clear();
      expect((await primaries()).length).toBeLessThan(2);
      await take("b");
      expect(await primaries()).toEqual(["b"]);
      await expectSame("a", "b");
      if (whole) break;
      ended++;
    }
    expect(ended).toBeGreaterThan(8);
  });

  test("by two at once, in many orders: one primary", async () => {
    const winners = new Set<string | undefined>();
    await someInterleavings(300, async (enter, random) => {
      places = new Places(["primary", "a", "b"]);
      await places.begin(["a", "b"]);
      const open = async ({ name }: { name: string }) => enter(places.open(name, false));
      const both = ["a", "b"].map(async (name) => {
        await idle(enter(places.open("a", false)), random.between(0, 20));
        return takeOver(places.place(name), { open, sleep: async () => {}, gone: ["primary"] }).then(
          () => name,
          () => undefined,
        );
      });
      return async () => {
        const done = (await Promise.all(both)).filter((name) => name !== undefined);
        expect(done.length).toBe(1);
        expect((await primaries()).length).toBe(1);
        expect(await primaries()).toEqual(done);
        winners.add(done[0]);
      };
    });
    expect([...winners].sort()).toEqual(["a", "b"]);
  });

  test("while a mirror is taken out of the old primary: at most one of them acknowledges pushes", async () => {
    const writer = await places.begin(["a", "b"]);
    places.down.add("a");
    await removeMirror(writer, "a");
    places.down.clear();
    places.down.add("primary");
    await take("b", ["primary", "a"]);
    places.down.clear();
    expect(await primaries()).toEqual(["b"]);
  });
});

describe("reading when the primary is away", () => {
  async function clone(): Promise<ReturnType<typeof memoryCache>> {
    const cache = memoryCache();
    const repository = places.repository("primary", cache);
    await repository.read();
    await repository.save();
    return cache;
  }

  test("goes to a strict mirror, with a warning that names it, and gets what is newest", async () => {
    const writer = await places.begin(["a", "b"]);
    const cache = await clone();
    await push(writer, "refs/heads/main", 2, true);
    places.down.add("primary").add("a");
    const reader = places.repository("primary", cache);
    expect((await reader.read())?.refs.get("refs/heads/main")?.id).toBe(oid(2));
    expect(places.warnings).toEqual(["primary is away; reading from its mirror b, local:///b/trunks/app.trunk"]);
    const [pack] = [...(reader.known as State).packs.values()].filter(({ name }) => name.kind === "segment");
    expect(await reader.backend.get(`objects/${pack?.name.kind === "segment" ? pack.name.id : ""}.pack`)).toBeDefined();
    places.down.clear();
    await reader.read();
    expect(places.warnings).toHaveLength(1);
  });

  test("never to one that is behind what the clone knows, lagging, or out of the map", async () => {
    const writer = await places.begin(["a"], ["c"]);
    await push(writer, "refs/heads/main", 2);
    await writer.maintain();
    const cache = await clone();
    await places.store("a").delete([...(await places.content("a")).keys()].slice(0, 1));
    places.down.add("primary");
    await expect(places.repository("primary", cache).read()).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message:
        "primary is away; and of its mirrors a is behind what this clone knows; c is lagging: it may lack pushes",
      hint: expect.stringContaining("git fetch trunks::local:///a/trunks/app.trunk"),
    });
    places.down.clear();
    await writer.read({ forPush: true });
    const before = await clone();
    await removeMirror(writer, "a");
    places.down.add("primary");
    await expect(places.repository("primary", before).read()).rejects.toMatchObject({
      message: expect.stringContaining("a is no strict mirror any more"),
    });
    expect(places.warnings).toEqual([]);
  });

  test("never for a push, and never where nothing is known", async () => {
    await places.begin(["a"]);
    const cache = await clone();
    places.down.add("primary");
    await expect(places.repository("primary", cache).read({ forPush: true })).rejects.toMatchObject({
      code: "UNAVAILABLE",
    });
    await expect(places.repository("primary").read()).rejects.toMatchObject({ message: "primary is away" });
  });

  test("not when it contradicts what is known: that is no failure to be worked around", async () => {
    await places.begin(["a"]);
    const cache = await clone();
    const other = new Places(["primary"]);
    const stranger = other.repository();
    await stranger.create();
    for (let number = 1; number < 5; number++) await push(stranger, "refs/heads/main", number);
    places.stores.set("primary", other.store("primary"));
    await expect(places.repository("primary", cache).read()).rejects.toMatchObject({ code: "CORRUPT" });
  });
});

/** A state of the store as a cache. */
async function cacheOf(name: string) {
  const cache = memoryCache();
  const repository = new Repository(places.store(name), { cache });
  await repository.read();
  await repository.save();
  return cache;
}

/** So many turns that a client lets pass before it begins. */
async function idle(client: Backend, turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await client.get("nothing");
}
