import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { makeIncompleteTrunk } from "../support/incomplete-trunk.ts";
import { noise } from "../support/noise.ts";
import { commit, makeRepository, makeTrunk } from "../support/repository.ts";
import { Sandbox } from "../support/sandbox.ts";

let sandbox: Sandbox;
let count = 0;
/** A repository with one commit, which the trunk has too. */
let work: string;
let url: string;
/** Where the test clones to. */
let clone: string;

beforeAll(() => {
  sandbox = new Sandbox();
});
afterAll(() => sandbox.remove());
beforeEach(async () => {
  work = `work-${++count}`;
  clone = `clone-${count}`;
  await makeTrunk(sandbox, work, work);
  url = sandbox.trunkUrl(work);
});

const git = (folder: string, ...args: string[]) => sandbox.git(args, { folder });
const tryGit = (folder: string, ...args: string[]) => sandbox.tryGit(args, { folder });
const packs = () => sandbox.names(`${clone}/.git/objects/pack`).filter((name) => !name.endsWith(".rev"));
const packCount = () => packs().filter((name) => name.endsWith(".pack")).length;

async function pushMore(message = "more", files?: Readonly<Record<string, string | Uint8Array>>): Promise<string> {
  const id = await commit(sandbox, work, message, files);
  await git(work, "push", "-q", "origin", "main");
  return id;
}

/** Pushes a file that needs a pack of its own. */
function pushLarge(name: string): Promise<string> {
  return pushMore(name, { [name]: noise(1_200_000, name.charCodeAt(0)) });
}

describe("a full clone", () => {
  test("of one large push installs its pack as it is", async () => {
    await pushLarge("a.bin");
    await git(work, "push", "-q", sandbox.trunkUrl(`${work}-whole`), "main");
    const args = ["clone", "-q", sandbox.trunkUrl(`${work}-whole`), clone];
    const { status, stderr } = await sandbox.tryGit(args, { environment: { GIT_TRACE: "1" } });
    expect([status, stderr.toString()]).toEqual([0, expect.not.stringMatching(/index-pack|pack-objects/)]);
    expect(packCount()).toBe(1);
    expect(await git(clone, "fsck", "--strict", "--no-dangling")).toBe("");
  });

  test("of large pushes and small ones has a pack for each large one, one for all small ones, and one for the tips", async () => {
    await pushLarge("a.bin");
    await pushMore("small");
    await pushLarge("b.bin");
    await git(work, "tag", "-a", "-m", "one", "v1");
    await git(work, "push", "-q", "origin", "v1");
    await git("", "clone", "-q", url, clone);
    expect(packs().filter((name) => name.endsWith(".keep"))).toEqual([]);
    expect(packCount()).toBe(4);
    expect(await git(clone, "rev-parse", "main", "v1")).toBe(await git(work, "rev-parse", "main", "v1"));
    expect(await git(clone, "fsck", "--strict", "--no-dangling")).toBe("");
  });

  describe.each([
    ["a small pack", ["inline"]],
    ["a large pack", ["segments"]],
    ["several packs", ["segments", "inline", "segments", "inline"]],
  ] as const)("in %s", (_, kinds) => {
    test("is not walked through again: the journal says that it is complete", async () => {
      await commit(sandbox, work, "second", { "README.md": "another text\n" });
      await makeIncompleteTrunk(sandbox, work, `${work}-incomplete`, kinds);
      await git("", "clone", "-q", sandbox.trunkUrl(`${work}-incomplete`), clone);
      expect(packs().filter((name) => name.endsWith(".keep"))).toEqual([]);
      expect(await git(clone, "rev-parse", "HEAD")).toBe(await git(work, "rev-parse", "main"));
      expect((await tryGit(clone, "fsck")).status).not.toBe(0);
    });

    test.each(["connectivity", "full"])("with trunks.verify=%s is walked through", async (value) => {
      await commit(sandbox, work, "second", { "README.md": "another text\n" });
      await makeIncompleteTrunk(sandbox, work, `${work}-incomplete`, kinds);
      const incomplete = sandbox.trunkUrl(`${work}-incomplete`);
      const { status, stderr } = await tryGit("", "-c", `trunks.verify=${value}`, "clone", "-q", incomplete, clone);
      expect([status, stderr.toString()]).toEqual([
        128,
        expect.stringMatching(/remote did not send all necessary objects/),
      ]);
      expect(sandbox.exists(clone)).toBe(false);
      await git("", "-c", `trunks.verify=${value}`, "clone", "-q", url, clone);
    });
  });

  test("with trunks.verify=nonsense: a message and a status", async () => {
    const { status, stderr } = await tryGit("", "-c", "trunks.verify=nonsense", "clone", "-q", url, clone);
    expect(status).toBe(128);
    expect(stderr.toString()).toMatch(
      /^fatal: trunks.verify is "nonsense"\nhint: set it to digest, connectivity or full/,
    );
    expect(sandbox.exists(clone)).toBe(false);
  });

  test("that fails leaves no folder behind, so that it can be tried again", async () => {
    expect((await tryGit("", "clone", "-q", "--branch", "no-such", url, clone)).status).toBe(128);
    expect(sandbox.exists(clone)).toBe(false);
  });

  test("looks into the objects when git's own settings or trunks.verify say so", async () => {
    const target = sandbox.trunkUrl(`${work}-bad`);
    // What is called `.git` in a tree is refused by git when it looks.
    const tree = await sandbox.git(["mktree", "--missing"], {
      folder: work,
      input: `160000 commit ${"1".repeat(40)}\t.git\n`,
    });
    const pushed = await git(work, "commit-tree", "-m", "bad", tree);
    await git(work, "push", "-q", target, `${pushed}:refs/heads/main`);
    await git("", "clone", "-q", "--no-checkout", target, `${clone}-trusting`);
    for (const setting of ["trunks.verify=full", "fetch.fsckObjects=true", "transfer.fsckObjects=true"]) {
      const { status, stderr } = await tryGit("", "-c", setting, "clone", "-q", "--no-checkout", target, clone);
      expect([setting, status, stderr.toString()]).toEqual([setting, 128, expect.stringContaining("hasDotgit")]);
      expect(sandbox.exists(clone)).toBe(false);
    }
  });
});

