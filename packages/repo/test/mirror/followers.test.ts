import { type RequestOptions, TrunksError } from "@trunks/core";
import { beforeEach, describe, expect, test } from "vitest";
import type { RefMove } from "../../src/format/entry.ts";
import type { Mirror } from "../../src/format/mirror-map.ts";
import type { State } from "../../src/format/state.ts";
import { addMirror, removeMirror } from "../../src/mirror/change.ts";
import type { Follower, MoveOutcome } from "../../src/mirror/follower.ts";
import { promote, takeOver } from "../../src/mirror/promote.ts";
import { reportMirrors } from "../../src/mirror/report.ts";
import { syncMirror } from "../../src/mirror/sync.ts";
import { Repository } from "../../src/repository.ts";
import { oid } from "../samples.ts";
import { Places, publish, push } from "./places.ts";

/** A Git repository in memory, where a commit's history is all that has a smaller number. */
class Hub implements Follower {
  readonly held = new Map<string, string>();
  readonly requests: string[] = [];
  away = false;
  readOnly = false;
  /** Its rules: all of a push is refused for one of its moves. */
  refuses: (move: RefMove) => boolean = () => false;
  /** Called before a move is looked at. */
  beforeMove = async () => {};

  async refs(_options: RequestOptions): Promise<ReadonlyMap<string, string>> {
    this.#answer("refs");
    return new Map(this.held);
  }

  async mayPush(_options: RequestOptions): Promise<void> {
    this.#answer("mayPush");
    if (this.readOnly) throw new TrunksError("PERMISSION_DENIED", "it takes nothing");
  }

  async includes(id: string, oldId: string, _options: RequestOptions): Promise<boolean> {
    return id >= oldId;
  }

  async move(moves: readonly RefMove[], _state: State, _options: RequestOptions): Promise<MoveOutcome> {
    await this.beforeMove();
    this.#answer(`move ${moves.map(({ ref }) => ref).join(" ")}`);
    if (this.readOnly) throw new TrunksError("PERMISSION_DENIED", "it takes nothing");
    if (moves.some(({ ref, oldId }) => this.held.get(ref) !== oldId)) return { kind: "stale" };
    const refused = moves.find((one) => this.refuses(one));
    if (refused !== undefined) {
      return { kind: "refused", error: new TrunksError("PERMISSION_DENIED", `it refuses ${refused.ref}`) };
    }
    for (const { ref, newId } of moves) {
      if (newId === undefined) this.held.delete(ref);
      else this.held.set(ref, newId);
    }
    return { kind: "moved" };
  }

  #answer(request: string): void {
    this.requests.push(request);
    if (this.away) throw new TrunksError("UNAVAILABLE", "hub is away", { retryable: true });
  }
}

let places: Places;
let hub: Hub;
const main = "refs/heads/main";

function repository(): Repository {
  return new Repository(places.open("primary"), {
    openPlace: async (place) => places.open(place.name),
    openFollower: async () => hub,
    sleep: async () => {},
    warn: (message) => places.warnings.push(message),
  });
}

function mirror(mode: Mirror["mode"] = "strict"): Mirror {
  return { name: "hub", mode, url: "git+https://host/me/app.git" };
}

async function begin(mode: Mirror["mode"] = "strict", copies: readonly string[] = []): Promise<Repository> {
  await places.begin(copies);
  await addMirror(repository(), mirror(mode), places.place("primary"));
  hub.requests.length = 0;
  return repository();
}

/** Moves a ref, whatever it is. */
async function move(ref: string, newId: string | undefined) {
  const client = repository();
  const state = (await client.read({ forPush: true })) as State;
  const moves = [{ ref, oldId: state.refs.get(ref)?.id, newId }];
  const outcome = await client.publish({ moves, basis: state.slot, assumed: "*", pack: undefined });
  await client.maintain();
  return outcome;
}

async function behind(): Promise<unknown> {
  const client = repository();
  const [report] = await reportMirrors(client, (await client.readExisting()) as State);
  return report?.error ?? report?.behind;
}

