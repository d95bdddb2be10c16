import { chmodSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import type { Rollback } from "@trunks/sdk";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { commit } from "../support/repository.ts";
import { setSameSecond } from "../support/same-second.ts";
import { Sandbox } from "../support/sandbox.ts";
import { initialise, trunks, trunksJson, trunksText } from "../support/trunks.ts";
import { worktreeFiles } from "../support/worktree-files.ts";

let sandbox: Sandbox;
let first: string;
let second: string;
const folder = "work";
const git = (...args: string[]) => sandbox.git(args, { folder });
const rollback = (...args: string[]) => trunksJson<Rollback>(sandbox, ["rollback", ...args], { folder });
const files = () => worktreeFiles(`${sandbox.path}/work`);
const savedRefs = () => git("for-each-ref", "--format=%(refname)", "refs/trunks/saved/");

beforeEach(async () => {
  sandbox = new Sandbox();
  await initialise(sandbox);
  first = await commit(sandbox, folder, "first", { a: "1\n", "src/b": "1\n", ".gitignore": "*.o\n" });
  second = await commit(sandbox, folder, "second", { a: "2\n", "src/b": "2\n", "src/new/c": "2\n" });
  await git("push", "-q");
});
afterEach(() => sandbox.remove());

const versionOne = { ".gitignore": "*.o\n", a: "1\n", "src/b": "1\n" };
const versionTwo = { ".gitignore": "*.o\n", a: "2\n", "src/b": "2\n", "src/new/c": "2\n" };

describe("a rollback of everything", () => {
  test("saves what changed to the same size within the second in which it was staged", async () => {
    await git("config", "core.trustctime", "false");
    setSameSecond(`${sandbox.path}/work`, "a");
    await git("add", "a");
    sandbox.write("work/a", "3\n");
    setSameSecond(`${sandbox.path}/work`, "a", ".git/index");
    await rollback("--to", "HEAD~1");
    expect(files()).toEqual(versionOne);
    expect(await git("show", `${await savedRefs()}:a`)).toBe("3");
  });

  test("is a commit on top, which can be pushed and gone back from", async () => {
    const text = await trunksText(sandbox, ["rollback", "--to", "HEAD~1"], { folder });
    const third = await git("rev-parse", "HEAD");
    expect(text).toBe(`all files are as in ${first.slice(0, 12)} (checkpoint ${third.slice(0, 12)})\n`);
    expect(files()).toEqual(versionOne);
    expect(await git("rev-parse", "HEAD^", "HEAD^{tree}")).toBe(
      `${second}\n${await git("rev-parse", `${first}^{tree}`)}`,
    );
    expect(await git("status", "--porcelain")).toBe("");
    expect(await savedRefs()).toBe("");
    await git("push", "-q");
    expect(await rollback("--to", second)).toMatchObject({
      object: "rollback",
      to: second,
      paths: [],
      checkpoint: { object: "checkpoint", parents: [third], message: `Rollback to ${second.slice(0, 12)}\n` },
      saved_ref: null,
    });
    expect(files()).toEqual(versionTwo);
    await git("fsck", "--strict");
  });

  test("saves what is not committed, new files and what is staged alike, and leaves ignored files alone", async () => {
    sandbox.write("work/a", "dirty\n");
    sandbox.write("work/staged", "staged\n");
    await git("add", "staged");
    sandbox.write("work/staged", "newer than staged\n");
    sandbox.write("work/src/untracked", "untracked\n");
    sandbox.write("work/run", "#!/bin/sh\n");
    chmodSync(`${sandbox.path}/work/run`, 0o755);
    symlinkSync("nowhere", `${sandbox.path}/work/link`);
    sandbox.write("work/ignored.o", "ignored\n");
    const before = files();
    const { stdout } = await trunks(sandbox, ["rollback", "--to", first], { folder: "work/src" });
    const [, ref = ""] =
      /^what was not committed or not pushed is saved: (refs\/trunks\/saved\/\S+)$/m.exec(stdout) ?? [];
    expect(files()).toEqual({ ...versionOne, "ignored.o": "ignored\n" });
    expect(await git("show", `${ref}^2:staged`)).toBe("staged");
    expect(await git("rev-parse", `${ref}^`)).toBe(second);
    expect(await savedRefs()).toBe(ref);
    expect(await trunksJson(sandbox, ["history", "--saved"], { folder })).toMatchObject({
      data: [{ object: "checkpoint", id: await git("rev-parse", ref), saved_ref: ref }],
      total_count: 1,
    });
    await rollback("--to", ref);
    expect(files()).toEqual(before);
    expect(await git("status", "--porcelain")).toBe("");
  });

  test("saves commits that are not pushed, once", async () => {
    const third = await commit(sandbox, folder, "third");
    const { saved_ref } = await rollback("--to", first);
    expect(await git("rev-parse", saved_ref as string)).toBe(third);
    expect(await git("merge-base", "--is-ancestor", third, "HEAD")).toBe("");
    await git("reset", "-q", "--hard", third);
    expect((await rollback("--to", first)).saved_ref).toBe(saved_ref);
    expect((await savedRefs()).split("\n")).toHaveLength(1);
  });

  test("to what is there already makes no commit, but cleans up what is not committed", async () => {
    expect(await rollback("--to", "HEAD")).toMatchObject({ checkpoint: null, saved_ref: null });
    sandbox.write("work/a", "dirty\n");
    const { checkpoint, saved_ref } = await rollback("--to", "main");
    expect(checkpoint).toBeNull();
    expect(await git("show", `${saved_ref}:a`)).toBe("dirty");
    expect(files()).toEqual(versionTwo);
    expect(await git("rev-parse", "HEAD")).toBe(second);
  });

  test("on no branch moves HEAD alone, and saves what no branch has", async () => {
    await git("switch", "-q", "--detach");
    const aside = await commit(sandbox, folder, "aside");
    const { saved_ref, checkpoint } = await rollback("--to", first);
    expect(checkpoint).toMatchObject({ branch: null, parents: [aside] });
    expect(await git("rev-parse", saved_ref as string, "main")).toBe(`${aside}\n${second}`);
  });

  test.each([
    ["where a file shall be", "lib.o", "lib.o"],
    ["where a folder shall be", "lib.o/inner", "lib.o"],
    ["in a folder where a file shall be", "lib", "lib/deep/x.o"],
    ["beside what goes, in a folder where a file shall be", "src", "src/x.o"],
  ])("does not overwrite an ignored file %s, and changes nothing then", async (_, committed, ignored) => {
    if (committed === "src") await git("rm", "-q", "-r", "src");
    await commit(sandbox, folder, "unignored", { ".gitignore": "*.x\n", [committed]: "committed\n" });
    await git("rm", "-q", committed);
    await commit(sandbox, folder, "ignored again", { ".gitignore": "*.o\n", "src/b": "3\n" });
    sandbox.write(`work/${ignored}`, "precious\n");
    expect(await rollback("--to", "HEAD~1")).toMatchObject({
      object: "error",
      code: "PRECONDITION_FAILED",
      message: `a file that git ignores is in the way: ${ignored}`,
      hint: expect.stringContaining("what was here is saved: refs/trunks/saved/"),
    });
    expect(sandbox.read(`work/${ignored}`)).toBe("precious\n");
    expect(await git("log", "-1", "--format=%s")).toBe("ignored again");
    expect(await git("status", "--porcelain")).toBe("");
  });
});

test("whoever interrupts a rollback is told where the work is", async () => {
  sandbox.write("work/a", "dirty\n");
  const real = (await sandbox.run("sh", ["-c", "command -v git"])).stdout.toString().trim();
  sandbox.write(
    "interrupting/git",
    `#!/bin/sh\n[ "$1" = read-tree ] && kill -INT $PPID && exec sleep 60\nexec "${real}" "$@"\n`,
  );
  chmodSync(`${sandbox.path}/interrupting/git`, 0o755);
  const environment = { PATH: `${sandbox.path}/interrupting:${process.env.PATH}` };
  const { status, stderr } = await trunks(sandbox, ["rollback", "--to", first], { folder, environment });
  expect([status, stderr]).toEqual([130, `what was here is saved: ${await savedRefs()}\n`]);
  expect(await git("show", `${await savedRefs()}:a`)).toBe("dirty");
  expect(sandbox.read("work/a")).toBe("dirty\n");
  expect(sandbox.names("work/.git/trunks/index")).toEqual([]);
});

describe("a rollback of some paths", () => {
  test("leaves everything else as it is, dirty and staged", async () => {
    sandbox.write("work/a", "staged\n");
    await git("add", "a");
    sandbox.write("work/a", "dirty\n");
    sandbox.write("work/src/b", "dirty\n");
    sandbox.write("work/src/untracked", "untracked\n");
    const { checkpoint, saved_ref, paths } = await trunksJson<Rollback>(
      sandbox,
      ["rollback", "--to", first, "b", `${sandbox.path}/work/src/new`],
      { folder: "work/src" },
    );
    expect(paths).toEqual(["src/b", "src/new"]);
    expect(files()).toEqual({ ...versionOne, a: "dirty\n", "src/untracked": "untracked\n" });
    expect(await git("show", ":a")).toBe("staged");
    expect(await git("show", `${saved_ref}:src/b`)).toBe("dirty");
    expect(await git("status", "--porcelain")).toBe("MM a\n?? src/untracked");
    expect(checkpoint?.message).toBe(`Rollback to ${first.slice(0, 12)}: src/b, src/new\n`);
    expect(await git("diff", "--name-status", "HEAD^", "HEAD")).toBe("M\tsrc/b\nD\tsrc/new/c");
  });

  test("brings a deleted one back, and takes a new one away", async () => {
    rmSync(`${sandbox.path}/work/src`, { recursive: true });
    sandbox.write("work/made", "made\n");
    const { checkpoint, saved_ref } = await rollback("--to", "HEAD", "src", "made");
    expect(checkpoint).toBeNull();
    expect(files()).toEqual(versionTwo);
    expect(await git("show", `${saved_ref}:made`)).toBe("made");
  });

  test("takes names as they are, and not as patterns", async () => {
    for (const version of ["1\n", "2\n"]) {
      for (const name of ["*", ":(top)x", "-x"]) sandbox.write(`work/${name}`, version);
      await git("add", "-A");
      await git("commit", "-q", "-m", `odd ${version}`);
    }
    await trunksText(sandbox, ["rollback", "--to", "HEAD~1", "--", "*", ":(top)x", "-x"], { folder });
    expect(files()).toEqual({ ...versionTwo, "*": "1\n", ":(top)x": "1\n", "-x": "1\n" });
  });

  test.each([
    ["out of the worktree", "../store", "INVALID_ARGUMENT"],
    ["far out of it", "/etc/passwd", "INVALID_ARGUMENT"],
    ["in git's own folder", ".git/config", "NOT_FOUND"],
    ["in git's own folder, disguised", ".GIT/config", "NOT_FOUND"],
    ["that is nowhere", "nowhere", "NOT_FOUND"],
    ["behind a link", "out/passwd", "NOT_FOUND"],
  ])("refuses one %s", async (_, path, code) => {
    symlinkSync("/etc", `${sandbox.path}/work/out`);
    expect(await rollback("--to", first, path)).toMatchObject({ object: "error", code });
    expect(await git("rev-parse", "HEAD")).toBe(second);
  });
});

describe("is refused", () => {
  test.each([
    "nowhere",
    "",
    "--all",
    "main..side",
    "HEAD~9",
    "HEAD:a",
    "a\nb",
    "0123456789012345678901234567890123456789",
  ])("to %j", async (ref) => {
    sandbox.write("work/a", "dirty\n");
    const answer = await rollback(`--to=${ref}`);
    expect(answer).toMatchObject({ object: "error", code: "NOT_FOUND" });
    expect(sandbox.read("work/a")).toBe("dirty\n");
    expect(await savedRefs()).toBe("");
  });

  test("on a branch without a commit, and without a version", async () => {
    await git("switch", "-q", "--orphan", "new");
    expect(await rollback("--to", "main")).toMatchObject({ code: "NOT_FOUND" });
    expect((await trunks(sandbox, ["rollback"], { folder })).status).toBe(2);
  });

  test("while a repository without a commit is in the folder; one with commits stays as it is", async () => {
    await sandbox.git(["init", "-q", "work/own"]);
    sandbox.write("work/own/file", "inside\n");
    expect(await rollback("--to", first)).toMatchObject({
      code: "PRECONDITION_FAILED",
      message: "a repository of its own that has no commit is in this folder: own/",
    });
    expect(await git("rev-parse", "HEAD")).toBe(second);
    const inner = await commit(sandbox, "work/own", "inner");
    await rollback("--to", first);
    expect(sandbox.read("work/own/file")).toBe("inside\n");
    expect(await sandbox.git(["rev-parse", "HEAD"], { folder: "work/own" })).toBe(inner);
  });

  test("to a tree that git would not check out", async () => {
    const blob = await sandbox.git(["hash-object", "-w", "--stdin"], { folder, input: "evil\n" });
    const tree = await sandbox.git(["mktree"], { folder, input: `100644 blob ${blob}\tconfig\n` });
    const top = await sandbox.git(["mktree"], { folder, input: `040000 tree ${tree}\t.GIT\n` });
    const evil = await git("commit-tree", "-m", "evil", top);
    sandbox.write("work/a", "dirty\n");
    expect(await rollback("--to", evil)).toMatchObject({ object: "error" });
    expect(sandbox.read("work/a")).toBe("dirty\n");
    expect(await git("rev-parse", "HEAD")).toBe(second);
  });
});

describe("branch switch", () => {
  const to = (name: string, ...args: string[]) =>
    trunksJson<{ id: string; saved_ref: string | null }>(sandbox, ["branch", "switch", name, ...args], { folder });

  test("saves what is not committed, and has the branch's files alone", async () => {
    await git("branch", "-q", "side", first);
    sandbox.write("work/a", "dirty\n");
    sandbox.write("work/untracked", "untracked\n");
    sandbox.write("work/x.o", "ignored\n");
    const { saved_ref } = await trunksJson<{ saved_ref: string }>(sandbox, ["branch", "switch", "--name", "side"], {
      folder,
    });
    expect(files()).toEqual({ ...versionOne, "x.o": "ignored\n" });
    expect(await git("symbolic-ref", "HEAD")).toBe("refs/heads/side");
    expect(await git("status", "--porcelain")).toBe("");
    expect(await git("show", `${saved_ref}:untracked`, `${saved_ref}:a`)).toBe("untracked\ndirty");
    expect(await to("side")).toEqual({ object: "switch", branch: "side", id: first, saved_ref: null });
    await git("switch", "-q", "-");
    expect(await git("symbolic-ref", "HEAD")).toBe("refs/heads/main");
  });

  test("saves commits that are not pushed, also those on no branch", async () => {
    await git("branch", "-q", "side", first);
    await git("switch", "-q", "--detach");
    const aside = await commit(sandbox, folder, "aside");
    const { saved_ref } = await to("side");
    expect(await git("rev-parse", saved_ref as string)).toBe(aside);
    expect((await to("main")).saved_ref).toBeNull();
  });

  test("brings a branch that only the trunk has", async () => {
    await git("push", "-q", "origin", `${first}:refs/heads/theirs`);
    await git("update-ref", "-d", "refs/remotes/origin/theirs");
    expect(await to("theirs")).toMatchObject({ id: first });
    expect(await git("rev-parse", "--abbrev-ref", "theirs@{upstream}")).toBe("origin/theirs");
    expect(files()).toEqual(versionOne);
  });

  test("from a branch without a commit saves its files", async () => {
    await git("switch", "-q", "--orphan", "new");
    sandbox.write("work/draft", "draft\n");
    const { saved_ref } = await to("main");
    expect(await git("show", `${saved_ref}:draft`)).toBe("draft");
    expect(files()).toEqual(versionTwo);
  });

  test("keeps a submodule's own folder", async () => {
    await sandbox.git(["init", "-q", "library"]);
    await commit(sandbox, "library", "one");
    await git("branch", "-q", "side");
    await git("submodule", "--quiet", "add", `${sandbox.path}/library`, "library");
    await git("commit", "-q", "-m", "with a submodule");
    sandbox.write("work/library/work", "inside\n");
    await to("side");
    expect(sandbox.read("work/library/work")).toBe("inside\n");
    await to("main");
    expect(await git("status", "--porcelain", "--ignore-submodules=dirty")).toBe("");
  });

  test.each([
    ["nowhere", "NOT_FOUND"],
    ["a..b", "INVALID_ARGUMENT"],
    ["-x", "NOT_FOUND"],
    ["@{-1}", "INVALID_ARGUMENT"],
  ])("refuses %s", async (name, code) => {
    const answer = await trunksJson(sandbox, ["branch", "switch", `--name=${name}`], { folder });
    expect(answer).toMatchObject({ object: "error", code });
  });

  test("refuses a branch that another worktree stands on", async () => {
    mkdirSync(`${sandbox.path}/trees`);
    await git("worktree", "add", "-q", "-b", "elsewhere", `${sandbox.path}/trees/elsewhere`);
    expect(await to("elsewhere")).toMatchObject({ object: "error", code: "PRECONDITION_FAILED" });
    expect(await trunksJson(sandbox, ["branch", "switch", "main"], { folder: "trees/elsewhere" })).toMatchObject({
      code: "PRECONDITION_FAILED",
    });
  });
});
