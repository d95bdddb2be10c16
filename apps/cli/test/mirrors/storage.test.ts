import { randomBytes } from "node:crypto";
import { afterEach, describe, expect, test } from "vitest";
import { ending } from "../support/ending.ts";
import { MirroredSandbox } from "../support/mirrored-sandbox.ts";
import { commit } from "../support/repository.ts";
import { trunksText } from "../support/trunks.ts";

const wentWell = { status: 0, messages: "" };

let sandbox: MirroredSandbox;
afterEach(() => sandbox.remove());

describe("a mirror that dies when the primary has the record", () => {
  const dies = {
    operation: "create",
    key: "journal/",
    times: 100,
    fault: { kind: "fail", when: "before" },
    error: { code: "UNAVAILABLE", message: "it died", retryable: false },
  } as const;

  test.each(["the next push, of nothing", "`storage sync`"])(
    "fails the push, which is in the trunk; %s repairs it",
    async (repair) => {
      sandbox = new MirroredSandbox("faulty");
      await sandbox.begin({ a: "strict", b: "strict" });
      const id = await commit(sandbox, "work", "second", { large: randomBytes(1_200_000) });
      sandbox.plan([dies], "a");
      const { status, messages } = await ending(sandbox, ["push", "--porcelain"], { folder: "work" });
      expect(status).not.toBe(0);
      expect(messages).toMatch(
        /^error: the push is in the trunk, but did not reach its mirror a \(faulty:\S+\): it died\nhint: .*`trunks storage sync a`/m,
      );
      expect(messages).not.toContain("failed to push");
      expect(await sandbox.git(["rev-parse", "origin/main"], { folder: "work" })).toBe(id);
      expect([await sandbox.tip("primary"), await sandbox.tip("b")]).toEqual([id, id]);
      expect(await sandbox.tip("a")).not.toBe(id);
      expect(await sandbox.mirrors()).toMatchObject({ a: { behind: 1 }, b: { behind: 0 } });
      sandbox.plan([], "a");
      if (repair === "`storage sync`") {
        expect(await sandbox.trunks("storage", "sync")).toBe("a: strict, even\nb: strict, even\n");
      } else expect(await sandbox.push()).toEqual(wentWell);
      expect(await sandbox.main("a")).toBe(id);
    },
  );
});

