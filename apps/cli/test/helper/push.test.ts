import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { commit, makeRepository, makeTrunk } from "../support/repository.ts";
import { Sandbox } from "../support/sandbox.ts";

let sandbox: Sandbox;
let count = 0;
/** A repository with one commit, which the trunk has too. */
let work: string;
let url: string;

beforeAll(() => {
  sandbox = new Sandbox();
});
afterAll(() => sandbox.remove());
beforeEach(async () => {
  work = `work-${++count}`;
  await makeTrunk(sandbox, work, work);
  url = sandbox.trunkUrl(work);
});

const git = (folder: string, ...args: string[]) => sandbox.git(args, { folder });
const tryGit = (folder: string, ...args: string[]) => sandbox.tryGit(args, { folder });
const remoteRefs = async () => (await git("", "ls-remote", url)).split("\n").filter(Boolean);
const idOf = (name: string) => git(work, "rev-parse", name);

/** Lets a push of a second clone come between the listing of refs and the push itself. */
async function comeBetween(...pushed: string[]): Promise<string> {
  const other = `${work}-other`;
  await git("", "clone", "-q", url, other);
  const id = await commit(sandbox, other, "theirs");
  const push = `git push -q origin ${pushed.join(" ")}`;
  // git tells hooks which repository it works in.
  sandbox.write(`${work}/.git/hooks/pre-push`, `#!/bin/sh\nunset GIT_DIR\ncd "${sandbox.path}/${other}" && ${push}\n`);
  await sandbox.run("chmod", ["+x", `${work}/.git/hooks/pre-push`]);
  return id;
}

