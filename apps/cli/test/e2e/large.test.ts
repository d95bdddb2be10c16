import { chmodSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { noise } from "../support/noise.ts";
import { commit, makeRepository } from "../support/repository.ts";
import { Sandbox } from "../support/sandbox.ts";
import { trunks, trunksJson } from "../support/trunks.ts";

const mebibyte = 2 ** 20;
const blobSize = 6 * mebibyte;
const timeoutMs = 120_000;

let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = new Sandbox();
  await makeRepository(sandbox, "work");
  await git("config", "trunks.chunkThreshold", "2m");
  await commit(sandbox, "work", "large", { large: noise(blobSize) });
});
afterEach(() => sandbox.remove());

const git = (...args: string[]) => sandbox.git(args, { folder: "work" });
const push = (...args: string[]) => git("push", "-q", sandbox.trunkUrl(), ...args);
const store = "store/trunks/app.trunk";
/** The packs of chunks in the store. */
const containers = () => sandbox.names(`${store}/chunks`).filter((name) => name.endsWith(".pack"));
const path = (...parts: string[]) => join(sandbox.path, ...parts);

/** All bytes of a trunk in the store. */
function storedSize(): number {
  const folders = ["chunks", "journal", "objects", "refs", "intents"];
  const files = folders.flatMap((folder) =>
    sandbox.names(`${store}/${folder}`).map((name) => path(store, folder, name)),
  );
  return files.reduce((sum, file) => sum + statSync(file).size, 0);
}

/** Writes the file anew with so many bytes of its middle changed. */
async function change(size: number, seed: number): Promise<void> {
  const bytes = readFileSync(path("work", "large"));
  bytes.set(noise(size, seed), blobSize / 2);
  await commit(sandbox, "work", "changed", { large: bytes });
}

