import { randomBytes } from "node:crypto";
import { appendFileSync, rmSync, statSync, truncateSync } from "node:fs";
import { join } from "node:path";
import type { Rollback } from "@trunks/sdk";
import { afterEach, beforeEach, expect, type TestContext, test } from "vitest";
import { commit, makeRepository } from "../support/repository.ts";
import { Sandbox } from "../support/sandbox.ts";
import { mountSmallDisk } from "../support/small-disk.ts";
import { trunksJson, trunksText } from "../support/trunks.ts";
import { worktreeFiles } from "../support/worktree-files.ts";

const mebibyte = 2 ** 20;
const folder = "disk/work";
const git = (...args: string[]) => sandbox.git(args, { folder });

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

/** A repository on a small disk, whose first commit has a large file. Skips the test where there can be no such disk. */
async function prepare(context: TestContext): Promise<void> {
  const disk = mountSmallDisk(sandbox, "disk", 32 * mebibyte);
  if ("reason" in disk) context.skip(disk.reason);
  else unmount = disk.unmount;
  await makeRepository(sandbox, folder);
  await commit(sandbox, folder, "large", { large: randomBytes(8 * mebibyte) });
  await git("rm", "-q", "large");
  await git("commit", "-q", "-m", "small");
}

/** Fills the disk but for so many bytes; answers how to make room again. */
function fill(leaveBytes: number): () => void {
  const path = join(sandbox.path, "disk", "filler");
  try {
    for (;;) appendFileSync(path, Buffer.alloc(65_536));
  } catch {
    truncateSync(path, statSync(path).size - leaveBytes);
  }
  return () => rmSync(path);
}

test("a rollback for which the disk has no room says where the work is, and runs again", async (context) => {
  await prepare(context);
  sandbox.write(`${folder}/README.md`, "dirty\n");
  sandbox.write(`${folder}/new`, "new\n");
  const empty = fill(2 * mebibyte);
  const failed = await trunksJson<{ hint: string }>(sandbox, ["rollback", "--to", "HEAD~1"], { folder });
  expect(failed).toMatchObject({
    object: "error",
    code: "NO_SPACE",
    hint: expect.stringContaining("what was here is saved"),
  });
  const [ref = ""] = /refs\/trunks\/saved\/\S+/.exec(failed.hint) ?? [];
  expect(await git("show", `${ref}:README.md`, `${ref}:new`)).toBe("dirty\nnew");
  expect(await git("log", "-1", "--format=%s")).toBe("small");
  expect(sandbox.names(`${folder}/.git/trunks/index`)).toEqual([]);
  empty();
  expect(await trunksJson<Rollback>(sandbox, ["rollback", "--to", "HEAD~1"], { folder })).toMatchObject({
    checkpoint: { message: expect.stringContaining("Rollback to") },
  });
  expect(Object.keys(worktreeFiles(`${sandbox.path}/${folder}`))).toEqual(["README.md", "large", "src/main.c"]);
  expect(await git("status", "--porcelain")).toBe("");
});

test("a checkpoint and a rollback whose work cannot be saved change nothing", async (context) => {
  await prepare(context);
  sandbox.write(`${folder}/new`, randomBytes(4 * mebibyte));
  const empty = fill(mebibyte);
  for (const args of [
    ["checkpoint", "-m", "x"],
    ["rollback", "--to", "HEAD~1"],
  ]) {
    expect(await trunksJson(sandbox, args, { folder })).toMatchObject({ object: "error", code: "NO_SPACE" });
    expect(await git("status", "--porcelain")).toBe("?? new");
    expect(await git("log", "-1", "--format=%s")).toBe("small");
  }
  empty();
  await trunksText(sandbox, ["checkpoint", "-m", "x"], { folder });
  expect(await git("status", "--porcelain")).toBe("");
});