test("a .gitmodules file that means harm is noticed, whichever push brought it", async () => {
  const harm = '[submodule "../../x"]\n\tpath = x\n\turl = https://example.org/\n';
  const blob = await sandbox.git(["hash-object", "-w", "--stdin"], { folder: work, input: harm });
  const target = sandbox.trunkUrl(`${work}-harm`);
  await git(work, "push", "-q", target, `${blob}:refs/tags/blob`, "main");
  const bytes = noise(1_200_000, 7);
  const large = await sandbox.git(["hash-object", "-w", "--stdin"], { folder: work, input: bytes });
  const tree = await sandbox.git(["mktree"], {
    folder: work,
    input: `100644 blob ${blob}\t.gitmodules\n100644 blob ${large}\tlarge.bin\n`,
  });
  const commitId = await git(work, "commit-tree", "-m", "harm", tree);
  await git(work, "push", "-q", target, `${commitId}:refs/heads/harm`);
  await git("", "clone", "-q", target, `${clone}-trusting`);
  const { status, stderr } = await tryGit("", "-c", "trunks.verify=full", "clone", "-q", target, clone);
  expect([status, stderr.toString()]).toEqual([128, expect.stringContaining("gitmodulesName")]);
  expect(sandbox.exists(clone)).toBe(false);
});

