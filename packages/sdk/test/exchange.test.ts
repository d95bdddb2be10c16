import { isTrunksError } from "@trunks/core";
import { decodeText } from "@trunks/repo";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SeededRandom } from "../../repo/test/seeded-random.ts";
import { Trunk } from "../src/index.ts";
import { GitSandbox } from "./support/git-sandbox.ts";

const sandbox = new GitSandbox();
afterAll(() => sandbox.remove());

describe("git clones what was pushed here", () => {
  test("files of all kinds, branches and tags", async () => {
    await using trunk = await Trunk.open(sandbox.url("kinds"), { create: true });
    await trunk.write("README.md", "# Kinds\n");
    await trunk.write("bin/run", "#!/bin/sh\nexit 0\n", { type: "executable" });
    await trunk.write("link", "bin/run", { type: "symlink" });
    await trunk.write("deep/er/name é\udcff", new Uint8Array([0, 1, 2, 255]));
    await trunk.mkdir("empty");
    const first = await trunk.commit({ message: "first" });
    expect(await trunk.push()).toMatchObject({ pushed: true, new_id: first.id, old_id: null });
    await trunk.move("README.md", "docs/README.md");
    await trunk.copy("bin", "tools");
    await trunk.remove("link");
    const second = await trunk.commit({ message: "second" });
    await trunk.push();
    await trunk.branches.create({ name: "agent/run-7", from: first.id });
    await trunk.tags.create({ name: "v1", message: "version 1" });
    await trunk.tags.create({ name: "light", from: first.id });

    await sandbox.git(["clone", "-q", `trunks::${sandbox.url("kinds")}`, "kinds"]);
    const folder = "kinds";
    const git = (...args: string[]) => sandbox.git(args, { folder });
    expect(await git("fsck", "--strict", "--full")).toBe("");
    expect(await git("rev-parse", "HEAD", "origin/agent/run-7", "v1^{commit}", "light")).toBe(
      [second.id, first.id, second.id, first.id].join("\n"),
    );
    expect(await git("cat-file", "-t", "v1")).toBe("tag");
    expect((await git("ls-tree", "-r", first.id)).split("\n").map((line) => line.split(/[ \t]/)[0])).toEqual([
      "100644",
      "100755",
      "100644",
      "120000",
    ]);
    expect(await git("-c", "core.quotePath=true", "ls-tree", "-r", "--name-only", "HEAD")).toBe(
      ["bin/run", '"deep/er/name \\303\\251\\377"', "docs/README.md", "tools/run"].join("\n"),
    );
    expect(await git("status", "--porcelain")).toBe("");
  });

  test("a push that is too large to be inline", async () => {
    await using trunk = await Trunk.open(sandbox.url("large"), { create: true, memorySizeBytes: 2 ** 18 });
    const random = new SeededRandom(3);
    const noise = random.bytes(3 * 2 ** 20);
    async function* pieces() {
      for (let at = 0; at < noise.length; at += 100_000) yield noise.subarray(at, at + 100_000);
    }
    await trunk.write("streamed", pieces());
    await trunk.write("whole", noise.slice(1));
    for (let number = 0; number < 50; number++) await trunk.write(`small/${number}`, random.bytes(20_000));
    await trunk.commit({ message: "large" });
    await trunk.push();
    expect(Buffer.compare((await trunk.readBytes("streamed")) as Uint8Array, noise)).toBe(0);
    await sandbox.git(["clone", "-q", `trunks::${sandbox.url("large")}`, "large"]);
    const blobs = await sandbox.gitBytes(["cat-file", "blob", "HEAD:streamed"], { folder: "large" });
    expect(blobs.equals(noise)).toBe(true);
    expect(await sandbox.git(["fsck", "--strict"], { folder: "large" })).toBe("");
  });

  test("with ids of SHA-256", async () => {
    await using trunk = await Trunk.open(sandbox.url("sha256"), { create: "sha256" });
    await trunk.write("folder/file", "text\n");
    const { id } = await trunk.commit({ message: "first" });
    await trunk.push();
    await sandbox.git(["clone", "-q", `trunks::${sandbox.url("sha256")}`, "sha256"]);
    expect(await sandbox.git(["rev-parse", "HEAD"], { folder: "sha256" })).toBe(id);
    expect(await sandbox.git(["fsck", "--strict"], { folder: "sha256" })).toBe("");
    sandbox.write("sha256/other", "by git\n");
    await sandbox.git(["add", "-A"], { folder: "sha256" });
    await sandbox.git(["commit", "-q", "-m", "second"], { folder: "sha256" });
    await sandbox.git(["push", "-q"], { folder: "sha256" });
    await trunk.pull();
    expect(await trunk.read("other")).toBe("by git\n");
  });

  test("what only git writes survives: submodules, old modes, bytes that are no text", async () => {
    const folder = "odd";
    await sandbox.git(["init", "-q", folder]);
    const blob = await sandbox.git(["hash-object", "-w", "--stdin"], { folder, input: "x" });
    const lines = [
      `160000 commit ${"1".repeat(40)}\tmodule`,
      `100664 blob ${blob}\told`,
      `100644 blob ${blob}\tname \xff`,
    ];
    const input = Buffer.from(`${lines.join("\0")}\0`, "latin1");
    const tree = await sandbox.git(["mktree", "-z", "--missing"], { folder, input });
    const message = Buffer.from("caf\xe9\n", "latin1");
    const commit = await sandbox.git(["commit-tree", tree], { folder, input: message });
    const remote = `trunks::${sandbox.url("odd")}`;
    await sandbox.git(["push", "-q", remote, `${commit}:refs/heads/main`], { folder });
    await using trunk = await Trunk.open(sandbox.url("odd"));
    expect((await trunk.list()).data.map(({ path, type, mode }) => [path, type, mode])).toEqual([
      ["module", "submodule", "160000"],
      ["name \udcff", "file", "100644"],
      ["old", "file", "100664"],
    ]);
    await trunk.write("new", "new\n");
    await trunk.copy("name \udcff", "copy \udcfe");
    await trunk.commit({ message: "second" });
    await trunk.push();
    await sandbox.git(["fetch", "-q", remote, "main"], { folder });
    const changes = await sandbox.git(["diff-tree", "-r", "--name-status", commit, "FETCH_HEAD"], { folder });
    expect(changes.split("\n")).toEqual(['A\t"copy \\376"', "A\tnew"]);
  });
});