beforeEach(() => {
  places = new Places(["primary", "a"]);
  hub = new Hub();
});

describe("a strict follower", () => {
  test("has branches and tags when it was added, and gets each push with one look and one move", async () => {
    await places.begin([]);
    await push(repository(), "refs/notes/own", 2);
    await push(repository(), "refs/tags/v1", 3);
    await addMirror(repository(), mirror(), places.place("primary"));
    expect([...hub.held]).toEqual([
      [main, oid(1)],
      ["refs/tags/v1", oid(3)],
    ]);
    hub.requests.length = 0;
    expect(await push(repository(), main, 4)).toMatchObject({ moves: ["applied"], missed: [] });
    expect(hub.requests).toEqual(["refs", "mayPush", `move ${main}`]);
    expect(hub.held.get(main)).toBe(oid(4));
  });

  test.for([["away"], ["readOnly"]] as const)(
    "that is %s stops a push before anything is written",
    async ([trouble]) => {
      await begin("strict", ["a"]);
      const before = await places.content("primary");
      hub[trouble] = true;
      await expect(push(repository(), main, 2)).rejects.toMatchObject({
        message: expect.stringMatching(/^the mirror hub \(git\+https:\/\/host\/me\/app\.git\): /),
        hint: expect.stringMatching(/storage sync hub.*storage remove hub.*--mirror=lagging/),
      });
      expect(await places.content("primary")).toEqual(before);
      expect(await places.content("a")).toEqual(before);
    },
  );

  test("that dies when the trunk has the record is missed, and brought up by the next look before a push", async () => {
    await begin();
    hub.beforeMove = async () => {
      hub.away = true;
    };
    expect(await push(repository(), main, 2)).toMatchObject({ moves: ["applied"], missed: [{ name: "hub" }] });
    hub.beforeMove = async () => {};
    hub.away = false;
    expect(await behind()).toBe(1);
    await repository().read({ forPush: true });
    expect(hub.held.get(main)).toBe(oid(2));
    expect(await behind()).toBe(0);
  });

  test("follows what the trunk throws away: forced moves and deletions, late ones too", async () => {
    await begin("lagging");
    await push(repository(), "refs/heads/topic", 5);
    await repository().read();
    await syncMirror(repository(), "hub");
    hub.away = true;
    await move("refs/heads/topic", oid(3));
    await move("refs/heads/topic", undefined);
    await move(main, oid(0xa));
    await move(main, oid(2));
    hub.away = false;
    expect(await behind()).toBe(4);
    await syncMirror(repository(), "hub");
    expect([...hub.held]).toEqual([[main, oid(2)]]);
  });

  test("in which somebody moved a ref back or aside stops pushes; what takes it up goes through", async () => {
    await begin();
    await push(repository(), main, 5);
    hub.held.set(main, oid(7));
    const before = await places.content("primary");
    await expect(push(repository(), "refs/heads/other", 1)).rejects.toMatchObject({
      code: "CONFLICT",
      message: expect.stringContaining(`somebody has moved ${main} (${oid(7).slice(0, 12)}) there`),
    });
    await expect(push(repository(), main, 6)).rejects.toMatchObject({ code: "CONFLICT" });
    expect(await places.content("primary")).toEqual(before);
    expect(hub.held.get(main)).toBe(oid(7));
    expect(await behind()).toMatchObject({ code: "CONFLICT" });
    expect(await push(repository(), main, 8)).toMatchObject({ moves: ["applied"], missed: [] });
    expect(hub.held.get(main)).toBe(oid(8));
  });

  describe("whose rules refuse what the trunk took", () => {
    const refusal = {
      code: "PERMISSION_DENIED",
      message: expect.stringMatching(/^the mirror hub .*: it refuses refs/),
    };
    const topic = "refs/heads/topic";

    /** One push moves two branches, and what is behind `refused` is not taken. */
    async function beginRefused(refused: string): Promise<void> {
      await begin();
      const client = repository();
      const state = (await client.read({ forPush: true })) as State;
      const moves = [
        { ref: main, oldId: oid(1), newId: oid(5) },
        { ref: topic, oldId: undefined, newId: oid(4) },
      ];
      hub.refuses = ({ ref, newId }) => ref === refused && newId !== undefined && newId >= oid(4);
      const outcome = await client.publish({ moves, basis: state.slot, assumed: "*", pack: undefined });
      expect(outcome).toMatchObject({ moves: ["applied", "applied"], missed: [{ name: "hub", error: refusal }] });
      expect([...hub.held]).toEqual([[main, oid(1)]]);
    }

    test.each([
      ["moves it back", oid(1)],
      ["moves it aside", oid(3)],
    ])("a push that %s goes through", async (_, newId) => {
      await beginRefused(main);
      expect(await move(main, newId)).toMatchObject({ moves: ["applied"], missed: [] });
      // What came with it and is no matter of that rule is there as well: the push was acknowledged.
      expect([...hub.held].sort()).toEqual([
        [main, newId],
        [topic, oid(4)],
      ]);
      expect(await behind()).toBe(0);
      expect(await push(repository(), topic, 9)).toMatchObject({ moves: ["applied"], missed: [] });
    });

    test("a push that deletes it goes through", async () => {
      await beginRefused(topic);
      expect(await move(topic, undefined)).toMatchObject({ moves: ["applied"], missed: [] });
      expect([...hub.held]).toEqual([[main, oid(5)]]);
      expect(await behind()).toBe(0);
    });

    test.each([
      ["leaves it", topic, 9],
      ["builds on it", main, 9],
    ])("a push that %s stops before anything is written", async (_, ref, number) => {
      await beginRefused(main);
      const before = await places.content("primary");
      await expect(push(repository(), ref, number)).rejects.toMatchObject(refusal);
      expect(await places.content("primary")).toEqual(before);
      const looked = repository();
      const state = (await looked.read({ forPush: true })) as State;
      expect(looked.mirrors.contradictions(state.map)).toEqual([expect.objectContaining(refusal)]);
      // Where the rule has gone, all that is there comes along.
      hub.refuses = () => false;
      expect(await push(repository(), ref, number)).toMatchObject({ moves: ["applied"], missed: [] });
      expect(await behind()).toBe(0);
    });

    test("a push whose way out is refused as well is no success, and the next one may try another", async () => {
      await beginRefused(main);
      hub.refuses = ({ ref }) => ref === main;
      expect(await move(main, oid(3))).toMatchObject({ moves: ["applied"], missed: [{ name: "hub", error: refusal }] });
      expect(hub.held.get(main)).toBe(oid(1));
      hub.refuses = ({ ref, newId }) => ref === main && newId !== oid(2);
      expect(await move(main, oid(2))).toMatchObject({ moves: ["applied"], missed: [] });
      expect(await behind()).toBe(0);
    });

    test("a step back is refused: a push that brings what is there goes through", async () => {
      await begin();
      await push(repository(), main, 5);
      hub.refuses = ({ oldId, newId }) => oldId !== undefined && newId !== undefined && newId < oldId;
      expect(await move(main, oid(3))).toMatchObject({ missed: [{ name: "hub", error: refusal }] });
      await expect(push(repository(), main, 4)).rejects.toMatchObject(refusal);
      expect(await push(repository(), main, 6)).toMatchObject({ moves: ["applied"], missed: [] });
      expect(await behind()).toBe(0);
    });

    test("of very many refs some are told apart, and the attempts are bounded", async () => {
      await begin();
      const client = repository();
      const state = (await client.read({ forPush: true })) as State;
      const refs = Array.from({ length: 200 }, (_, number) => `refs/tags/${1000 + number}`);
      hub.refuses = () => true;
      const moves = refs.map((ref) => ({ ref, oldId: undefined, newId: oid(2) }));
      const outcome = await client.publish({ moves, basis: state.slot, assumed: "*", pack: undefined });
      expect(outcome.missed).toMatchObject([{ name: "hub" }]);
      hub.requests.length = 0;
      await repository().read({ forPush: true });
      expect(hub.requests.length).toBeLessThan(100);
    });
  });

  test("is spared names that cannot be told to git", async () => {
    await begin();
    expect(await push(repository(), "refs/heads/caf\udce9", 3)).toMatchObject({ moves: ["applied"], missed: [] });
    expect([...hub.held.keys()]).toEqual([main]);
    expect(await behind()).toBe(0);
  });

  test("keeps what it has of its own, and a tag that somebody has moved", async () => {
    await begin();
    hub.held.set("refs/heads/pages", oid(9));
    expect(await push(repository(), "refs/tags/v1", 3)).toMatchObject({ missed: [] });
    hub.held.set("refs/tags/v1", oid(2));
    await expect(push(repository(), main, 4)).rejects.toMatchObject({
      message: expect.stringContaining("somebody has moved refs/tags/v1"),
    });
    expect(hub.held.get("refs/heads/pages")).toBe(oid(9));
  });

  test("whose refs another push moves meanwhile is looked at again", async () => {
    await begin();
    const other = repository();
    const state = (await other.read({ forPush: true })) as State;
    let raced = false;
    hub.beforeMove = async () => {
      if (raced) return;
      raced = true;
      expect(await publish(other, (await other.readExisting()) as State, main, 3)).toMatchObject({ missed: [] });
    };
    expect(state.refs.get(main)?.id).toBe(oid(1));
    expect(await push(repository(), main, 2)).toMatchObject({ moves: ["applied"], missed: [] });
    expect(hub.held.get(main)).toBe(oid(3));
  });

  test("is no matter of upkeep, of reading, or of becoming the primary", async () => {
    const client = await begin("strict", ["a"]);
    await push(client, main, 2);
    hub.away = true;
    places.down.add("primary");
    expect((await client.read())?.refs.get(main)?.id).toBe(oid(2));
    places.down.clear();
    await expect(promote(repository(), "hub")).rejects.toMatchObject({ code: "NOT_SUPPORTED" });
    const open = async (place: { name: string }) => places.open(place.name);
    const taking = { open, sleep: async () => {}, gone: ["primary"] };
    await expect(takeOver(mirror(), taking)).rejects.toMatchObject({ code: "NOT_SUPPORTED" });
    const state = await takeOver(places.place("a"), taking);
    expect([state.map.primary?.name, [...state.map.mirrors.keys()]]).toEqual(["a", ["hub"]]);
  });

  test("that is away can be taken out or made lagging, and pushes go on", async () => {
    await begin();
    hub.away = true;
    await addMirror(repository(), mirror("lagging"), places.place("primary"));
    expect(await push(repository(), main, 2)).toMatchObject({ moves: ["applied"], missed: [] });
    await removeMirror(repository(), "hub");
    expect((await repository().readExisting()).map.mirrors.size).toBe(0);
  });

  test("stops a program that has no git, unless it moves other refs than branches and tags", async () => {
    await begin();
    const client = new Repository(places.open("primary"));
    expect(await publish(client, await client.readExisting(), "refs/private/own", 3)).toMatchObject({
      moves: ["applied"],
      missed: [],
    });
    await expect(publish(client, await client.readExisting(), main, 2)).rejects.toMatchObject({
      code: "NOT_SUPPORTED",
    });
    await expect(push(client, main, 2)).rejects.toMatchObject({
      code: "NOT_SUPPORTED",
      hint: expect.stringContaining("push with git"),
    });
  });
});

describe("a lagging follower", () => {
  test("follows behind each push, holds nobody up, and gets what does not contradict", async () => {
    await begin("lagging");
    await move(main, oid(2));
    expect(hub.held.get(main)).toBe(oid(2));
    hub.away = true;
    await move(main, oid(3));
    expect(places.warnings).toEqual([
      expect.stringMatching(/^the mirror hub .*it is lagging, and gets this push later$/),
    ]);
    hub.away = false;
    hub.held.set(main, oid(9));
    await move("refs/heads/topic", oid(4));
    expect(places.warnings[1]).toMatch(/somebody has moved refs\/heads\/main/);
    expect([hub.held.get(main), hub.held.get("refs/heads/topic")]).toEqual([oid(9), oid(4)]);
  });
});
