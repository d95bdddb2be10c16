import { execFileSync } from "node:child_process";
import { mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { copyIndex, writeIndex } from "../src/index.ts";

const second = 1_700_000_000;
let folder: string;
let index: string;

const git = (...args: string[]) => execFileSync("git", args, { cwd: folder, encoding: "utf8" });

/** A file of one size and of one time, which are all that git knows of it. */
function write(content: "one" | "two"): void {
  writeFileSync(join(folder, "file"), content);
  utimesSync(join(folder, "file"), second, second);
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "trunks-index-"));
  index = join(folder, ".git", "index");
  git("init", "-q");
  git("config", "core.trustctime", "false");
  write("one");
  git("add", "file");
});
afterEach(() => rm(folder, { recursive: true }));

test("a copy knows as much as the index of what changed within the second in which it was staged", async () => {
  utimesSync(index, second, second);
  write("two");
  expect(git("diff-files", "--name-only")).toBe("file\n");
  await copyIndex(index, `${index}.copy`);
  renameSync(`${index}.copy`, index);
  expect(git("diff-files", "--name-only")).toBe("file\n");
});

test("a file that changes while git writes an index is found changed", async () => {
  rmSync(index);
  const now = Math.floor(Date.now() / 1000) + 3600;
  const answer = await writeIndex(index, async () => {
    writeFileSync(join(folder, "file"), "one");
    utimesSync(join(folder, "file"), now, now);
    git("add", "file");
    writeFileSync(join(folder, "file"), "two");
    utimesSync(join(folder, "file"), now, now);
    utimesSync(index, now + 5, now + 5);
    return "answer";
  });
  expect(answer).toBe("answer");
  expect(git("diff-files", "--name-only")).toBe("file\n");
});

test("an index that git did not make is not missed, and one that cannot be written is told of", async () => {
  rmSync(index);
  expect(await writeIndex(index, async () => 1)).toBe(1);
  await expect(writeIndex(join(folder, "none", "index"), async () => 1)).rejects.toMatchObject({
    code: "PERMISSION_DENIED",
    message: expect.stringContaining("ENOENT"),
  });
});