describe("a file above the threshold", () => {
  test(
    "comes out of a clone as an ordinary blob, and only what is new of it is uploaded",
    async () => {
      await push("main");
      expect(containers()).toHaveLength(1);
      expect(sandbox.names(`${store}/objects`)).toEqual([]);
      const before = storedSize();
      await change(1_500_000, 7);
      await push("main");
      expect(storedSize() - before).toBeLessThan(2_100_000);
      await git("checkout", "-q", "--orphan", "other");
      await commit(sandbox, "work", "the same file without a history");
      const second = storedSize();
      await push("other");
      expect(storedSize() - second).toBeLessThan(10_000);
      await checkClone();
    },
    timeoutMs,
  );

  test(
    "is fetched, unless it is here, and checked in every way",
    async () => {
      await push("main^:refs/heads/main");
      await sandbox.git(["clone", "-q", sandbox.trunkUrl(), "clone"]);
      await push("main");
      const objects = () => sandbox.names("work/.git/objects/pack").length;
      const before = objects();
      await git("fetch", "-q", sandbox.trunkUrl(), "main");
      expect(objects()).toBe(before);
      await sandbox.git(["pull", "-q"], { folder: "clone" });
      await checkClone("clone");
      for (const verify of ["connectivity", "full"]) {
        const settings = ["-c", `trunks.verify=${verify}`, "clone", "-q", sandbox.trunkUrl(), verify];
        await sandbox.git(settings);
        await checkClone(verify);
      }
    },
    timeoutMs,
  );

  test(
    "is no base of a delta, so that every pack can be read without it",
    async () => {
      await push("main");
      await git("gc", "-q");
      await change(1000, 5);
      await git("gc", "-q");
      await push("main");
      const packs = sandbox.names(`${store}/objects`).filter((name) => name.endsWith(".pack"));
      for (const name of packs) await git("index-pack", path(store, "objects", name), "-o", path("checked.idx"));
      await checkClone();
    },
    timeoutMs,
  );

  test(
    "comes into shallow and partial clones when it is asked for",
    async () => {
      await push("main");
      const clone = (name: string, ...options: string[]) =>
        sandbox.git(["clone", "-q", "--no-checkout", ...options, sandbox.trunkUrl(), name]);
      const large = await git("rev-parse", "main:large");
      const here = async (folder: string) => {
        const missing = await sandbox.git(["rev-list", "--objects", "--all", "--missing=print"], { folder });
        return !missing.includes(`?${large}`);
      };
      await clone("shallow", "--depth=1");
      await checkClone("shallow");
      for (const filter of ["blob:none", "blob:limit=2m", "tree:0"]) await clone(filter, `--filter=${filter}`);
      await clone("within", "--filter=blob:limit=7m");
      expect(await here("within")).toBe(true);
      for (const filter of ["blob:none", "blob:limit=2m"]) expect(await here(filter)).toBe(false);
      for (const folder of ["within", "blob:none", "blob:limit=2m", "tree:0"]) {
        await sandbox.git(["checkout", "-q", "main"], { folder });
        expect(readFileSync(path(folder, "large")).equals(readFileSync(path("work", "large")))).toBe(true);
      }
    },
    timeoutMs,
  );

  test.each(["flipped", "cut short", "missing"])(
    "whose container is %s is noticed",
    async (how) => {
      await push("main");
      const check = () =>
        trunksJson<{ ok: boolean; problems: { code: string; subject: string }[] }>(sandbox, [
          "check",
          "--remote",
          sandbox.trunkUrl().replace("trunks::", ""),
        ]);
      expect(await check()).toMatchObject({ ok: true, problems: [] });
      const file = path(store, "chunks", containers()[0] as string);
      chmodSync(file, 0o644);
      if (how === "missing") rmSync(file);
      else if (how === "cut short") truncateSync(file, 3_000_000);
      else {
        const bytes = readFileSync(file);
        for (let at = 1000; at < bytes.length; at += 50_000) bytes[at] = (bytes[at] as number) ^ 1;
        writeFileSync(file, bytes);
      }
      const { status, stderr } = await sandbox.tryGit(["clone", "-q", sandbox.trunkUrl(), "clone"]);
      expect(status).toBe(128);
      expect(stderr.toString()).toMatch(/chunks\/[0-9a-f]{32}\.pack is (damaged|missing)/);
      const { ok, problems } = await check();
      expect(ok).toBe(false);
      expect(problems.map(({ subject }) => subject)).toContainEqual(expect.stringMatching(/^(container |chunks\/)/));
    },
    timeoutMs,
  );

  test(
    "goes from the store when no ref needs it any more",
    async () => {
      await push("main", "main^:refs/heads/first");
      await push(":main").catch(() => {});
      await push("+main^:main");
      const clean = ["check", "--remote", "--clean", "--retention", "0", "--grace", "0", "--force"];
      for (let runs = 0; runs < 2; runs++) {
        const { status, stderr } = await trunks(sandbox, [...clean, sandbox.trunkUrl().replace("trunks::", "")]);
        expect([status, stderr]).toEqual([0, ""]);
      }
      expect(containers()).toEqual([]);
      await sandbox.git(["clone", "-q", sandbox.trunkUrl(), "clone"]);
    },
    timeoutMs,
  );
});

/** The clone has what the pusher has, as ordinary objects. */
async function checkClone(folder = "checked"): Promise<void> {
  if (!sandbox.exists(folder)) await sandbox.git(["clone", "-q", sandbox.trunkUrl(), folder]);
  await sandbox.git(["fsck", "--full", "--strict"], { folder });
  const large = await sandbox.git(["rev-parse", "main:large"], { folder });
  expect(large).toBe(await git("rev-parse", "main:large"));
  const content = await sandbox.tryGit(["cat-file", "blob", large], { folder });
  expect(content.stdout.equals((await sandbox.tryGit(["cat-file", "blob", large], { folder: "work" })).stdout)).toBe(
    true,
  );
}
