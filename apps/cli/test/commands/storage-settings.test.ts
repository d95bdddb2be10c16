import { chmodSync, statSync } from "node:fs";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Sandbox } from "../support/sandbox.ts";
import { initialise, trunks, trunksJson, trunksText } from "../support/trunks.ts";

let sandbox: Sandbox;
let url: string;

beforeEach(() => {
  sandbox = new Sandbox();
  url = `local://${sandbox.path}/store`;
});

afterEach(() => sandbox.remove());

const names = ["a", "b", "c", "d"];

test("processes that add storages at once, to a clone without settings, all find theirs saved", async () => {
  await sandbox.git(["init", "-q", "work"]);
  const folder = "work";
  const ends = await Promise.all(
    names.map((name) => trunks(sandbox, ["storage", "add", name, "--url", url], { folder })),
  );
  expect(ends.map(({ status, stderr }) => [status, stderr])).toEqual(names.map(() => [0, ""]));
  const { data } = await trunksJson<{ data: { name: string; default: boolean }[] }>(sandbox, ["storage", "list"], {
    folder,
  });
  expect(data.map(({ name }) => name)).toEqual(names);
  expect(data.filter((each) => each.default)).toHaveLength(1);
  expect(sandbox.names("work/.trunks")).toEqual(["work.trunk"]);
  const updates = names.map((name) => trunks(sandbox, ["storage", "update", name, "--default"], { folder }));
  const removed = trunks(sandbox, ["storage", "remove", "a"], { folder });
  await Promise.all([...updates, removed]);
  const left = await trunksJson<{ data: { name: string }[] }>(sandbox, ["storage", "list"], { folder });
  expect(left.data.map(({ name }) => name)).toEqual(["b", "c", "d"]);
});

test("settings that others can read are closed to them, with a warning, by whatever reads them first", async () => {
  await initialise(sandbox);
  await sandbox.git(["commit", "-q", "--allow-empty", "-m", "first"], { folder: "work" });
  const path = `${sandbox.path}/work/.trunks/app.trunk`;
  const warning = `warning: others on this machine could read ${path}; now you alone can, but renew its secrets\n`;
  chmodSync(path, 0o644);
  expect(await trunks(sandbox, ["storage", "list"], { folder: "work" })).toMatchObject({ status: 0, stderr: warning });
  expect(statSync(path).mode & 0o777).toBe(0o600);
  chmodSync(path, 0o640);
  const pushed = await sandbox.tryGit(["push", "-q", "origin", "main"], { folder: "work" });
  expect([pushed.status, pushed.stderr.toString()]).toEqual([0, warning]);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(await trunks(sandbox, ["storage", "list"], { folder: "work" })).toMatchObject({ status: 0, stderr: "" });
});

test("settings are kept out of commits, also after somebody has rewritten info/exclude", async () => {
  await initialise(sandbox);
  sandbox.write("work/.git/info/exclude", "*.o");
  await trunksText(sandbox, ["storage", "add", "second", "--url", url], { folder: "work" });
  expect(sandbox.read("work/.git/info/exclude")).toBe("*.o\n/.trunks/\n");
  expect(await sandbox.git(["status", "--porcelain"], { folder: "work" })).toBe("");
});