describe("many small pushes", () => {
  beforeEach(async () => {
    await git("", "clone", "-q", url, clone);
    for (let index = 0; index < 8; index++) await pushMore(`small-${index}`);
  });

  test("become loose objects, as git would have it", async () => {
    const before = packs();
    await git(clone, "fetch", "-q");
    expect(packs()).toEqual(before);
    expect(await git(clone, "rev-parse", "origin/main")).toBe(await git(work, "rev-parse", "main"));
  });

  test.each(["fetch.unpackLimit", "transfer.unpackLimit"])("become one pack above %s", async (setting) => {
    await git(clone, "config", setting, "5");
    await git(clone, "fetch", "-q");
    expect(packCount()).toBe(2);
    expect(await git(clone, "fsck", "--strict", "--no-dangling")).toBe("");
  });

  test("become packs that git has looked into, when it shall", async () => {
    await git(clone, "config", "fetch.fsckObjects", "true");
    await git(clone, "fetch", "-q");
    expect(await git(clone, "rev-parse", "origin/main")).toBe(await git(work, "rev-parse", "main"));
  });
});

test("two pushes that brought the same object, on which a third one builds, arrive", async () => {
  const lines = Array.from({ length: 400 }, (_, line) => `line ${line}\n`).join("");
  await pushMore("base", { file: lines });
  await makeRepository(sandbox, `${work}-again`);
  await commit(sandbox, `${work}-again`, "the same file in another history", { file: lines });
  await git(`${work}-again`, "push", "-q", url, "main:again");
  await pushMore("thin", { file: `${lines}one more\n` });
  await git("", "clone", "-q", url, clone);
  expect(await git(clone, "rev-parse", "origin/main")).toBe(await git(work, "rev-parse", "main"));
  expect(await git(clone, "fsck", "--strict", "--no-dangling")).toBe("");
});

describe("a partial clone", () => {
  beforeEach(async () => {
    for (const name of ["one", "two", "three"])
      await pushMore(name, { file: `${name} here\n`, [`folder/${name}`]: `${name}\n` });
    await git("", "clone", "-q", "--no-checkout", "--filter=blob:none", url, clone);
  });
  const missing = async () =>
    (await git(clone, "rev-list", "--objects", "--missing=print", "main"))
      .split("\n")
      .filter((line) => line.startsWith("?"));

  test("has a .promisor file beside each pack, and no blobs", async () => {
    const stems = packs()
      .filter((name) => name.endsWith(".pack"))
      .map((name) => name.replace(/\.pack$/, ""));
    expect(stems).toHaveLength(1);
    for (const stem of stems) expect(packs()).toContain(`${stem}.promisor`);
    expect(await missing()).toHaveLength(8);
  });

  test("fetches what is looked at, and nothing else", async () => {
    expect(await git(clone, "cat-file", "-p", "main~1:file")).toBe("two here");
    expect(await missing()).toHaveLength(7);
    await git(clone, "checkout", "-q", "main");
    expect(await missing()).toHaveLength(1);
    expect(await git(clone, "fsck", "--strict", "--no-dangling")).toBe("");
  });

  test("without the trunk: a message and a status", async () => {
    await sandbox.run("mv", [`store/trunks/${work}.trunk`, `store/trunks/${work}.moved`]);
    const { status, stderr } = await tryGit(clone, "cat-file", "-p", "main~1:file");
    expect(status).not.toBe(0);
    expect(stderr.toString()).toMatch(/fatal: /);
  });

  test("gives away what it has, and fetches for a push only what is new", async () => {
    await git(clone, "commit", "-q", "--allow-empty", "-m", "mine");
    const before = await missing();
    await git(clone, "push", "-q", "origin", "main");
    expect(await missing()).toEqual(before);
    await git(clone, "update-ref", "-d", "refs/remotes/origin/main");
    await git(clone, "push", "-q", "origin", "main:other");
    expect(await missing()).toEqual(before);
  });
});

