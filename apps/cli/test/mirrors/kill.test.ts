import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ending } from "../support/ending.ts";
import { MirroredSandbox } from "../support/mirrored-sandbox.ts";
import { commit } from "../support/repository.ts";

/** One test is some dozen runs of git. */
const timeoutMs = 300_000;
const wentWell = { status: 0, messages: "" };

let sandbox: MirroredSandbox;
beforeEach(async () => {
  sandbox = new MirroredSandbox("faulty");
  await sandbox.begin({ a: "strict" });
});
afterEach(() => sandbox.remove());

/**
 * Kills a command at each request that it makes to the store, before and after its effect, until it runs without being
 * hit. Each time begins with what was kept. Answers how often it was killed.
 */
async function killAtEach(
  place: string,
  command: () => Promise<{ readonly status: number | string }>,
  check: (at: string, whole: boolean) => Promise<void>,
): Promise<number> {
  for (let index = 0, kills = 0; ; index++) {
    for (const when of ["before", "after"] as const) {
      sandbox.restore("stores", "work", "hub.git");
      sandbox.plan([{ index, fault: { kind: "crash", when } }], place);
      const { status } = await command();
      const request = sandbox.requests(place)[index];
      const at = `${when} ${request?.operation} ${request?.keys} of ${place}`;
      expect([at, status === 0]).toEqual([at, request === undefined]);
      sandbox.plan([], place);
      await check(at, request === undefined);
      if (request === undefined) return kills;
      kills++;
      // These have no effect, so before and after are one.
      if (request.operation === "get" || request.operation === "list") break;
    }
  }
}

function journal(place: string): string[][] {
  return [...sandbox.content(place)].filter(([key]) => key.includes("/journal/")).map(([key, bytes]) => [key, bytes]);
}

async function commitLarge(message: string): Promise<string> {
  return commit(sandbox, "work", message, { large: randomBytes(1_200_000) });
}

describe("a push whose helper is killed at each request", () => {
  const kinds: Record<string, () => Promise<string>> = {
    "a small one": () => commit(sandbox, "work", "small"),
    "one with a segment": () => commitLarge("large"),
    "one that brings a mirror up first": async () => {
      sandbox.keep("stores/a");
      await commitLarge("large");
      expect(await sandbox.push()).toEqual(wentWell);
      sandbox.restore("stores/a");
      return commit(sandbox, "work", "small");
    },
  };

  for (const [kind, prepare] of Object.entries(kinds)) {
    test.each(["primary", "a"])(
      `${kind}: the next push repairs it, and nothing acknowledged is lost; killed at %s`,
      async (place) => {
        const before = await sandbox.git(["rev-parse", "main"], { folder: "work" });
        const id = await prepare();
        const between = [before, await sandbox.git(["rev-parse", "main^"], { folder: "work" }), id];
        sandbox.keep("stores", "work");
        const kills = await killAtEach(place, sandbox.push.bind(sandbox), async (at, whole) => {
          const tips = [await sandbox.tip("primary"), await sandbox.tip("a")];
          expect([at, between]).toEqual([at, expect.arrayContaining(tips)]);
          // The mirror's journal is the beginning of the primary's.
          expect([at, journal("primary")]).toEqual([at, expect.arrayContaining(journal("a"))]);
          if (whole) expect([at, tips]).toEqual([at, [id, id]]);
          expect([at, await sandbox.push()]).toEqual([at, wentWell]);
          expect([at, journal("a")]).toEqual([at, journal("primary")]);
          expect([at, await sandbox.tip("a")]).toEqual([at, id]);
        });
        expect(await sandbox.main("a")).toBe(id);
        expect(kills).toBeGreaterThan(place === "primary" ? 3 : 2);
      },
      timeoutMs,
    );
  }
});

test(
  "a push to a trunk that a Git repository follows, killed at each request: the next one repairs it",
  async () => {
    await sandbox.git(["init", "-q", "--bare", "hub.git"]);
    const url = `file://${sandbox.path}/hub.git`;
    await sandbox.trunks("storage", "add", "hub", "--backend", "git", "--url", url, "--mirror");
    const hub = () => sandbox.git(["rev-parse", "main"], { folder: "hub.git" });
    const before = await hub();
    const id = await commit(sandbox, "work", "small");
    sandbox.keep("stores", "work", "hub.git");
    const behind: string[] = [];
    const kills = await killAtEach("primary", sandbox.push.bind(sandbox), async (at, whole) => {
      const [tip, there] = [await sandbox.tip("primary"), await hub()];
      if (tip !== there) behind.push(at);
      // It follows: never is it ahead.
      expect([at, [before, id]]).toEqual([at, expect.arrayContaining([tip, there])]);
      expect([at, there === id && tip !== id]).toEqual([at, false]);
      if (whole) expect([at, there]).toEqual([at, id]);
      expect([at, await sandbox.push()]).toEqual([at, wentWell]);
      expect([at, await hub(), await sandbox.tip("a")]).toEqual([at, id, id]);
    });
    expect(kills).toBeGreaterThan(3);
    expect(behind.length).toBeGreaterThan(0);
  },
  timeoutMs,
);

describe("copying that is killed at each request", () => {
  /** Segments that are in the mirror whole. */
  const segments = () => [...sandbox.content("b").keys()].filter((key) => /\.(pack|idx)$/.test(key)).sort();

  beforeEach(async () => {
    for (const message of ["one", "two"]) {
      await commitLarge(message);
      expect(await sandbox.push()).toEqual(wentWell);
    }
    await commit(sandbox, "work", "small");
    expect(await sandbox.push()).toEqual(wentWell);
  });

  test.each(["primary", "b"])(
    "a first copy: `storage sync` goes on with it and copies nothing twice; killed at %s",
    async (place) => {
      const id = await sandbox.git(["rev-parse", "main"], { folder: "work" });
      sandbox.rootUrl("b");
      await sandbox.trunks("storage", "add", "b", "--url", sandbox.rootUrl("b"));
      sandbox.keep("stores", "work");
      const kills = await killAtEach(
        place,
        () => sandbox.tryTrunks("storage", "sync", "b"),
        async (at) => {
          const there = segments();
          // Half a copy is never taken for a trunk.
          const read = await ending(sandbox, ["ls-remote", sandbox.placeUrl("b"), "refs/heads/main"]);
          if (read.status === 0) expect([at, await sandbox.tip("b")]).toEqual([at, id]);
          else expect(read.messages).toMatch(/there is no trunk here|still being copied/);
          sandbox.plan([], "b");
          expect([at, await sandbox.trunks("storage", "sync", "b")]).toEqual([at, "b: strict, even\n"]);
          const written = sandbox.requests("b").filter(({ operation }) => operation === "create");
          expect([at, written.map(({ keys }) => keys).filter((key) => there.includes(key))]).toEqual([at, []]);
          expect([at, journal("b"), await sandbox.tip("b")]).toEqual([at, journal("primary"), id]);
          // What was not asked for may lack the record that speaks of `b`.
          expect([at, journal("primary")]).toEqual([at, expect.arrayContaining(journal("a"))]);
        },
      );
      expect(await sandbox.main("b")).toBe(id);
      expect(kills).toBeGreaterThan(10);
    },
    timeoutMs,
  );
});
