import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { LocalRepository } from "../../src/helper/local-repository.ts";
import { makeOutgoingPack, type OutgoingPack } from "../../src/helper/outgoing-pack.ts";
import { commit, makeRepository } from "../support/repository.ts";
import { Sandbox } from "../support/sandbox.ts";

let sandbox: Sandbox;
beforeAll(() => {
  sandbox = new Sandbox();
  for (const [name, value] of Object.entries(sandbox.environment)) vi.stubEnv(name, value);
});
afterEach(() => vi.stubEnv("GIT_DIR", undefined));
afterAll(async () => {
  vi.unstubAllEnvs();
  await sandbox.remove();
});

/** A first push of a branch, as the helper packs it with git's GIT_DIR around it. */
async function packAll(name: string): Promise<OutgoingPack> {
  const gitDir = join(sandbox.path, name, ".git");
  const tip = await sandbox.git(["rev-parse", "main"], { folder: name });
  vi.stubEnv("GIT_DIR", gitDir);
  const folder = mkdtempSync(join(gitDir, "push-"));
  const { signal } = new AbortController();
  const local = new LocalRepository(gitDir);
  return makeOutgoingPack({ newIds: [tip], assumedIds: [], folder, local, progress: false, signal });
}

/** Types of the pack's objects, in the order in which they stand there; one for neighbours of one type. */
async function typesOf({ pack }: OutgoingPack, name: string): Promise<string[]> {
  if (pack?.kind !== "inline") throw new Error("the pack is not small");
  const folder = join(sandbox.path, `${name}-pack`);
  mkdirSync(folder);
  writeFileSync(join(folder, "a.pack"), pack.bytes);
  await sandbox.git(["index-pack", join(folder, "a.pack")], { folder: name });
  const told = await sandbox.git(["verify-pack", "-v", join(folder, "a.idx")], { folder: name });
  const lines = [...told.matchAll(/^[0-9a-f]{40,64} (\w+) +\d+ \d+ (\d+)/gm)];
  const sorted = lines.toSorted(([, , left], [, , right]) => Number(left) - Number(right));
  return sorted.map(([, type = ""]) => type).filter((type, index, all) => type !== all[index - 1]);
}

test.each(["sha1", "sha256"])("a first push has commits, trees and blobs each together, %s", async (format) => {
  const name = `sorted-${format}`;
  await makeRepository(sandbox, name, [`--object-format=${format}`]);
  for (let number = 0; number < 12; number++) await commit(sandbox, name, `file-${number}`);
  const outgoing = await packAll(name);
  expect(await typesOf(outgoing, name)).toEqual(["commit", "tree", "blob"]);
  await outgoing.remove();
});

test("of a repository with alternates, and settings of its own", async () => {
  await makeRepository(sandbox, "origin");
  for (let number = 0; number < 5; number++) await commit(sandbox, "origin", `file-${number}`);
  await sandbox.git(["clone", "-q", "--shared", join(sandbox.path, "origin"), "borrower"]);
  await sandbox.git(["config", "pack.depth", "1"], { folder: "borrower" });
  await sandbox.git(["config", "core.worktree", ".."], { folder: "borrower" });
  const objects = await sandbox.git(["rev-list", "--objects", "main"], { folder: "borrower" });
  const outgoing = await packAll("borrower");
  expect(outgoing.pack).toMatchObject({ kind: "inline", objectCount: objects.split("\n").length });
  await outgoing.remove();
});