describe("what git pushed is read here", () => {
  let trunk: Trunk;
  const texts = new Map<string, string>();
  const random = new SeededRandom(11);

  beforeAll(async () => {
    const folder = "pushed";
    const git = (...args: string[]) => sandbox.git(args, { folder });
    await sandbox.git(["init", "-q", folder]);
    await git("remote", "add", "origin", `trunks::${sandbox.url("pushed")}`);
    const lines = Array.from({ length: 4000 }, (_, line) => `line ${line} ${random.hex(8)}`);
    const commit = async (path: string, text: string, message: string) => {
      sandbox.write(`${folder}/${path}`, text);
      texts.set(path, text);
      await git("add", "-A");
      await git("commit", "-q", "-m", message);
    };
    // Versions of one text become deltas, in packs above and below the size of an inline one.
    await commit("src/lines.txt", lines.join("\n"), "lines");
    await commit("noise", random.hex(3_000_000), "noise, so that the push is a segment");
    for (let version = 0; version < 10; version++) {
      lines[version * 100] = `version ${version}`;
      await commit("src/lines.txt", lines.join("\n"), `version ${version}`);
    }
    await git("push", "-q", "origin", "main");
    for (let version = 0; version < 5; version++) {
      lines[version * 100 + 7] = `later ${version}`;
      await commit("src/lines.txt", lines.join("\n"), `later ${version}`);
      // Small, and so inline and thin.
      await git("push", "-q", "origin", "main");
    }
    await commit("more-noise", random.hex(2_500_000), "another segment");
    await git("tag", "-a", "v1", "-m", "version 1");
    await git("push", "-q", "origin", "main", "v1");
    trunk = await Trunk.open(sandbox.url("pushed"));
  });
  afterAll(() => trunk?.close());

  test("every file, whole, by range and as a stream", async () => {
    for (const [path, text] of texts) {
      expect((await trunk.read(path)) === text).toBe(true);
      expect(await trunk.read(path, { range: { start: 100, end: 200 } })).toBe(text.slice(100, 200));
      expect(await trunk.read(path, { range: { suffix: 7 } })).toBe(text.slice(-7));
      const stream = await trunk.readStream(path);
      const pieces: Uint8Array[] = [];
      for await (const piece of stream ?? []) pieces.push(piece);
      expect(stream?.size).toBe(text.length);
      expect(decodeText(Buffer.concat(pieces)) === text).toBe(true);
    }
    const found = new Set<string>();
    for await (const { path, bytes } of trunk.readFiles("", { recursive: true })) {
      expect(texts.get(path) === decodeText(bytes)).toBe(true);
      found.add(path);
    }
    expect(found).toEqual(new Set(texts.keys()));
  });

  test("every version of every file", async () => {
    const { data: commits } = await trunk.log({ limit: 1000 });
    const log = await sandbox.git(["log", "--format=%H", "main"], { folder: "pushed" });
    expect(commits.map(({ id }) => id)).toEqual(log.split("\n"));
    for (const { id } of commits) {
      const listed = await sandbox.git(["ls-tree", "-r", "--format=%(objectmode) %(objectname) %(path)", id], {
        folder: "pushed",
      });
      const { data } = await trunk.list("", { ref: id, recursive: true });
      expect(data.map(({ mode, id, path }) => `${mode} ${id} ${path}`).join("\n")).toBe(listed);
      const lines = await trunk.readBytes("src/lines.txt", { ref: id });
      const expected = await sandbox.gitBytes(["cat-file", "blob", `${id}:src/lines.txt`], { folder: "pushed" });
      expect(expected.equals(lines as Uint8Array)).toBe(true);
    }
  });

  test("by names of versions", async () => {
    for (const name of ["main", "v1", "HEAD~3", "main^", "refs/heads/main", "refs/tags/v1", "v1~2"]) {
      const id = await sandbox.git(["rev-parse", `${name}^{commit}`], { folder: "pushed" });
      expect((await trunk.resolve(name))?.id).toBe(id);
      expect((await trunk.resolve(id.slice(0, 9)))?.id).toBe(id);
    }
    expect(await trunk.resolve("nothing")).toBeUndefined();
    expect(await trunk.resolve("main~1000")).toBeUndefined();
  });

  test("missing files are no failure", async () => {
    expect(await trunk.read("nothing")).toBeUndefined();
    expect(await trunk.read("noise/below a file")).toBeUndefined();
    expect(await trunk.exists("src")).toBe(true);
    const error = await trunk.read("src").catch((thrown) => thrown);
    expect(isTrunksError(error, "INVALID_ARGUMENT")).toBe(true);
  });
});