describe("storage add, update and remove of mirrors", () => {
  test("a storage becomes a mirror by `update`, strict or lagging, and says so truly", async () => {
    sandbox = new MirroredSandbox();
    await sandbox.begin({});
    for (const mode of ["strict", "lagging"]) {
      await sandbox.trunks("storage", "add", mode, "--url", sandbox.rootUrl(mode));
      expect(await sandbox.trunks("storage", "update", mode, `--mirror=${mode}`)).toBe(
        `updated ${mode}: it is a ${mode} mirror now\n`,
      );
      expect(await sandbox.mirrors()).toMatchObject({ [mode]: { mode, behind: 0 } });
    }
  });

  test("a lagging one that was added before the trunk is lagging later", async () => {
    sandbox = new MirroredSandbox();
    await sandbox.git(["init", "-q", "app"]);
    const trunks = (...args: string[]) => trunksText(sandbox, args, { folder: "app" });
    const said = await trunks("storage", "add", "c", "--url", sandbox.rootUrl("c"), "--mirror=lagging");
    await trunks("storage", "update", "c", "--unset", "mirror");
    expect(await trunks("storage", "list")).not.toContain("mirror");
    const [, hint = ""] = /`trunks (storage [^`]*)`/.exec(said) ?? [];
    expect(hint).not.toBe("");
    await trunks("init", "--url", sandbox.rootUrl("primary"));
    await commit(sandbox, "app", "first");
    expect(await ending(sandbox, ["push", "-q", "-u", "origin", "main"], { folder: "app" })).toEqual(wentWell);
    await trunks(...hint.split(" "));
    expect(await trunks("storage", "show", "c")).toMatch(/^mirror +lagging, even$/m);
  });

  test("one that is added again, by another clone, changes nothing in the trunk", async () => {
    sandbox = new MirroredSandbox();
    await sandbox.begin({ a: "strict" });
    const before = sandbox.content("primary");
    await sandbox.trunks("storage", "remove", "a", "--only-here");
    await sandbox.trunks("storage", "add", "a", "--url", sandbox.rootUrl("a"), "--mirror");
    expect(sandbox.content("primary")).toEqual(before);
  });

  test("a mirror that is taken out keeps what it has, says so, and holds nobody up", async () => {
    sandbox = new MirroredSandbox();
    await sandbox.begin({ a: "strict", b: "strict" });
    const id = await commit(sandbox, "work", "second");
    expect(await sandbox.push()).toEqual(wentWell);
    expect(await sandbox.trunks("storage", "remove", "a")).toMatch(
      /^removed a: it is no mirror of the trunk any more; the copy in local:\/\/\S+\/stores\/a\/trunks\/app\.trunk stays there\n$/,
    );
    sandbox.away("b");
    const removed = await sandbox.tryTrunks("storage", "remove", "b");
    expect(removed.status).toBe(0);
    expect(removed.stderr).toMatch(/^hint: b could not be told: .*so it still takes itself for a mirror/);
    const last = await commit(sandbox, "work", "third");
    expect(await sandbox.push()).toEqual(wentWell);
    sandbox.back("b");
    expect([await sandbox.tip("primary"), await sandbox.tip("a"), await sandbox.tip("b")]).toEqual([last, id, id]);
    expect(await sandbox.mirrors()).toEqual({});
    const cloned = await ending(sandbox, ["clone", "-q", sandbox.placeUrl("a"), "of-a"]);
    expect(cloned.messages).toContain("which was a mirror of this trunk once and is not brought up any more");
  });

  test("a mode is changed without the store, and a strict one is brought up before it counts", async () => {
    sandbox = new MirroredSandbox();
    await sandbox.begin({ a: "strict" });
    sandbox.away("a");
    expect(await sandbox.trunks("storage", "update", "a", "--mirror=lagging")).toBe(
      "updated a: it is a lagging mirror now\n",
    );
    const id = await commit(sandbox, "work", "second", { large: randomBytes(1_200_000) });
    expect((await sandbox.push()).status).toBe(0);
    expect((await sandbox.tryTrunks("storage", "update", "a", "--mirror=strict")).status).toBe(1);
    sandbox.back("a");
    await sandbox.trunks("storage", "update", "a", "--mirror=strict");
    expect(await sandbox.main("a")).toBe(id);
    expect(await sandbox.mirrors()).toMatchObject({ a: { mode: "strict", behind: 0 } });
  });
});

describe("storage sync", () => {
  test("reads what lies in a mirror before it counts on it, and replaces what is damaged", async () => {
    sandbox = new MirroredSandbox();
    await sandbox.begin({ a: "strict" });
    for (const message of ["second", "third"]) {
      await commit(sandbox, "work", message, { large: randomBytes(1_200_000) });
      expect(await sandbox.push()).toEqual(wentWell);
    }
    const id = await sandbox.git(["rev-parse", "main"], { folder: "work" });
    // Copied by hand, and badly: one pack was cut, in another a byte is wrong.
    sandbox.rootUrl("b");
    sandbox.copy("stores/primary/trunks", "stores/b/trunks");
    const packs = [...sandbox.content("b").keys()].filter((key) => key.endsWith(".pack"));
    expect(packs).toHaveLength(2);
    const [cut = "", flipped = ""] = packs.map((key) => `stores/b/${key}`);
    sandbox.overwrite(cut, (bytes) => bytes.subarray(0, 1000));
    sandbox.overwrite(flipped, (bytes) => bytes.fill(0, 500_000, 500_001));
    sandbox.discard("stores/b/trunks/app.trunk/place");
    await sandbox.trunks("storage", "add", "b", "--url", sandbox.rootUrl("b"), "--mirror");
    expect([...sandbox.content("b")].filter(([key]) => key.endsWith(".pack"))).toEqual(
      [...sandbox.content("primary")].filter(([key]) => key.endsWith(".pack")),
    );
    expect(await sandbox.main("b")).toBe(id);
  });
});
