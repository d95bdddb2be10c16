import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ending } from "../support/ending.ts";
import { MirroredSandbox } from "../support/mirrored-sandbox.ts";
import { commit } from "../support/repository.ts";

const wentWell = { status: 0, messages: "" };

let sandbox: MirroredSandbox;
beforeEach(() => {
  sandbox = new MirroredSandbox();
});
afterEach(() => sandbox.remove());

/** A commit that does not go into a record. */
async function commitLarge(message: string): Promise<string> {
  return commit(sandbox, "work", message, { large: randomBytes(1_200_000) });
}

function expectSame(...places: string[]): void {
  const content = sandbox.content("primary");
  for (const place of places) expect([place, sandbox.content(place)]).toEqual([place, content]);
}

describe("strict mirrors", () => {
  test("get every push key for key and byte for byte; each can be cloned", async () => {
    await sandbox.begin({ a: "strict", b: "strict" });
    await commit(sandbox, "work", "small");
    expect(await sandbox.push()).toEqual(wentWell);
    const id = await commitLarge("large");
    expect(await sandbox.push()).toEqual(wentWell);
    expectSame("a", "b");
    expect(await sandbox.mirrors()).toMatchObject({
      a: { mode: "strict", behind: 0, error: null },
      b: { mode: "strict", behind: 0, error: null },
    });
    for (const place of ["primary", "a", "b"]) expect([place, await sandbox.main(place)]).toEqual([place, id]);
  });

  test("one that is away stops a push before anything is written, is named, and the push goes in when it is back", async () => {
    await sandbox.begin({ a: "strict", b: "strict" });
    const id = await commitLarge("large");
    const before = ["primary", "a"].map((place) => sandbox.content(place));
    sandbox.away("b");
    const { status, messages } = await sandbox.push();
    expect(status).not.toBe(0);
    expect(messages).toMatch(
      /^fatal: the mirror b \(local:\/\/\S+\/stores\/b\/trunks\/app\.trunk\): .*\nhint: .*`trunks storage sync b`/,
    );
    expect(["primary", "a"].map((place) => sandbox.content(place))).toEqual(before);
    expect(await sandbox.mirrors()).toMatchObject({ a: { behind: 0 }, b: { behind: null, error: expect.any(String) } });
    sandbox.back("b");
    expect(await sandbox.push()).toEqual(wentWell);
    expectSame("a", "b");
    expect(await sandbox.main("b")).toBe(id);
  });
});

describe("a lagging mirror", () => {
  test("follows each push; away it holds nobody up, is told of, counted, and brought up by `storage sync`", async () => {
    await sandbox.begin({ c: "lagging" });
    await commitLarge("large");
    expect(await sandbox.push()).toEqual(wentWell);
    expectSame("c");
    sandbox.away("c");
    for (const message of ["one", "two", "three"]) {
      await commit(sandbox, "work", message);
      expect(await sandbox.push()).toEqual({
        status: 0,
        messages: expect.stringMatching(/^warning: the mirror c .*; it is lagging, and gets this push later\n$/),
      });
    }
    expect(await sandbox.mirrors()).toMatchObject({ c: { mode: "lagging", behind: null } });
    sandbox.back("c");
    expect(await sandbox.mirrors()).toMatchObject({ c: { mode: "lagging", behind: 3, error: null } });
    expect(await sandbox.trunks("storage", "list")).toMatch(/^c .*mirror: lagging, 3 pushes behind$/m);
    expect(await sandbox.trunks("storage", "show", "c")).toMatch(/^mirror +lagging, 3 pushes behind$/m);
    expect(await sandbox.json("storage", "show", "c")).toMatchObject({ mirror_state: { behind: 3 } });
    expect(await sandbox.json("storage", "ping", "c")).toMatchObject({ object: "ping", mirror_state: { behind: 3 } });
    expect(await sandbox.trunks("storage", "ping", "c")).toMatch(/; it is a mirror: lagging, 3 pushes behind$/m);
    expect(await sandbox.trunks("storage", "sync")).toBe("c: lagging, even\n");
    expect(await sandbox.json("storage", "sync", "c")).toMatchObject({
      object: "list",
      data: [{ name: "c", behind: 0 }],
    });
    expectSame("c");
  });
});

describe("the map", () => {
  test("is found by a machine that has only the primary's URL, and its pushes reach the mirrors", async () => {
    await sandbox.begin({ a: "strict", c: "lagging" });
    await sandbox.git(["clone", "-q", sandbox.placeUrl("primary"), "fresh"]);
    expect(sandbox.exists("fresh/.trunks")).toBe(false);
    const id = await commit(sandbox, "fresh", "from elsewhere");
    expect(await sandbox.push({ folder: "fresh" })).toEqual(wentWell);
    expectSame("a", "c");
    expect(await sandbox.main("c")).toBe(id);
  });

  test("tells a clone of a mirror what it has cloned, and a push to it where to go", async () => {
    await sandbox.begin({ a: "strict", c: "lagging" });
    const primary = sandbox.placeUrl("primary").slice("trunks::".length).replace(/app$/, "trunks/app.trunk");
    for (const [place, what] of [
      ["a", "a strict mirror of this trunk"],
      ["c", "a lagging mirror of this trunk, which may lack pushes"],
    ] as const) {
      const { status, messages } = await ending(sandbox, ["clone", "-q", sandbox.placeUrl(place), `of-${place}`]);
      expect([status, messages]).toEqual([
        0,
        `warning: this is ${place}, ${what}; its primary is primary, ${primary}\n`,
      ]);
      await commit(sandbox, `of-${place}`, `for-${place}`);
      const pushed = await sandbox.push({ folder: `of-${place}` });
      expect(pushed.status).not.toBe(0);
      expect(pushed.messages).toContain(
        `fatal: this is ${place}, a mirror: the trunk's primary is primary, ${primary}\nhint: push there`,
      );
    }
  });
});
