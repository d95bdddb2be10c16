import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync } from "node:fs";
import { afterEach, expect, it } from "vitest";
import { LocalBackend } from "../src/index.ts";
import { temporaryRoot } from "./root.ts";
import { withRights } from "./stranger.ts";

const body = new TextEncoder().encode("body");
const mebibyte = 2 ** 20;

/** A body of zeros that does not have to be kept. */
function zeros(size: number) {
  return {
    size,
    async *read(start: number, end: number) {
      for (let offset = start; offset < end; offset += mebibyte) yield new Uint8Array(Math.min(mebibyte, end - offset));
    },
  };
}

const mounted: string[] = [];
afterEach(() => {
  for (const path of mounted.splice(0)) execFileSync("/bin/umount", [path]);
});

/** A small disk of its own, or the reason why there is none. */
function smallDisk(sizeBytes: number): { root: string } | { reason: string } {
  const root = `${temporaryRoot()}/disk`;
  mkdirSync(root);
  try {
    execFileSync("/bin/mount", ["-t", "tmpfs", "-o", `size=${sizeBytes}`, "tmpfs", root], { stdio: "pipe" });
  } catch (error) {
    return {
      reason: `a small disk cannot be mounted here: ${String((error as Error).message)
        .split("\n")
        .at(-1)}`,
    };
  }
  mounted.push(root);
  return { root };
}

it("says that the disk is full, leaves nothing, and goes on with what fits", async (test) => {
  const disk = smallDisk(8 * mebibyte);
  if ("reason" in disk) return test.skip(disk.reason);
  const backend = new LocalBackend(disk);
  await backend.create("old", zeros(mebibyte));
  for (const write of [
    () => backend.create("a/key", zeros(16 * mebibyte)),
    () => backend.put("a/key", zeros(16 * mebibyte)),
    () => backend.put("old", new Uint8Array(16 * mebibyte)),
  ]) {
    await expect(write()).rejects.toMatchObject({
      code: "NO_SPACE",
      message: expect.stringContaining(disk.root),
      hint: expect.stringContaining("df"),
    });
    expect((await backend.list("")).keys.map(({ key, size }) => [key, size])).toEqual([["old", mebibyte]]);
    expect(readdirSync(`${disk.root}/.trunks-tmp`)).toEqual([]);
  }
  expect(await backend.create("a/key", zeros(4 * mebibyte))).toBe(true);
});

it("reads from a disk that is mounted read-only, and says why it cannot write", async (test) => {
  const disk = smallDisk(8 * mebibyte);
  if ("reason" in disk) return test.skip(disk.reason);
  const backend = new LocalBackend(disk);
  await backend.create("a/key", body);
  execFileSync("/bin/mount", ["-o", "remount,ro", disk.root]);
  for (const write of [
    () => backend.create("a/new", body),
    () => backend.put("a/key", body),
    () => backend.delete(["a/key"]),
  ]) {
    await expect(write()).rejects.toMatchObject({
      code: "PERMISSION_DENIED",
      message: expect.stringContaining("read-only"),
    });
  }
  expect(await backend.create("a/key", body)).toBe(false);
  expect((await backend.get("a/key"))?.size).toBe(4);
  expect((await backend.list("a/")).keys).toHaveLength(1);
});

it("reads a folder in which this user may not write, and says so when it should", async () => {
  const root = temporaryRoot();
  const backend = new LocalBackend({ root });
  await backend.create("key", body);
  chmodSync(`${root}/key`, 0o644);
  await withRights("read", root, async () => {
    const reader = new LocalBackend({ root });
    expect((await reader.get("key"))?.size).toBe(4);
    expect(await reader.get("absent")).toBeUndefined();
    expect((await reader.list("")).keys).toHaveLength(1);
    for (const write of [
      () => reader.create("new", body),
      () => reader.put("key", body),
      () => reader.delete(["key"]),
    ]) {
      await expect(write()).rejects.toMatchObject({
        code: "PERMISSION_DENIED",
        message: expect.stringContaining(`${root}/`),
        hint: expect.stringContaining("ls -ld"),
      });
    }
  });
  expect((await backend.get("key"))?.size).toBe(4);
});
