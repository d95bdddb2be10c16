import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ending } from "../support/ending.ts";
import { MirroredSandbox } from "../support/mirrored-sandbox.ts";
import { commit } from "../support/repository.ts";
import { trunks } from "../support/trunks.ts";

const wentWell = { status: 0, messages: "" };

let sandbox: MirroredSandbox;
beforeEach(() => {
  sandbox = new MirroredSandbox();
});
afterEach(() => sandbox.remove());

/** What comes behind `hint: ` in messages, as the shell's words from `git remote set-url <remote>` on. */
function hintedUrl(messages: string): string {
  return /git remote set-url <remote> (\S+)/.exec(messages)?.[1] ?? "";
}

async function clone(place: string, folder: string): Promise<void> {
  await sandbox.git(["clone", "-q", sandbox.placeUrl(place), folder]);
}

describe("storage promote", () => {
  test("makes a mirror the primary: the old one takes no push, says where to, and follows from then on", async () => {
    await sandbox.begin({ a: "strict", b: "strict" });
    await clone("primary", "other");
    const { status, stdout, stderr } = await sandbox.tryTrunks("storage", "promote", "a");
    expect([status, stdout]).toEqual([0, "a is the primary now\n"]);
    const id = await commit(sandbox, "other", "later");
    const refused = await sandbox.push({ folder: "other" });
    expect(refused.status).not.toBe(0);
    expect(refused.messages).toContain("fatal: this is primary, a mirror: the trunk's primary is a, local://");
    expect(hintedUrl(refused.messages)).toBe(hintedUrl(stderr));
    await sandbox.git(["remote", "set-url", "origin", hintedUrl(stderr)], { folder: "other" });
    expect(await sandbox.push({ folder: "other" })).toEqual(wentWell);
    for (const place of ["primary", "a", "b"]) expect([place, await sandbox.main(place)]).toEqual([place, id]);
    expect(await sandbox.json("storage", "promote", "nobody")).toMatchObject({ code: "NOT_FOUND" });
  });

  test("takes over from a primary that is gone; when that comes back it takes no push, and becomes a mirror", async () => {
    await sandbox.begin({ a: "strict", b: "strict", c: "lagging" });
    await clone("primary", "other");
    const id = await commit(sandbox, "work", "second", { large: randomBytes(1_200_000) });
    expect(await sandbox.push()).toEqual(wentWell);
    sandbox.away("primary");
    expect((await sandbox.tryTrunks("storage", "promote", "a")).status).toBe(1);

    // A machine that has nothing but a mirror's URL.
    const cloned = await ending(sandbox, ["clone", "-q", sandbox.placeUrl("a"), "fresh"]);
    expect(cloned).toEqual({
      status: 0,
      messages: expect.stringMatching(/^warning: this is a, a strict mirror of this trunk; its primary is primary/),
    });
    expect(await sandbox.git(["rev-parse", "HEAD"], { folder: "fresh" })).toBe(id);
    const inFresh = (...args: string[]) => trunks(sandbox, args, { folder: "fresh" });
    expect(await inFresh("storage", "promote", "c", "--gone", "b")).toMatchObject({ status: 1 });
    expect(await inFresh("storage", "promote", "a", "--gone", "primary")).toMatchObject({
      status: 0,
      stdout: "a is the primary now\n",
    });
    await commit(sandbox, "fresh", "third");
    expect(await sandbox.push({ folder: "fresh" })).toEqual(wentWell);

    sandbox.back("primary");
    await sandbox.git(["pull", "-q"], { folder: "other" });
    await commit(sandbox, "other", "lost");
    const before = sandbox.content("primary");
    const refused = await sandbox.push({ folder: "other" });
    expect(refused.status).not.toBe(0);
    expect(refused.messages).toMatch(/^fatal: the mirror a \(.*\): a was made the primary since: local:\/\//);
    expect(sandbox.content("primary")).toEqual(before);

    // Who clones by the old URL is told by a mirror; who has read the new primary knows by itself, and needs no mirror.
    const late = await ending(sandbox, ["clone", "-q", sandbox.placeUrl("primary"), "late"]);
    const told = /^warning: this store was the primary, and lacks what was pushed since a is, local:\/\/.*\n$/;
    expect(late).toEqual({ status: 0, messages: expect.stringMatching(told) });
    await sandbox.git(["fetch", "-q", hintedUrl(late.messages), "main"], { folder: "other" });
    for (const place of ["a", "b"]) sandbox.away(place);
    const fetched = await ending(sandbox, ["fetch", "-q"], { folder: "other" });
    expect(fetched).toEqual({ status: 0, messages: expect.stringMatching(told) });
    const again = await sandbox.push({ folder: "other" });
    expect(again.status).not.toBe(0);
    expect(again.messages).toMatch(/^fatal: a was made the primary since: local:\/\//);
    expect(hintedUrl(again.messages)).toBe(hintedUrl(refused.messages));
    for (const place of ["a", "b"]) sandbox.back(place);
    expect(sandbox.content("primary")).toEqual(before);

    await sandbox.git(["remote", "set-url", "origin", hintedUrl(refused.messages)], { folder: "work" });
    expect(await sandbox.trunks("storage", "sync", "primary")).toBe("primary: strict, even\n");
    await sandbox.git(["pull", "-q"], { folder: "work" });
    const last = await commit(sandbox, "work", "fourth");
    expect(await sandbox.push()).toEqual(wentWell);
    for (const place of ["a", "b", "c", "primary"]) expect([place, await sandbox.main(place)]).toEqual([place, last]);
  });

  test("by two at the same time: one of them wins, and the other is told who", async () => {
    await sandbox.begin({ a: "strict", b: "strict" });
    await clone("a", "at-a");
    await clone("b", "at-b");
    sandbox.away("primary");
    const endings = await Promise.all(
      ["a", "b"].map((name) =>
        trunks(sandbox, ["storage", "promote", name, "--gone", "primary"], { folder: `at-${name}` }),
      ),
    );
    const winner = endings[0]?.status === 0 ? "a" : "b";
    const loser = winner === "a" ? "b" : "a";
    expect(endings.map(({ status }) => status).sort()).toEqual([0, 1]);
    expect(endings.find(({ status }) => status === 1)?.stderr).toContain(`trunks: ${winner} is the primary: local://`);
    for (const name of ["a", "b"]) {
      await sandbox.git(["fetch", "-q"], { folder: `at-${name}` });
      await commit(sandbox, `at-${name}`, `by-${name}`);
    }
    expect((await sandbox.push({ folder: `at-${loser}` })).messages).toContain(`the trunk's primary is ${winner}`);
    expect(await sandbox.push({ folder: `at-${winner}` })).toEqual(wentWell);
    expect(await sandbox.main("a")).toBe(await sandbox.main("b"));
  });

  test("of a lagging mirror alone is refused until its loss is accepted", async () => {
    await sandbox.begin({ c: "lagging" });
    sandbox.away("primary");
    const args = ["storage", "promote", "c", "--gone", "primary"];
    const { status, stderr } = await sandbox.tryTrunks(...args);
    expect([status, stderr]).toEqual([
      1,
      expect.stringMatching(/c is lagging: it may lack pushes.*\nhint: .*--accept-loss/),
    ]);
    expect(await sandbox.trunks(...args, "--accept-loss")).toBe("c is the primary now\n");
  });
});

describe("a fetch while the primary is away", () => {
  test("reads a strict mirror and says which; a push does not", async () => {
    await sandbox.begin({ a: "strict" });
    await clone("primary", "other");
    const id = await commit(sandbox, "work", "second", { large: randomBytes(1_200_000) });
    expect(await sandbox.push()).toEqual(wentWell);
    sandbox.away("primary");
    const fetched = await ending(sandbox, ["fetch", "-q"], { folder: "other" });
    expect(fetched).toEqual({
      status: 0,
      messages: expect.stringMatching(/^warning: .*; reading from its mirror a, local:\/\/.*\n$/),
    });
    expect(await sandbox.git(["rev-parse", "origin/main"], { folder: "other" })).toBe(id);
    await sandbox.git(["fsck", "--full", "--strict", "--no-dangling"], { folder: "other" });
    await sandbox.git(["merge", "-q", "--ff-only", "origin/main"], { folder: "other" });
    await commit(sandbox, "other", "third");
    const before = sandbox.content("a");
    expect((await sandbox.push({ folder: "other" })).status).not.toBe(0);
    expect(sandbox.content("a")).toEqual(before);
  });

  test("reads none that is behind what the clone has, and no lagging one; what it hints at does", async () => {
    await sandbox.begin({ a: "strict", c: "lagging" });
    sandbox.keep("stores");
    const id = await commit(sandbox, "work", "second");
    expect(await sandbox.push()).toEqual(wentWell);
    await clone("primary", "other");
    // `a` loses what it had of the last push.
    const newest = [...sandbox.content("a").keys()].find((key) => key.includes("/journal/")) ?? "";
    sandbox.discard(`stores/a/${newest}`);
    sandbox.away("primary");
    const { status, messages } = await ending(sandbox, ["fetch", "-q"], { folder: "other" });
    expect(status).not.toBe(0);
    expect(messages).toContain("a is behind what this clone knows; c is lagging: it may lack pushes");
    const hinted = [...messages.matchAll(/git fetch (trunks::\S+c\/trunks\/app\.trunk)/g)].map(
      ([, url]) => url as string,
    );
    expect(hinted).toHaveLength(1);
    await sandbox.git(["fetch", "-q", hinted[0] as string, "main"], { folder: "other" });
    expect(await sandbox.git(["rev-parse", "FETCH_HEAD"], { folder: "other" })).toBe(id);
  });
});
