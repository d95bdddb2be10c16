import { cpSync, readFileSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { checkedClone } from "../support/clone.ts";
import { Sandbox } from "../support/sandbox.ts";
import { trunks, trunksJson } from "../support/trunks.ts";

const golden = join(import.meta.dirname, "..", "..", "..", "..", "packages", "repo", "test", "golden");
const expected = JSON.parse(readFileSync(join(golden, "thin.json"), "utf8")) as {
  readonly state: { readonly refs: readonly [string]; readonly packs: readonly string[] };
  readonly objects: readonly string[];
};
const tip = expected.state.refs[0].split(" ")[0] as string;
const thin = (expected.state.packs[1] as string).split(" ")[2] as string;

let sandbox: Sandbox;
beforeEach(() => {
  sandbox = new Sandbox();
});
afterEach(() => sandbox.remove());

const trunk = () => join(sandbox.path, "store", "trunks", "app.trunk");
const copy = (filter?: (path: string) => boolean) => cpSync(join(golden, "thin"), trunk(), { recursive: true, filter });

async function objectsIn(folder: string): Promise<string[]> {
  return (await sandbox.git(["rev-list", "--objects", "--no-object-names", "--all"], { folder })).split("\n").sort();
}

test.each([[], ["-c", "fetch.fsckObjects=true"], ["-c", "trunks.verify=connectivity"]])(
  "a clone has all that a thin segment holds and builds on: %s",
  async (...options) => {
    copy();
    expect((await checkedClone(sandbox)).refs).toEqual([`${tip} refs/heads/main`]);
    await sandbox.git(["clone", "-q", "--bare", ...options, sandbox.trunkUrl(), "clone"]);
    expect(await objectsIn("clone")).toEqual(expected.objects);
  },
);

test("a fetch by who has what was there before", async () => {
  const later = /journal\/9+[0-8]|refs|latest/;
  copy((path) => !later.test(path.slice(golden.length)) || path.endsWith("/refs"));
  await sandbox.git(["clone", "-q", "--bare", sandbox.trunkUrl(), "clone"]);
  expect(await objectsIn("clone")).toHaveLength(3);
  copy();
  await sandbox.git(["fetch", "-q", sandbox.trunkUrl(), "main:main"], { folder: "clone" });
  expect(await objectsIn("clone")).toEqual(expected.objects);
  await sandbox.git(["fsck", "--full", "--strict"], { folder: "clone" });
});

test("a push that brings an object again", async () => {
  copy();
  await sandbox.git(["clone", "-q", sandbox.trunkUrl(), "work"]);
  // The file is what it was at first, which no file of the commit before is.
  await sandbox.git(["checkout", "-q", "main~3", "--", "poem.txt"], { folder: "work" });
  await sandbox.git(["commit", "-q", "-m", "as before"], { folder: "work" });
  await sandbox.git(["push", "-q", "origin", "main"], { folder: "work" });
  await checkedClone(sandbox);
  expect(await objectsIn("checked")).toEqual(await objectsIn("work"));
});

test("a part of the history, and a clone without files", async () => {
  copy();
  const text = await sandbox.git(["clone", "-q", "--bare", sandbox.trunkUrl(), "clone"]).then(() => poem("clone"));
  await sandbox.git(["clone", "-q", "--bare", "--depth=1", sandbox.trunkUrl(), "shallow"]);
  await sandbox.git(["clone", "-q", "--bare", "--filter=blob:none", sandbox.trunkUrl(), "partial"]);
  expect(await poem("shallow")).toBe(text);
  expect(await poem("partial")).toBe(text);
});

const poem = (folder: string) => sandbox.git(["cat-file", "blob", "main:poem.txt"], { folder });

test("check looks into it, and notices what is wrong with it", async () => {
  copy();
  expect((await trunks(sandbox, ["check", sandbox.trunkUrl(), "--remote"])).status).toBe(0);
  truncateSync(join(trunk(), "objects", `${thin}.idx`), 100);
  const problems = [expect.objectContaining({ severity: "error", code: "CORRUPT", subject: `segment ${thin}` })];
  const answer = await trunksJson(sandbox, ["check", sandbox.trunkUrl(), "--remote"]);
  expect(answer).toMatchObject({ ok: false, problems: expect.arrayContaining(problems) });
});
