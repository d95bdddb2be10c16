import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { commit } from "../support/repository.ts";
import { Sandbox } from "../support/sandbox.ts";
import { initialise, trunks, trunksJson, trunksText } from "../support/trunks.ts";
import { installVault } from "../support/vault.ts";

let sandbox: Sandbox;
const folder = "work";

beforeEach(async () => {
  sandbox = new Sandbox();
  await initialise(sandbox);
});

afterEach(() => sandbox.remove());

const head = (of: string) => sandbox.git(["rev-parse", "HEAD"], { folder: of });

test("push, clone, fetch and pull work without the helper on PATH", async () => {
  const first = await commit(sandbox, folder, "first");
  await trunksText(sandbox, ["push"], { folder });
  await trunksText(sandbox, ["clone", `local://${sandbox.path}/store/app`, "copy"]);
  expect(await head("copy")).toBe(first);
  const second = await commit(sandbox, folder, "second");
  await trunksText(sandbox, ["push", "-q", "origin", "HEAD"], { folder });
  await trunksText(sandbox, ["fetch"], { folder: "copy" });
  expect(await sandbox.git(["rev-parse", "origin/main"], { folder: "copy" })).toBe(second);
  await trunksText(sandbox, ["pull", "--ff-only"], { folder: "copy" });
  expect(await head("copy")).toBe(second);
});

test("git's exit status and words are passed on", async () => {
  await commit(sandbox, folder, "first");
  await trunksText(sandbox, ["push"], { folder });
  await trunksText(sandbox, ["clone", `local://${sandbox.path}/store/app`, "copy"]);
  await commit(sandbox, folder, "second");
  await trunksText(sandbox, ["push"], { folder });
  await commit(sandbox, "copy", "third");
  const pushed = await trunks(sandbox, ["push"], { folder: "copy" });
  expect(pushed.status).toBe(1);
  expect(pushed.stderr).toContain("(fetch first)");
  expect(await trunksJson(sandbox, ["push"], { folder: "copy" })).toEqual({ object: "push", exit_status: 1 });
  expect((await trunks(sandbox, ["fetch", "nowhere"], { folder })).status).toBe(128);
  expect((await trunks(sandbox, ["push"])).status).toBe(1);
});

describe("clone", () => {
  test.each([
    ["a store's URL", (path: string) => [`local://${path}/store/app`], "app"],
    ["git's form of it", (path: string) => [`trunks::local://${path}/store/app`], "app"],
    ["an exact URL", (path: string) => [`local://${path}/store/trunks/app.trunk`], "app"],
    ["a folder", (path: string) => [`local://${path}/store/app`, "here"], "here"],
    ["options behind it", (path: string) => [`local://${path}/store/app`, "--depth", "1", "--branch", "main"], "app"],
    ["options before it", (path: string) => ["--branch", "main", `local://${path}/store/app`, "here"], "here"],
    ["a storage of the environment", () => ["trunks://in-ci/app"], "app"],
  ])("takes %s", async (_, args, expected) => {
    const id = await commit(sandbox, folder, "first");
    await trunksText(sandbox, ["push", "-q"], { folder });
    const environment = { TRUNKS_STORAGE_IN_CI_URL: `local://${sandbox.path}/store` };
    await trunksText(sandbox, ["clone", ...args(sandbox.path)], { environment });
    expect(await head(expected)).toBe(id);
    expect(await sandbox.git(["config", "push.autoSetupRemote"], { folder: expected })).toBe("true");
  });

  test("names the folder after the repository, whatever the query is", async () => {
    await commit(sandbox, folder, "first");
    await trunksText(sandbox, ["push", "-q"], { folder });
    const environment = {
      ...installVault(sandbox),
      TRUNKS_STORAGE_V_URL: `vault://${sandbox.path}/store?endpoint=http://h/x`,
    };
    const answer = await trunksJson(sandbox, ["clone", "trunks://v/app", "--quiet"], {
      environment: { ...environment, TRUNKS_STORAGE_V_SECRET_KEY: "hunter2" },
    });
    expect(answer).toEqual({ object: "repository", name: "app", path: join(sandbox.path, "app") });
  });

  test("fails in words", async () => {
    expect(await trunksJson(sandbox, ["clone", `local://${sandbox.path}/store/nothing`])).toMatchObject({
      object: "error",
      code: "INTERNAL",
    });
    expect(await trunksJson(sandbox, ["clone", "./store"])).toMatchObject({ code: "CONFIG_INVALID" });
    const foreign = await trunks(sandbox, ["clone", "https://example.invalid/app"]);
    expect(foreign.stderr).toContain("https:// is not a store");
  });
});

describe("log and diff", () => {
  test("are git's", async () => {
    await commit(sandbox, folder, "first");
    sandbox.write("work/first.txt", "changed\n");
    expect(await trunksText(sandbox, ["log", "--format=%s"], { folder })).toBe("first\n");
    expect(await trunksText(sandbox, ["diff", "--stat"], { folder })).toContain("first.txt | 2 +-");
  });

  test("and lists in JSON", async () => {
    const first = await commit(sandbox, folder, "first");
    await sandbox.git(["mv", "first.txt", "moved.txt"], { folder });
    const second = await commit(sandbox, folder, "two\n\nlines");
    expect(await trunksJson(sandbox, ["log", "-n", "2"], { folder })).toMatchObject({
      object: "list",
      total_count: 2,
      has_more: false,
      data: [
        { object: "commit", id: second, parents: [first], message: "two\n\nlines\n" },
        { object: "commit", id: first, parents: [], author: { name: "A U Thor", email: "author@example.org" } },
      ],
    });
    // Behind `--` everything is a path, `--json` too.
    const one = await trunksText(sandbox, ["log", "--json", "--oneline", "--", "first.txt"], { folder });
    expect(JSON.parse(one)).toMatchObject({ total_count: 2, data: [{ id: second }, { id: first }] });
    expect(await trunksJson(sandbox, ["diff", "-M", first, second], { folder })).toMatchObject({
      data: [
        { object: "change", kind: "renamed", source_path: "first.txt", path: "moved.txt", type: "file" },
        { object: "change", kind: "added", old_mode: null, new_mode: "100644", old_id: null },
      ],
    });
  });
});

describe("the managed shell", () => {
  test("finds the helper, and passes its exit status on", async () => {
    const id = await commit(sandbox, folder, "first");
    await trunksText(sandbox, ["push", "-q"], { folder });
    const environment = { SHELL: "/bin/sh" };
    const input = `git ls-remote trunks::local://${sandbox.path}/store/app main; echo "shell $TRUNKS_SHELL"; trunks version | head -1; exit 7\n`;
    const { status, stdout } = await trunks(sandbox, [], { environment, input });
    expect([status, stdout.split("\n").slice(0, 2)]).toEqual([7, [`${id}\trefs/heads/main`, "shell 1"]]);
    expect(stdout).toMatch(/\ntrunks [0-9]/);
  });

  test("works where no cache can be written, and cleans up behind itself", async () => {
    sandbox.write("temporary/keep", "");
    sandbox.write("file", "");
    const environment = {
      SHELL: "/bin/sh",
      XDG_CACHE_HOME: `${sandbox.path}/file`,
      TMPDIR: `${sandbox.path}/temporary`,
    };
    const { stdout } = await trunks(sandbox, [], { environment, input: "command -v git-remote-trunks\n" });
    expect(stdout).toMatch(new RegExp(`^${sandbox.path}/temporary/trunks-launchers-\\w+/git-remote-trunks\n$`));
    expect(sandbox.names("temporary").filter((name) => name.startsWith("trunks-"))).toEqual([]);
  });
});
