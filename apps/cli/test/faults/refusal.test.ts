import { chmodSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { checkedClone } from "../support/clone.ts";
import { ending } from "../support/ending.ts";
import { FaultySandbox } from "../support/faulty-sandbox.ts";
import { putTogether, takeApart } from "../support/headed-file.ts";
import { manyCommits, pushOneByOne } from "../support/many-pushes.ts";
import { gitAsNobody, nobodyIsMissing } from "../support/nobody.ts";
import { commit, makeRepository, makeTrunk } from "../support/repository.ts";
import { mountSmallDisk } from "../support/small-disk.ts";

let sandbox: FaultySandbox;
beforeEach(() => {
  sandbox = new FaultySandbox();
});
afterEach(() => sandbox.remove());

/** One line that says what is wrong, and one that says what to do. */
function said(what: RegExp, hint: RegExp): unknown {
  return expect.stringMatching(
    new RegExp(`^fatal: ${what.source}\nhint: ${hint.source}\n(error: failed to push [^\n]*\n)?$`),
  );
}

describe("something is not there", () => {
  test("no trunk: a clone says that a push makes one", async () => {
    expect(await ending(sandbox, ["clone", "-q", sandbox.trunkUrl(), "clone"])).toEqual({
      status: 128,
      messages: said(/there is no trunk here[^\n]*/, /the first `git push` makes one[^\n]*/),
    });
    expect(sandbox.exists("clone")).toBe(false);
  });

  test("no folder: a clone and a push say so, and neither makes it", async () => {
    await makeRepository(sandbox, "work");
    const url = `trunks::local://${sandbox.path}/nowhere/app`;
    for (const args of [
      ["clone", "-q", url, "clone"],
      ["push", "-q", url, "main"],
    ]) {
      expect(await ending(sandbox, args, { folder: "work" })).toEqual({
        status: 128,
        messages: said(/[^\n]*\/nowhere[^\n]*/, /[^\n]*/),
      });
    }
    expect(sandbox.exists("nowhere")).toBe(false);
  });

  test("no package for the URL's scheme", async () => {
    expect(await ending(sandbox, ["clone", "-q", "trunks::nosuch://host/app", "clone"])).toEqual({
      status: 128,
      messages: said(/nosuch:\/\/ needs the package [^\n]*/, /run `trunks backend add nosuch`[^\n]*/),
    });
  });

  test("no git on the path", async () => {
    await makeTrunk(sandbox);
    const folder = "work";
    const environment = { PATH: "/nowhere", GIT_DIR: ".git" };
    const helper = join(sandbox.path, "bin", "git-remote-trunks");
    const input = "list for-push\npush refs/heads/main:refs/heads/other\n\n";
    const { status, stderr } = await sandbox.run(helper, ["origin", sandbox.trunkUrl()], {
      folder,
      environment,
      input,
    });
    expect([status, stderr.toString()]).toEqual([
      128,
      said(/git was not found/, /install git [0-9.]+ or newer and put it on the PATH/),
    ]);
  });
});

describe("something is newer than this version", () => {
  const newer = {
    "trunk.json: version": (text: string) => text.replace('"format":1', '"format":2'),
    "trunk.json: feature": (text: string) => text.replace('"requires":[]', '"requires":["chunks"]'),
    version: (text: string) => text.replace(/^(trunks [a-z]+) 1\n/, "$1 2\n"),
    feature(text: string) {
      const file = takeApart(text);
      const at = file.lines.findIndex((line) => /^(previous|record) /.test(line)) + 1;
      return putTogether({ ...file, lines: file.lines.toSpliced(at, 0, "require chunks") });
    },
  };
  const version = /[^\n]* has format version 2; this version of Trunks reads up to 1/;
  const feature = /[^\n]* requires the feature "chunks", which this version of Trunks does not know/;

  async function refusesAll(folder: string, what: RegExp): Promise<void> {
    const files = sandbox.files("store");
    for (const args of [
      ["clone", "-q", sandbox.trunkUrl(), "clone"],
      ["fetch", "-q", sandbox.trunkUrl()],
      ["push", "-q", sandbox.trunkUrl(), "HEAD:refs/heads/new"],
    ]) {
      const expected = { status: 128, messages: said(what, /update Trunks/) };
      expect([args[0], await ending(sandbox, args, { folder })]).toEqual([args[0], expected]);
    }
    expect(sandbox.files("store")).toEqual(files);
  }

  function change(path: string, how: (text: string) => string): void {
    const text = sandbox.read(path);
    const changed = how(text);
    expect(changed).not.toBe(text);
    sandbox.write(path, Buffer.from(changed, "latin1"));
  }

  test.each([
    ["version", newer["trunk.json: version"], version],
    ["feature", newer["trunk.json: feature"], feature],
  ])("trunk.json of a trunk without a push: %s", async (_, how, what) => {
    await makeRepository(sandbox, "work");
    sandbox.plan([{ operation: "create", key: "/journal/", fault: { kind: "crash", when: "before" } }]);
    await ending(sandbox, ["push", "-q", sandbox.faultyUrl(), "main"], { folder: "work" });
    change("store/trunks/app.trunk/trunk.json", how);
    await refusesAll("work", what);
  });

  test.each([
    ["version", newer.version, version],
    ["feature", newer.feature, feature],
  ])("a record: %s", async (_, how, what) => {
    await makeTrunk(sandbox);
    await makeRepository(sandbox, "stranger");
    change("store/trunks/app.trunk/journal/999999999999999", how);
    await refusesAll("stranger", what);
  });

  test.each([
    ["version", newer.version, version],
    ["feature", newer.feature, feature],
  ])("a record that comes when the trunk is known: %s", async (_, how, what) => {
    await makeTrunk(sandbox);
    await sandbox.git(["clone", "-q", sandbox.trunkUrl(), "clone"]);
    await commit(sandbox, "work", "second");
    await sandbox.git(["push", "-q", "origin", "main"], { folder: "work" });
    change("store/trunks/app.trunk/journal/999999999999998", how);
    await refusesAll("clone", what);
  });

  test.each([
    ["version", newer.version, version],
    ["feature", newer.feature, feature],
  ])("a snapshot: %s", async (_, how, what) => {
    await makeTrunk(sandbox);
    await pushOneByOne(sandbox, "work", sandbox.trunkUrl(), await manyCommits(sandbox, "work", 63));
    await makeRepository(sandbox, "stranger");
    change(sandbox.files("store/trunks/app.trunk/refs")[0] as string, how);
    await refusesAll("stranger", what);
  });
});

describe("rights are missing", () => {
  test("a folder in which this user may only read: a fetch works, a push says who may write", async (context) => {
    const reason = nobodyIsMissing();
    if (reason !== undefined) return context.skip(reason);
    const id = await makeTrunk(sandbox);
    await commit(sandbox, "work", "second");
    if (process.getuid?.() !== 0) {
      for (const path of ["store", "store/trunks/app.trunk/journal"]) chmodSync(join(sandbox.path, path), 0o555);
    }
    const push = await gitAsNobody(sandbox, "work", ["push", "-q", "origin", "main"]);
    expect([push.status, push.stderr.toString()]).toEqual([
      1,
      said(/cannot create [^\n]*: this user may not/, /see who may: ls -ld the folder[^\n]*/),
    ]);
    expect((await gitAsNobody(sandbox, "work", ["fetch", "-q", "origin"])).stderr.toString()).toBe("");
    chmodSync(join(sandbox.path, "store"), 0o755);
    chmodSync(join(sandbox.path, "store/trunks/app.trunk/journal"), 0o755);
    expect((await checkedClone(sandbox)).refs).toEqual([`${id} refs/heads/main`]);
  });

  test("a folder that this user may not read is not taken for an empty one", async (context) => {
    const reason = nobodyIsMissing();
    if (reason !== undefined) return context.skip(reason);
    await makeTrunk(sandbox);
    await makeRepository(sandbox, "stranger");
    chmodSync(join(sandbox.path, "store/trunks"), process.getuid?.() === 0 ? 0o700 : 0);
    for (const args of [
      ["fetch", "-q", sandbox.trunkUrl()],
      ["push", "-q", sandbox.trunkUrl(), "main"],
    ]) {
      const { status, stderr } = await gitAsNobody(sandbox, "stranger", args);
      expect([args[0], status, stderr.toString()]).toEqual([
        args[0],
        128,
        said(/cannot (list|read) [^\n]*: this user may not/, /see who may[^\n]*/),
      ]);
    }
    chmodSync(join(sandbox.path, "store/trunks"), 0o755);
  });

  test("a disk that is mounted read-only", async (context) => {
    const disk = mountSmallDisk(sandbox, "store", 8 * 2 ** 20);
    if ("reason" in disk) return context.skip(disk.reason);
    try {
      await makeTrunk(sandbox);
      await commit(sandbox, "work", "second");
      disk.makeReadOnly();
      expect(await ending(sandbox, ["push", "-q", "origin", "main"], { folder: "work" })).toEqual({
        status: 1,
        messages: said(/cannot create [^\n]*: the file system is mounted read-only/, /mount it for writing[^\n]*/),
      });
      await sandbox.git(["clone", "-q", sandbox.trunkUrl(), "clone"]);
    } finally {
      disk.unmount();
    }
  });
});