describe("when another push comes between the list and the push", () => {
  test("of the same branch: fetch first, in git's own words", async () => {
    const theirs = await comeBetween("main");
    await commit(sandbox, work, "ours");
    const { status, stdout, stderr } = await tryGit(work, "push", "--porcelain", "origin", "main");
    expect(status).toBe(1);
    expect(stdout.toString()).toContain("!\trefs/heads/main:refs/heads/main\t[rejected] (fetch first)");
    expect(stderr.toString()).toContain("Updates were rejected because the remote contains work that you do");
    expect(await remoteRefs()).toContain(`${theirs}\trefs/heads/main`);
  });

  test("of another branch: nobody notices", async () => {
    const theirs = await comeBetween("main:other");
    const ours = await commit(sandbox, work, "ours");
    await git(work, "push", "-q", "origin", "main");
    expect(await remoteRefs()).toEqual([`${ours}\tHEAD`, `${ours}\trefs/heads/main`, `${theirs}\trefs/heads/other`]);
  });

  test("with a lease: stale info, and their commit stays", async () => {
    const theirs = await comeBetween("main");
    await commit(sandbox, work, "ours");
    const { status, stdout } = await tryGit(work, "push", "--porcelain", "--force-with-lease", "origin", "main");
    expect(status).toBe(1);
    expect(stdout.toString()).toContain("!\trefs/heads/main:refs/heads/main\t[rejected] (stale info)");
    expect(await remoteRefs()).toContain(`${theirs}\trefs/heads/main`);
  });

  test("with force: what git had not seen is not thrown away", async () => {
    const theirs = await comeBetween("main");
    await commit(sandbox, work, "ours");
    expect((await tryGit(work, "push", "--force", "origin", "main")).status).toBe(1);
    expect(await remoteRefs()).toContain(`${theirs}\trefs/heads/main`);
  });

  test("of one of several branches: the others are moved", async () => {
    const theirs = await comeBetween("main");
    const ours = await commit(sandbox, work, "ours");
    const { stdout } = await tryGit(work, "push", "--porcelain", "origin", "main", "main:a", "main:b");
    expect(stdout.toString()).toMatch(/!\trefs\/heads\/main:refs\/heads\/main\t\[rejected\] \(fetch first\)/);
    expect(await remoteRefs()).toEqual([
      `${theirs}\tHEAD`,
      `${ours}\trefs/heads/a`,
      `${ours}\trefs/heads/b`,
      `${theirs}\trefs/heads/main`,
    ]);
  });

  test("of one of several branches, atomically: none is moved", async () => {
    const theirs = await comeBetween("main");
    await commit(sandbox, work, "ours");
    const pushed = await tryGit(work, "push", "--porcelain", "--atomic", "origin", "main", "main:a", "main:b");
    expect(pushed.status).toBe(1);
    expect(pushed.stdout.toString()).toContain(
      "!\trefs/heads/main:refs/heads/a\t[remote rejected] (atomic push failure)",
    );
    expect(await remoteRefs()).toEqual([`${theirs}\tHEAD`, `${theirs}\trefs/heads/main`]);
  });

  test("that made the same branch, or one in whose folder it lies", async () => {
    const theirs = await comeBetween("main:new", "main:folder");
    const pushed = await tryGit(work, "push", "--porcelain", "origin", "main:new", "main:folder/inside", "main:fine");
    expect(pushed.status).toBe(1);
    expect(pushed.stdout.toString()).toMatch(/!\t\S*:refs\/heads\/new\t\[rejected\] \(fetch first\)/);
    expect(pushed.stdout.toString()).toMatch(
      /!\t\S*:refs\/heads\/folder\/inside\t\[remote rejected\] \(another ref's name/,
    );
    expect((await remoteRefs()).slice(1)).toEqual([
      `${await idOf("main")}\trefs/heads/fine`,
      `${theirs}\trefs/heads/folder`,
      `${await idOf("main")}\trefs/heads/main`,
      `${theirs}\trefs/heads/new`,
    ]);
  });

  test("that moved a branch which is to be deleted: it stays", async () => {
    await git(work, "push", "-q", "origin", "main:old");
    const theirs = await comeBetween("main:old");
    expect((await tryGit(work, "push", "origin", ":old")).status).toBe(1);
    expect(await remoteRefs()).toContain(`${theirs}\trefs/heads/old`);
  });
});

describe("a signature", () => {
  test("is not pretended: a signed push is refused, and nothing was pushed", async () => {
    await commit(sandbox, work, "ours");
    const { status, stderr } = await tryGit(work, "push", "--signed", "origin", "main:signed");
    expect(status).toBe(128);
    expect(stderr.toString()).toBe("fatal: helper trunks does not support --signed\n");
    expect((await remoteRefs()).join()).not.toContain("signed");
  });

  test("that is wanted only where it is understood is left out", async () => {
    await git(work, "push", "-q", "--signed=if-asked", "origin", "main:unsigned");
    expect((await remoteRefs()).join()).toContain("unsigned");
  });
});

describe("a push", () => {
  test("tells nothing on standard error when it is quiet, and progress only when asked", async () => {
    await commit(sandbox, work, "ours");
    const quiet = await tryGit(work, "push", "-q", "origin", "main");
    expect([quiet.stdout.toString(), quiet.stderr.toString()]).toEqual(["", ""]);
    await commit(sandbox, work, "more");
    const usual = await tryGit(work, "push", "origin", "main");
    expect(usual.stderr.toString()).not.toMatch(/objects/);
    await commit(sandbox, work, "again");
    const asked = await tryGit(work, "push", "--progress", "origin", "main");
    expect(asked.stderr.toString()).toMatch(/Writing objects: 100%/);
    expect(asked.stdout.toString()).toBe("");
  });

  test("that runs dry writes nothing, and makes no trunk", async () => {
    const store = sandbox.names(`store/trunks/${work}.trunk/journal`);
    const { status, stdout } = await tryGit(work, "push", "-n", "--porcelain", "origin", "main:dry");
    expect([status, stdout.toString()]).toEqual([
      0,
      expect.stringContaining("*\trefs/heads/main:refs/heads/dry\t[new branch]"),
    ]);
    expect(sandbox.names(`store/trunks/${work}.trunk/journal`)).toEqual(store);
    await git(work, "push", "-q", "-n", sandbox.trunkUrl(`${work}-new`), "main");
    expect(sandbox.exists(`store/trunks/${work}-new.trunk`)).toBe(false);
  });

  test("leaves its options in the journal", async () => {
    await git(work, "push", "-q", "-o", "ci.skip", "-o", "two words = \u00e4", "origin", "main:other");
    const [newest] = sandbox.names(`store/trunks/${work}.trunk/journal`);
    const record = Buffer.from(sandbox.read(`store/trunks/${work}.trunk/journal/${newest}`), "latin1").toString("utf8");
    expect(record).toContain("\noption ci.skip\noption two words = \u00e4\n");
  });

  test("may put a branch in the place of one that goes, atomically", async () => {
    await git(work, "push", "-q", "origin", "main:a");
    await git(work, "push", "-q", "--atomic", "origin", ":a", "main:a/b");
    expect((await remoteRefs()).map((line) => line.split("\t")[1])).toEqual([
      "HEAD",
      "refs/heads/a/b",
      "refs/heads/main",
    ]);
  });

  test("brings refs of any name: the stash, notes, and some that no server takes", async () => {
    sandbox.write(`${work}/README.md`, "changed\n");
    await git(work, "stash", "-q");
    await git(work, "notes", "add", "-m", "note");
    await git(work, "push", "-q", "origin", "refs/stash", "refs/notes/*:refs/notes/*");
    await git("", "clone", "-q", "--mirror", url, `${work}-mirror`);
    expect(await git(`${work}-mirror`, "rev-parse", "refs/stash", "refs/notes/commits")).toBe(
      await git(work, "rev-parse", "refs/stash", "refs/notes/commits"),
    );
    expect(await git(`${work}-mirror`, "fsck", "--strict", "--no-dangling")).toBe("");
  });

  test("works from wherever git works: a folder inside, a git dir elsewhere, a bare repository", async () => {
    await git(`${work}/src`, "push", "-q", "origin", "main:inside");
    await git("", `--git-dir=${work}/.git`, "push", "-q", "origin", "main:elsewhere");
    await sandbox.git(["push", "-q", "origin", "main:variable"], {
      folder: "store",
      environment: { GIT_DIR: `../${work}/.git`, GIT_WORK_TREE: "/" },
    });
    await git("", "clone", "-q", "--bare", work, `${work}.git`);
    await git(`${work}.git`, "push", "-q", url, "main:bare");
    expect((await remoteRefs()).map((line) => line.split("/").at(-1))).toEqual([
      expect.stringContaining("HEAD"),
      ...["bare", "elsewhere", "inside", "main", "variable"],
    ]);
  });

  test("of a history that is grafted at home is whole", async () => {
    const first = await idOf("main");
    const second = await commit(sandbox, work, "second");
    sandbox.write(`${work}/.git/info/grafts`, `${second}\n`);
    await git(work, "push", "-q", sandbox.trunkUrl(`${work}-grafted`), "main");
    await git("", "clone", "-q", sandbox.trunkUrl(`${work}-grafted`), `${work}-clone`);
    expect(await git(`${work}-clone`, "rev-list", "main")).toBe(`${second}\n${first}`);
  });

  test("of a history with a hole in it fails, and leaves no trunk state behind", async () => {
    const blob = await git(work, "rev-parse", "main:README.md");
    const target = sandbox.trunkUrl(`${work}-hole`);
    await sandbox.run("rm", ["-f", `${work}/.git/objects/${blob.slice(0, 2)}/${blob.slice(2)}`]);
    const { status, stderr } = await tryGit(work, "push", target, "main");
    expect(status).toBe(1);
    expect(stderr.toString()).toContain(blob);
    expect(await git("", "ls-remote", target)).toBe("");
    expect(sandbox.names(`${work}/.git/trunks/tmp`)).toEqual([]);
  });

  test("from a shallow clone may build on what a deleted branch left in the trunk", async () => {
    const second = await commit(sandbox, work, "second");
    await git(work, "push", "-q", "origin", "main:old");
    await git("", "clone", "-q", "--depth=1", "--branch=old", url, `${work}-clone`);
    await git(work, "push", "-q", "origin", ":old");
    await git(`${work}-clone`, "push", "-q", "origin", "old:again");
    await git("", "clone", "-q", "--branch=again", url, `${work}-whole`);
    expect(await git(`${work}-whole`, "rev-list", "again")).toBe(`${second}\n${await idOf("main~1")}`);
  });
});

describe("the first push decides what HEAD names", () => {
  test.each([
    [["main", "other"], "refs/heads/main"],
    [["other", "main"], "refs/heads/main"],
    [["other", "master"], "refs/heads/master"],
    [["other"], "refs/heads/other"],
    [["z", "b"], "refs/heads/z"],
  ])("%j: %s", async (branches, head) => {
    const target = sandbox.trunkUrl(`${work}-head`);
    await git(work, "push", "-q", target, ...branches.map((name) => `main:refs/heads/${name}`));
    expect(await git("", "ls-remote", "--symref", target, "HEAD")).toContain(`ref: ${head}\tHEAD`);
  });

  test("tags alone decide nothing", async () => {
    const target = sandbox.trunkUrl(`${work}-head`);
    await git(work, "push", "-q", target, "main:refs/tags/v1");
    await git(work, "push", "-q", target, "main:refs/heads/main");
    expect(await git("", "ls-remote", "--symref", target, "HEAD")).toContain("ref: refs/heads/main\tHEAD");
  });
});

test("nothing to push to, nothing to push: a message and a status", async () => {
  await makeRepository(sandbox, `${work}-lost`);
  const lost = await tryGit(`${work}-lost`, "push", `trunks::local://${sandbox.path}/no/such/folder/app`, "main");
  expect([lost.status, lost.stderr.toString()]).toEqual([128, expect.stringContaining("fatal: there is no folder")]);
  const wrong = await tryGit(`${work}-lost`, "push", "trunks::nonsense", "main");
  expect([wrong.status, wrong.stderr.toString()]).toEqual([
    128,
    expect.stringContaining("fatal: nonsense is not a URL"),
  ]);
});