describe("a submodule", () => {
  beforeEach(async () => {
    await git(work, "submodule", "--quiet", "add", "-b", "main", url, "sub");
    await git(work, "config", "-f", ".gitmodules", "submodule.sub.url", `../${work}`);
    await git(work, "commit", "-q", "-a", "-m", "a submodule of itself");
    await git(work, "push", "-q", sandbox.trunkUrl(`${work}-outer`), "main");
  });
  const cloneWith = (...settings: string[]) =>
    tryGit("", ...settings, "clone", "-q", "--recurse-submodules", sandbox.trunkUrl(`${work}-outer`), clone);

  test("is found by a relative URL", async () => {
    const { status, stderr } = await cloneWith();
    expect([status, stderr.toString()]).toEqual([0, ""]);
    expect(await git(`${clone}/sub`, "remote", "get-url", "origin")).toBe(url);
    expect(await git(`${clone}/sub`, "rev-parse", "HEAD")).toBe(await git(work, "rev-parse", "HEAD:sub"));
  });

  test("is cloned only when the user allows this kind of remote for submodules", async () => {
    const { status, stderr } = await cloneWith("-c", "protocol.trunks.allow=user");
    expect(status).not.toBe(0);
    expect(stderr.toString()).toContain("fatal: transport 'trunks' not allowed");
  });
});

describe("messages", () => {
  test("a quiet fetch says nothing; a usual one what git says", async () => {
    await git("", "clone", "-q", url, clone);
    await pushMore();
    const quiet = await tryGit(clone, "fetch", "-q");
    expect([quiet.stdout.toString(), quiet.stderr.toString()]).toEqual(["", ""]);
    await pushMore("again");
    const usual = await tryGit(clone, "fetch");
    expect(usual.stdout.toString()).toBe("");
    expect(usual.stderr.toString()).toMatch(/^From trunks::\S+\n {3}\S+ +main +-> origin\/main\n$/);
  });

  test("depth needs protocol version 2, and it says so", async () => {
    const { status, stderr } = await tryGit("", "-c", "protocol.version=0", "clone", "-q", "--depth=1", url, clone);
    expect(status).toBe(128);
    expect(stderr.toString()).toMatch(
      /fatal: depth and filters need Git's protocol version 2\nhint: git config protocol.version 2/,
    );
  });

  test("a trunk that is not there is told of in the same words for each command", async () => {
    const nowhere = sandbox.trunkUrl("nowhere");
    for (const args of [
      ["ls-remote", nowhere],
      ["clone", "-q", nowhere, clone],
      ["clone", "-q", "--depth=1", nowhere, clone],
    ]) {
      const { status, stderr } = await tryGit("", ...args);
      expect(status).toBe(128);
      expect(stderr.toString()).toMatch(
        /^fatal: there is no trunk here\nhint: the first `git push` makes one; check the URL\n/,
      );
    }
    expect(sandbox.exists(clone)).toBe(false);
  });

  test("what this kind of remote cannot do: an archive, and negotiation alone", async () => {
    const archive = await tryGit(work, "archive", "--remote", url, "main");
    expect([archive.status, archive.stdout.length]).toEqual([128, 0]);
    expect(archive.stderr.toString()).toBe("fatal: operation not supported by protocol\n");
    await git("", "clone", "-q", url, clone);
    const negotiation = await tryGit(clone, "fetch", "--negotiate-only", "--negotiation-tip=main", "origin");
    expect(negotiation.status).not.toBe(0);
    expect(negotiation.stderr.toString()).toBe("warning: --negotiate-only requires protocol v2\n");
  });
});

describe("a trunk that went back in time", () => {
  test("is noticed by a clone that knows more", async () => {
    await git("", "clone", "-q", url, clone);
    const id = await pushMore();
    await git(clone, "fetch", "-q");
    const journal = `store/trunks/${work}.trunk/journal`;
    const [newest] = sandbox.names(journal);
    await sandbox.run("rm", [`${journal}/${newest}`]);
    const { status, stderr } = await tryGit(clone, "push", "origin", "main:other");
    expect(status).toBe(128);
    expect(stderr.toString()).toMatch(/fatal: the trunk is not the one that was here before/);
    expect(await git(clone, "rev-parse", "origin/main")).toBe(id);
  });
});
