import { randomBytes } from "node:crypto";
import { appendFileSync, rmSync, statSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, type TestContext, test } from "vitest";
import { checkedClone } from "../support/clone.ts";
import { ending } from "../support/ending.ts";
import { commit, makeTrunk } from "../support/repository.ts";
import { Sandbox } from "../support/sandbox.ts";
import { mountSmallDisk } from "../support/small-disk.ts";

const mebibyte = 2 ** 20;

let sandbox: Sandbox;
let unmount = () => {};
beforeEach(() => {
  sandbox = new Sandbox();
});
afterEach(async () => {
  unmount();
  unmount = () => {};
  await sandbox.remove();
});

/** Mounts a small disk on a folder of the sandbox. Skips the test where that cannot be. */
function needDisk(context: TestContext, folder: string): void {
  const disk = mountSmallDisk(sandbox, folder, 24 * mebibyte);
  if ("reason" in disk) context.skip(disk.reason);
  else unmount = disk.unmount;
}

/** Fills a disk but for so many bytes; answers how to make room again. */
function fill(folder: string, leaveBytes = 0): () => void {
  const path = join(sandbox.path, folder, "filler");
  try {
    for (;;) appendFileSync(path, Buffer.alloc(65_536));
  } catch {
    truncateSync(path, statSync(path).size - leaveBytes);
  }
  return () => rmSync(path);
}

async function commitRandom(folder: string, size: number): Promise<string> {
  const name = randomBytes(4).toString("hex");
  sandbox.write(`${folder}/${name}`, randomBytes(size));
  await sandbox.git(["add", name], { folder });
  return commit(sandbox, folder, `with ${name}`);
}

function leftovers(folder: string): string[] {
  const names = ["objects/pack", "trunks/tmp"].flatMap((path) => sandbox.names(`${folder}/.git/${path}`));
  return names.filter((name) => !name.startsWith("pack-"));
}

const wentWell = { status: 0, messages: "" };
const noSpace =
  /^fatal: [^\n]*(no space (is )?left on|out of diskspace)[^\n]*\nhint: [^\n]*df -h[^\n]*\n(error: [^\n]*\n)?$/i;

describe("the clone's disk is full", () => {
  test.each([
    ["a pack that is installed as it is", 4 * mebibyte, 2 * mebibyte],
    ["small packs, which git unpacks", 900_000, 500_000],
    ["small packs, and no byte is free", 900_000, 0],
  ])("when a fetch brings %s", async (_, size, leaveBytes) => {
    await makeTrunk(sandbox);
    await sandbox.git(["clone", "-q", sandbox.trunkUrl(), "disk/clone"]);
    const id = await commitRandom("work", size);
    await sandbox.git(["push", "-q", "origin", "main"], { folder: "work" });
    const makeRoom = fill("disk", leaveBytes);
    const { status, messages } = await ending(sandbox, ["fetch", "-q"], { folder: "disk/clone" });
    expect([status, messages]).toEqual([128, expect.stringMatching(noSpace)]);
    expect(leftovers("disk/clone")).toEqual([]);
    makeRoom();
    expect(await ending(sandbox, ["fetch", "-q"], { folder: "disk/clone" })).toEqual(wentWell);
    expect(await sandbox.git(["rev-parse", "origin/main"], { folder: "disk/clone" })).toBe(id);
    await sandbox.git(["fsck", "--full", "--strict"], { folder: "disk/clone" });
  });

  test("when a clone is made", async () => {
    await makeTrunk(sandbox);
    await commitRandom("work", 4 * mebibyte);
    await sandbox.git(["push", "-q", "origin", "main"], { folder: "work" });
    const makeRoom = fill("disk", 2 * mebibyte);
    const clone = ["clone", "-q", sandbox.trunkUrl(), "disk/clone"];
    const { status, messages } = await ending(sandbox, clone);
    expect([status, messages]).toEqual([128, expect.stringMatching(noSpace)]);
    expect(sandbox.names("disk")).toEqual(["filler"]);
    makeRoom();
    expect(await ending(sandbox, clone)).toEqual(wentWell);
  });

  test.each([
    ["from nothing", "new", 2 * mebibyte],
    ["that builds on others", "app", 2 * mebibyte],
    ["that builds on others, and no byte is free", "app", 0],
  ])("when a large push is packed, %s", async (_, name, leaveBytes) => {
    await makeTrunk(sandbox);
    await sandbox.git(["clone", "-q", sandbox.trunkUrl(), "disk/clone"]);
    const id = await commitRandom("disk/clone", 4 * mebibyte);
    const files = sandbox.names("store/trunks/app.trunk/objects");
    const makeRoom = fill("disk", leaveBytes);
    const push = ["push", "-q", sandbox.trunkUrl(name), "main"];
    const { status, messages } = await ending(sandbox, push, { folder: "disk/clone" });
    expect([status, messages]).toEqual([expect.toBeOneOf([1, 128]), expect.stringMatching(noSpace)]);
    // What git itself gave up lies there until its own housekeeping.
    await sandbox.git(["prune", "--expire=now"], { folder: "disk/clone" });
    expect(leftovers("disk/clone")).toEqual([]);
    expect(sandbox.names("store/trunks/app.trunk/objects")).toEqual(files);
    makeRoom();
    expect(await ending(sandbox, push, { folder: "disk/clone" })).toEqual({ status: 0, messages: expect.any(String) });
    expect((await checkedClone(sandbox, sandbox.trunkUrl(name))).refs).toEqual([`${id} refs/heads/main`]);
  });

  test("when a small push is made: it needs no room, and goes through", async () => {
    await makeTrunk(sandbox);
    await sandbox.git(["clone", "-q", sandbox.trunkUrl(), "disk/clone"]);
    const id = await commit(sandbox, "disk/clone", "second");
    fill("disk");
    const { status } = await ending(sandbox, ["push", "-q", sandbox.trunkUrl(), "main"], { folder: "disk/clone" });
    expect(status).toBe(0);
    expect((await checkedClone(sandbox)).refs).toEqual([`${id} refs/heads/main`]);
  });

  beforeEach((context) => needDisk(context, "disk"));
});

describe("the store's disk is full", () => {
  beforeEach((context) => needDisk(context, "store"));

  test.each([
    ["a small push", 1000],
    ["a large push", 4 * mebibyte],
  ])("%s says so and leaves nothing, and goes through when there is room", async (_, size) => {
    const before = await makeTrunk(sandbox);
    const id = await commitRandom("work", size);
    const makeRoom = fill("store");
    const files = sandbox.names("store/trunks/app.trunk/objects");
    const push = ["push", "-q", "origin", "main"];
    const { status, messages } = await ending(sandbox, push, { folder: "work" });
    expect([status, messages]).toEqual([expect.toBeOneOf([1, 128]), expect.stringMatching(noSpace)]);
    expect(sandbox.names("store/trunks/app.trunk/objects")).toEqual(files);
    expect(sandbox.names("store/.trunks-tmp")).toEqual([]);
    expect((await checkedClone(sandbox)).refs).toEqual([`${before} refs/heads/main`]);
    makeRoom();
    expect(await ending(sandbox, push, { folder: "work" })).toEqual(wentWell);
    expect((await checkedClone(sandbox)).refs).toEqual([`${id} refs/heads/main`]);
  });
});
