import { chmodSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { commit } from "../support/repository.ts";
import { Sandbox } from "../support/sandbox.ts";
import { trunks, trunksJson, trunksText } from "../support/trunks.ts";

let sandbox: Sandbox;
let store: string;

beforeEach(() => {
  sandbox = new Sandbox();
  store = `local://${sandbox.path}/store`;
});

afterEach(() => sandbox.remove());

const folder = "my-app";

test("makes a repository, settings that only their owner can read, and the remote", async () => {
  sandbox.write("my-app/file", "text\n");
  const answer = await trunksJson<{ settings_path: string }>(sandbox, ["init", "--url", store], { folder });
  expect(answer).toEqual({
    object: "repository",
    name: "my-app",
    storage: "primary",
    remote: { name: "origin", url: "trunks://primary/my-app" },
    settings_path: join(sandbox.path, "my-app/.trunks/my-app.trunk"),
    helper_path: null,
  });
  expect(statSync(answer.settings_path).mode & 0o777).toBe(0o600);
  expect(JSON.parse(sandbox.read("my-app/.trunks/my-app.trunk"))).toMatchObject({
    version: 1,
    repository: "my-app",
    defaultStorage: "primary",
    storages: { primary: { url: store } },
  });
  expect(await sandbox.git(["status", "--porcelain"], { folder })).toBe("?? file");
  expect(await sandbox.git(["config", "push.autoSetupRemote"], { folder })).toBe("true");
});

test("then plain git push works on any new branch, where the helper is on PATH", async () => {
  await trunksText(sandbox, ["init", "--url", store], { folder: "" });
  const first = await commit(sandbox, "", "first");
  await sandbox.git(["push"]);
  await sandbox.git(["switch", "-q", "-c", "topic"]);
  await sandbox.git(["push"]);
  expect(await sandbox.git(["ls-remote", "origin"])).toBe(
    [`${first}\tHEAD`, `${first}\trefs/heads/main`, `${first}\trefs/heads/topic`].join("\n"),
  );
});

test("may be run again, and keeps what is there", async () => {
  sandbox.write("my-app/file", "text\n");
  const first = await trunksJson(sandbox, ["init", "--url", store], { folder });
  const settings = sandbox.read("my-app/.trunks/my-app.trunk");
  expect(await trunksJson(sandbox, ["init"], { folder })).toEqual(first);
  expect(sandbox.read("my-app/.trunks/my-app.trunk")).toBe(settings);
  expect(sandbox.read("my-app/.git/info/exclude").match(/\.trunks/g)).toHaveLength(1);
  expect(await sandbox.git(["remote"], { folder })).toBe("origin");
});

test("leaves an origin alone, and says how to push to the trunk", async () => {
  await sandbox.git(["init", "-q", folder]);
  await sandbox.git(["remote", "add", "origin", "https://example.invalid/my-app"], { folder });
  const { stdout, stderr } = await trunks(sandbox, ["init", "--url", store], { folder });
  expect(stdout).toBe("my-app: the remote trunks is trunks://primary/my-app\n");
  expect(stderr).toContain(
    "hint: `git push trunks` pushes there; `git config remote.pushDefault trunks` makes it the default\n",
  );
  expect(stderr).toContain("`trunks init --install-helper`");
  await sandbox.git(["remote", "set-url", "trunks", "https://example.invalid/other"], { folder });
  expect(await trunksJson(sandbox, ["init", "--storage", "primary"], { folder })).toMatchObject({
    code: "ALREADY_EXISTS",
  });
});

test("without a URL it says what is missing", async () => {
  sandbox.write("my-app/file", "text\n");
  const { status, stderr } = await trunks(sandbox, ["init", "--storage", "backup"], { folder });
  expect(status).toBe(0);
  expect(stderr).toContain("hint: say where backup is: `trunks storage add --name backup --url s3://bucket/path`\n");
});

test("in a clone of a trunk the remote stays", async () => {
  await trunksText(sandbox, ["init", "--name", "app", "--url", store], { folder: "" });
  await commit(sandbox, "", "first");
  await sandbox.git(["push", "-q"]);
  await sandbox.git(["clone", "-q", sandbox.trunkUrl(), "copy"]);
  expect(await trunksJson(sandbox, ["init"], { folder: "copy" })).toMatchObject({
    name: "copy",
    storage: null,
    remote: { name: "origin", url: sandbox.trunkUrl() },
  });
});

test("refuses names that cannot be, and a second name", async () => {
  sandbox.write("my app/file", "text\n");
  expect(await trunksJson(sandbox, ["init"], { folder: "my app" })).toMatchObject({ code: "CONFIG_INVALID" });
  for (const name of ["a/b", "", ".."]) {
    expect(await trunksJson(sandbox, ["init", "--name", name], { folder: "my app" })).toMatchObject({
      code: "CONFIG_INVALID",
    });
  }
  expect(await trunksJson(sandbox, ["init", "--storage", "A"], { folder: "my app" })).toMatchObject({
    code: "CONFIG_INVALID",
  });
  expect(sandbox.names("my app")).not.toContain(".trunks");
  await trunksText(sandbox, ["init", "--name", "app"], { folder: "my app" });
  expect(await trunksJson(sandbox, ["init", "--name", "other"], { folder: "my app" })).toMatchObject({
    code: "ALREADY_EXISTS",
  });
});

test("a store that cannot be reached leaves nothing behind", async () => {
  sandbox.write("my-app/file", "text\n");
  const answer = await trunksJson(sandbox, ["init", "--url", `${store}/missing`], { folder });
  expect(answer).toMatchObject({ object: "error", code: "NOT_FOUND" });
  expect(sandbox.names("my-app")).toEqual(["file"]);
});

test("settings that came with a commit are not used", async () => {
  await sandbox.git(["init", "-q", folder]);
  sandbox.write("my-app/.trunks/my-app.trunk", '{"version":1,"key":"k","repository":"my-app","storages":{}}');
  const answer = await trunksJson(sandbox, ["init"], { folder });
  expect(answer).toMatchObject({ code: "ALREADY_EXISTS" });
});

test("a checkout cannot replace the settings", async () => {
  await trunksText(sandbox, ["init", "--name", "app", "--url", store]);
  await commit(sandbox, "", "first");
  await sandbox.git(["push", "-q"]);
  await sandbox.git(["clone", "-q", sandbox.trunkUrl(), "evil"]);
  await commit(sandbox, "evil", "settings", {
    ".trunks/app.trunk": sandbox.read(".trunks/app.trunk").replace(/"key": ".*"/, '"key": "k"'),
  });
  await sandbox.git(["push", "-q"], { folder: "evil" });
  await sandbox.git(["pull", "-q"]); // Git takes an excluded file for one that may be lost.
  const { status, stderr } = await sandbox.tryGit(["fetch"]);
  expect(status).toBe(128);
  expect(stderr.toString()).toContain("was not written for this clone; it may have come with a commit");
});

test("linked worktrees and bare repositories have settings as well", async () => {
  await trunksText(sandbox, ["init", "--name", "app", "--url", store]);
  await commit(sandbox, "", "first");
  await sandbox.git(["worktree", "add", "-q", "linked"]);
  expect(await trunksJson(sandbox, ["storage", "list"], { folder: "linked" })).toMatchObject({ total_count: 1 });
  await sandbox.git(["push", "-q", "origin", "HEAD:from-linked"], { folder: "linked" });
  await sandbox.git(["init", "-q", "--bare", "bare.git"]);
  const answer = await trunksJson(sandbox, ["init", "--url", store], { folder: "bare.git" });
  expect(answer).toMatchObject({ name: "bare", settings_path: join(sandbox.path, "bare.git/.trunks/bare.trunk") });
  await sandbox.git(["fetch", "-q", "..", "main:main"], { folder: "bare.git" });
  await sandbox.git(["push", "-q", "--mirror", "origin"], { folder: "bare.git" });
  expect(sandbox.names("store/trunks")).toEqual(["app.trunk", "bare.trunk"]);
});

test("run first in a linked worktree, the settings go to the main one", async () => {
  await sandbox.git(["init", "-q", "main"]);
  await commit(sandbox, "main", "first");
  await sandbox.git(["worktree", "add", "-q", "../linked"], { folder: "main" });
  const answer = await trunksJson(sandbox, ["init"], { folder: "linked" });
  expect(answer).toMatchObject({ name: "main", settings_path: join(sandbox.path, "main/.trunks/main.trunk") });
});

test("installs a launcher of the helper, and only over its own", async () => {
  const environment = { PATH: `${sandbox.path}/home/.local/bin:${process.env.PATH}` };
  const { stderr } = await trunks(sandbox, ["init", "--name", "app", "--url", store, "--install-helper"], {
    environment,
  });
  expect(stderr).toBe(`installed ${sandbox.path}/home/.local/bin/git-remote-trunks\n`);
  await commit(sandbox, "", "first");
  await sandbox.git(["push", "-q"], { environment });
  const again = await trunksJson<{ helper_path: string }>(sandbox, ["init"], { environment });
  expect(again.helper_path).toBe(`${sandbox.path}/home/.local/bin/git-remote-trunks`);
  writeFileSync(again.helper_path, "#!/bin/sh\n");
  chmodSync(again.helper_path, 0o755);
  expect(await trunksJson(sandbox, ["init", "--install-helper"], { environment })).toMatchObject({
    code: "ALREADY_EXISTS",
  });
});
