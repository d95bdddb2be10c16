import { chmodSync, symlinkSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { commit } from "../support/repository.ts";
import { setSameSecond } from "../support/same-second.ts";
import { Sandbox } from "../support/sandbox.ts";
import { initialise, trunks, trunksJson, trunksText } from "../support/trunks.ts";

let sandbox: Sandbox;
const folder = "work";
const git = (...args: string[]) => sandbox.git(args, { folder });

beforeEach(async () => {
  sandbox = new Sandbox();
  await initialise(sandbox);
});
afterEach(() => sandbox.remove());

interface Told {
  readonly object: string;
  readonly id: string;
  readonly code?: string;
  readonly hint?: string;
}

const checkpoint = (...args: string[]) => trunksJson<Told>(sandbox, ["checkpoint", ...args], { folder });

describe("a checkpoint", () => {
  test("has what changed to the same size within the second in which it was staged", async () => {
    await git("config", "core.trustctime", "false");
    sandbox.write("work/file", "one\n");
    setSameSecond(`${sandbox.path}/work`, "file");
    await git("add", "file");
    sandbox.write("work/file", "two\n");
    setSameSecond(`${sandbox.path}/work`, "file", ".git/index");
    await checkpoint("-m", "two");
    expect(await git("show", "HEAD:file")).toBe("two");
  });

  test("is a commit of all that is not ignored, wherever one stands", async () => {
    sandbox.write("work/src/main.c", "int main;\n");
    sandbox.write("work/run", "#!/bin/sh\n");
    chmodSync(`${sandbox.path}/work/run`, 0o755);
    symlinkSync("run", `${sandbox.path}/work/link`);
    sandbox.write("work/.gitignore", "*.o\n");
    sandbox.write("work/main.o", "");
    const text = await trunksText(sandbox, ["checkpoint", "-m", "  first  \n\n\nwith more\n"], { folder: "work/src" });
    const first = await git("rev-parse", "HEAD");
    expect(text).toBe(`checkpoint ${first.slice(0, 12)} on main:   first\n`);
    expect(await git("ls-tree", "-r", "--format=%(objectmode) %(path)", "HEAD")).toBe(
      "100644 .gitignore\n120000 link\n100755 run\n100644 src/main.c",
    );
    expect(await git("log", "-1", "--format=%B%an")).toBe("  first\n\nwith more\nA U Thor");
    await git("rm", "-q", "run");
    sandbox.write("work/new", "");
    expect(await checkpoint("--message", "second")).toMatchObject({
      object: "checkpoint",
      id: await git("rev-parse", "HEAD"),
      parents: [first],
      message: "second\n",
      branch: "main",
      pushed: false,
      created: true,
    });
    expect(await git("diff", "--name-status", "HEAD~1", "HEAD")).toBe("A\tnew\nD\trun");
    expect(await git("status", "--porcelain")).toBe("");
    expect(await git("reflog", "-1", "--format=%gs")).toBe("checkpoint: second");
    await git("fsck", "--strict");
  });

  test("is the last commit when nothing has changed, unless one is wanted all the same", async () => {
    const first = await commit(sandbox, folder, "first");
    expect(await checkpoint("-m", "again")).toMatchObject({ id: first, created: false, message: "first\n" });
    expect(await checkpoint("-m", "again", "--allow-empty")).toMatchObject({ parents: [first], created: true });
  });

  test("takes files as they are, and not as they were staged; runs no hook", async () => {
    await commit(sandbox, folder, "first");
    sandbox.write("work/first.txt", "staged\n");
    await git("add", "first.txt");
    sandbox.write("work/first.txt", "newer\n");
    sandbox.write("work/.git/hooks/pre-commit", "#!/bin/sh\nexit 1\n");
    chmodSync(`${sandbox.path}/work/.git/hooks/pre-commit`, 0o755);
    await checkpoint("-m", "second");
    expect(await git("show", "HEAD:first.txt")).toBe("newer");
  });

  test("has a submodule's commit, and not what was changed inside of it", async () => {
    await sandbox.git(["init", "-q", "library"]);
    await commit(sandbox, "library", "one");
    await git("submodule", "--quiet", "add", `${sandbox.path}/library`, "library");
    await checkpoint("-m", "with a submodule");
    sandbox.write("work/library/one.txt", "changed\n");
    expect(await checkpoint("-m", "inside")).toMatchObject({ created: false });
    const moved = await commit(sandbox, "work/library", "two");
    await checkpoint("-m", "moved");
    expect(await git("rev-parse", "HEAD:library")).toBe(moved);
  });

  test("on no branch says so", async () => {
    await commit(sandbox, folder, "first");
    await git("switch", "-q", "--detach");
    sandbox.write("work/a", "");
    const { stderr, stdout } = await trunks(sandbox, ["checkpoint", "-m", "aside"], { folder });
    expect(stdout).toContain("on no branch: aside");
    expect(stderr).toBe("hint: no branch leads to it: git switch --create NAME\n");
    expect(await checkpoint("-m", "x", "--push")).toMatchObject({ code: "INVALID_ARGUMENT" });
  });
});

describe("with --push", () => {
  test("the trunk has it", async () => {
    sandbox.write("work/a", "1\n");
    expect(await checkpoint("-m", "first", "--push")).toMatchObject({ pushed: true, created: true });
    expect(await git("ls-remote", "origin", "main")).toContain(await git("rev-parse", "HEAD"));
    // One that was made before goes with it.
    sandbox.write("work/a", "2\n");
    await checkpoint("-m", "second");
    expect(await checkpoint("-m", "nothing new", "--push")).toMatchObject({ pushed: true, created: false });
    expect(await git("ls-remote", "origin", "main")).toContain(await git("rev-parse", "HEAD"));
  });

  test("and another writer before, it stays here", async () => {
    const first = await commit(sandbox, folder, "first");
    await git("push", "-q");
    await commit(sandbox, folder, "theirs");
    await git("push", "-q");
    await git("reset", "-q", "--hard", first);
    sandbox.write("work/a", "");
    expect(await checkpoint("-m", "mine", "--push")).toMatchObject({
      object: "error",
      code: "CONFLICT",
      message: expect.stringMatching(/^the checkpoint [0-9a-f]{12} is here, and was not pushed$/),
      hint: "trunks pull, and then trunks push",
    });
    expect(await git("log", "--format=%s")).toBe("mine\nfirst");
  });
});

describe("is refused", () => {
  test("without a message, and for nothing", async () => {
    expect((await trunks(sandbox, ["checkpoint"], { folder })).status).toBe(2);
    expect((await trunks(sandbox, ["checkpoint", "-m", " "], { folder })).status).toBe(2);
    expect(await checkpoint("-m", "nothing")).toMatchObject({ code: "INVALID_ARGUMENT" });
  });

  test("where there are no files", async () => {
    await sandbox.git(["init", "-q", "--bare", "bare"]);
    for (const [where, code] of [
      ["bare", "INVALID_ARGUMENT"],
      ["work/.git", "INVALID_ARGUMENT"],
      ["store", "NOT_FOUND"],
    ] as const) {
      const answer = await trunksJson(sandbox, ["checkpoint", "-m", "x"], { folder: where });
      expect([where, answer]).toMatchObject([where, { object: "error", code }]);
    }
  });

  test.each([
    ["merge", "a merge", ["merge", "-q", "side"]],
    ["rebase", "a rebase", ["rebase", "-q", "side"]],
    ["cherry-pick", "a cherry-pick", ["cherry-pick", "side"]],
    ["revert", "a revert", ["revert", "--no-edit", "HEAD~1"]],
  ])("in the middle of a %s", async (name, what, args) => {
    await conflict();
    await expect(git(...args)).rejects.toThrow();
    for (const command of [
      ["checkpoint", "-m", "x"],
      ["rollback", "--to", "HEAD~1"],
      ["branch", "switch", "side"],
    ]) {
      expect(await trunksJson(sandbox, command, { folder })).toMatchObject({
        object: "error",
        code: "PRECONDITION_FAILED",
        message: `${what} is under way here`,
        hint: `end it first: \`git ${name} --continue\`, or \`git ${name} --abort\``,
      });
    }
    expect(sandbox.read("work/first.txt")).toContain("<<<<<<<");
  });

  test("while conflicts are not resolved", async () => {
    await conflict();
    sandbox.write("work/first.txt", "unsaved\n");
    await git("stash", "-q");
    await git("switch", "-q", "side");
    await expect(git("stash", "pop", "-q")).rejects.toThrow();
    expect(await checkpoint("-m", "x")).toMatchObject({ code: "PRECONDITION_FAILED" });
  });

  test("while git does not know who commits, and while another git is at work", async () => {
    sandbox.write("work/a", "");
    const environment = { GIT_CONFIG_GLOBAL: "/dev/null", EMAIL: "" };
    await git("config", "user.useConfigOnly", "true");
    const nobody = await trunksJson<Told>(sandbox, ["checkpoint", "-m", "x"], { folder, environment });
    expect(nobody).toMatchObject({ code: "CONFIG_INVALID", hint: expect.stringContaining("user.email") });
    sandbox.write("work/.git/index.lock", "");
    expect(await checkpoint("-m", "x")).toMatchObject({ code: "CONFLICT" });
    expect(sandbox.names("work/.git/trunks/index")).toEqual([]);
  });

  /** `side` and `main` changed one line, each in its own way. */
  async function conflict(): Promise<void> {
    await commit(sandbox, folder, "first");
    await git("branch", "side");
    await commit(sandbox, folder, "ours", { "first.txt": "ours\n" });
    await commit(sandbox, folder, "ours again", { "first.txt": "ours again\n" });
    await git("switch", "-q", "side");
    await commit(sandbox, folder, "theirs", { "first.txt": "theirs\n" });
    await git("switch", "-q", "main");
  }
});

describe("history", () => {
  test("pages, follows paths, and tells what is pushed", async () => {
    expect(await trunksText(sandbox, ["history"], { folder })).toBe("there is no checkpoint\n");
    const first = await commit(sandbox, folder, "first");
    const second = await commit(sandbox, folder, "second");
    await git("push", "-q");
    const third = await commit(sandbox, folder, "third");
    const list = (...args: string[]) => trunksJson(sandbox, ["history", ...args], { folder });
    expect(await list("--limit", "2")).toMatchObject({
      object: "list",
      data: [
        { object: "checkpoint", id: third, branch: "main", pushed: false },
        { id: second, pushed: true },
      ],
      limit: 2,
      offset: 0,
      total_count: null,
      has_more: true,
    });
    expect(await list("--offset", "2")).toMatchObject({ data: [{ id: first }], total_count: 3, has_more: false });
    expect(await list("second.txt")).toMatchObject({ data: [{ id: second }], total_count: 1 });
    expect(await list("--branch", "HEAD~2")).toMatchObject({ data: [{ id: first }], total_count: 1 });
    expect(await list("--branch", "nowhere")).toMatchObject({ object: "error", code: "NOT_FOUND" });
    const { stdout, stderr } = await trunks(sandbox, ["history", "--limit", "1"], { folder });
    expect(stdout).toMatch(new RegExp(`^${third.slice(0, 12)}  2023-11-14T\\S+  third  not pushed\n$`));
    expect(stderr).toBe("older ones follow: --offset 1\n");
  });
});
