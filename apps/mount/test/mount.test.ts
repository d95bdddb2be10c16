import { mkdirSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { isTrunksError, Trunks, type TrunksError } from "@trunks/sdk";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { listMounts, mount, unmount } from "../src/index.ts";
import { MountSandbox } from "./support/mount-sandbox.ts";

let sandbox: MountSandbox;

beforeEach(() => {
  sandbox = new MountSandbox();
});
afterEach(() => {
  vi.unstubAllEnvs();
  sandbox.remove();
});

const refusal = (attempt: Promise<unknown>): Promise<TrunksError> =>
  attempt.then(
    () => expect.fail("it was not refused"),
    (error) => error,
  );

describe("a folder that is new", () => {
  test("of a new trunk is ready to be worked in", async () => {
    const made = await sandbox.mount("work");
    expect(made).toMatchObject({ created: true, adopted: false, kept: [], branch: "main", head: undefined });
    const shell = made.localShell();
    const work = "echo one > a && git add a && git commit -qm one && git push -q && git rev-parse HEAD";
    const { exitCode, stdout, stderr } = await shell.exec(work);
    expect([exitCode, stderr]).toEqual([0, expect.any(String)]);
    expect(await sandbox.git(["ls-remote", `trunks::${sandbox.url("app")}`, "main"])).toContain(stdout.trim());
    expect(await sandbox.git(["-C", "work", "status", "--porcelain", "-b"])).toBe("## main...origin/main");
  });

  test("has every file of the trunk, byte for byte, and git finds nothing changed", async () => {
    const head = await sandbox.makeTrunk();
    const made = await sandbox.mount("deep/work");
    expect(made).toMatchObject({ created: false, adopted: false, kept: [], branch: "main", head });
    await sandbox.git(["clone", "-q", `trunks::${sandbox.url("app")}`, "clone"]);
    expect(sandbox.contents("deep/work")).toEqual(sandbox.contents("clone"));
    expect(await sandbox.git(["-C", "deep/work", "status", "--porcelain", "-b"])).toBe("## main...origin/main");
    await sandbox.git(["-C", "deep/work", "fsck", "--strict"]);
    expect(sandbox.exists("deep/work/.trunks/placing")).toBe(false);
  });

  test("has the ids of a trunk with SHA-256", async () => {
    await sandbox.git(["init", "-q", "--object-format=sha256", "other"]);
    await sandbox.git(["-C", "other", "commit", "-q", "--allow-empty", "-m", "one"]);
    await sandbox.git(["-C", "other", "push", "-q", `trunks::${sandbox.url("app")}`, "main"]);
    expect((await sandbox.mount("work")).head).toBe(await sandbox.git(["-C", "other", "rev-parse", "HEAD"]));
  });
});

describe("a folder with files in it", () => {
  test("keeps every file, and gets what the trunk has beside them", async () => {
    await sandbox.makeTrunk();
    sandbox.write("work/README.md", "mine\n");
    sandbox.write("work/src/main.c", "int main(void) { return 0; }\n");
    sandbox.write("work/new", "new\n");
    const made = await sandbox.mount("work");
    expect(made).toMatchObject({ adopted: true, kept: ["README.md"] });
    expect(sandbox.read("work/README.md")).toBe("mine\n");
    expect(sandbox.read("work/src/deep/er/file")).toBe("deep\n");
    expect(await sandbox.git(["-C", "work", "status", "--porcelain"])).toBe("M README.md\n?? new");
  });

  test("keeps a file where the trunk has a folder, a folder where it has a file, and follows no link", async () => {
    await sandbox.makeTrunk();
    sandbox.write("outside/file", "outside\n");
    sandbox.write("work/src", "a file\n");
    sandbox.write("work/README.md/inside", "a folder\n");
    symlinkSync(join(sandbox.path, "outside"), join(sandbox.path, "work", "bin"));
    const made = await sandbox.mount("work");
    expect(made.kept).toEqual(["README.md", "bin/run", "src/deep/er/file", "src/main.c"]);
    expect(sandbox.contents("outside")).toEqual(["file 0 outside\n"]);
    expect(sandbox.read("work/src")).toBe("a file\n");
    expect(sandbox.read("work/README.md/inside")).toBe("a folder\n");
    expect(sandbox.exists("work/link")).toBe(false); // It points to what is no folder here.
  });

  test("and a repository of its own keeps its commits and its index", async () => {
    await sandbox.makeTrunk();
    await sandbox.git(["init", "-q", "work"]);
    sandbox.write("work/own", "own\n");
    await sandbox.git(["-C", "work", "add", "own"]);
    await sandbox.git(["-C", "work", "commit", "-q", "-m", "own"]);
    sandbox.write("work/staged", "staged\n");
    await sandbox.git(["-C", "work", "add", "staged"]);
    const head = await sandbox.git(["-C", "work", "rev-parse", "HEAD"]);
    expect(await sandbox.mount("work")).toMatchObject({ head, adopted: true, kept: [], remote: "origin" });
    expect(await sandbox.git(["-C", "work", "status", "--porcelain"])).toBe("A  staged");
    expect(await sandbox.git(["-C", "work", "rev-parse", "origin/main"])).not.toBe(head);
  });

  test("that a clone of the trunk is stays as it is, and is a mount", async () => {
    const head = await sandbox.makeTrunk();
    await sandbox.git(["clone", "-q", `trunks::${sandbox.url("app")}`, "work"]);
    rmSync(join(sandbox.path, "work", "README.md"));
    expect(await sandbox.mount("work")).toMatchObject({ head, kept: [], remote: "origin" });
    expect(sandbox.exists("work/README.md")).toBe(false);
    expect(await sandbox.git(["-C", "work", "remote"])).toBe("origin");
  });
});

describe("refused, and left as it is, is", () => {
  const refused = async (folder: string, code: string, message: RegExp, options = {}) => {
    const before = sandbox.contents(folder, []);
    const error = await refusal(sandbox.mount(folder, options));
    expect(error.message).toMatch(message);
    expect(isTrunksError(error) && error.code).toBe(code);
    expect(sandbox.contents(folder, [])).toEqual(before);
  };

  test("a folder of another trunk", async () => {
    await sandbox.makeTrunk("other");
    await sandbox.git(["clone", "-q", `trunks::${sandbox.url("other")}`, "cloned"]);
    await refused("cloned", "CONFLICT", /belongs to another trunk already: .*other/);
    await sandbox.mount("mounted", { repo: "other" });
    await refused("mounted", "CONFLICT", /belongs to another trunk already: .*other\.trunk/);
  });

  test("a worktree, a bare repository, and a folder of another repository", async () => {
    await sandbox.makeTrunk();
    await sandbox.git(["-C", "origin", "worktree", "add", "-q", "../tree"]);
    await refused("tree", "NOT_SUPPORTED", /is a worktree or a submodule/);
    await sandbox.git(["init", "-q", "--bare", "bare"]);
    await refused("bare", "NOT_SUPPORTED", /is a bare repository/);
    await refused("origin/src", "NOT_SUPPORTED", /is part of the repository at .*origin/);
  });

  test("a file, and a folder for which nothing names a store", async () => {
    sandbox.write("file", "a file\n");
    expect((await refusal(sandbox.mount("file"))).code).toBe("ALREADY_EXISTS");
    const error = await refusal(mount({ path: join(sandbox.path, "nowhere") }));
    expect(error.hint).toContain("--backend");
    expect(sandbox.exists("nowhere")).toBe(false);
  });

  test("a mount whose trunk has gone, or is another one now", async () => {
    await sandbox.makeTrunk();
    await sandbox.mount("work");
    const place = join(sandbox.path, "store", "trunks", "app.trunk");
    renameSync(place, `${place}.away`);
    await refused("work", "NOT_FOUND", /the trunk of this mount is gone/);
    expect(sandbox.exists("store/trunks/app.trunk")).toBe(false);
    await sandbox.git(["init", "-q", "--bare", "other"]);
    await sandbox.git(["-C", "other", "fetch", "-q", "../origin", "main:main"]);
    await sandbox.git(["-C", "other", "push", "-q", `trunks::${sandbox.url("app")}`, "main"]);
    await refused("work", "CONFLICT", /there is another trunk now/);
  });
});

describe("a mount that is there", () => {
  test("is brought what others have pushed, by a command that names nothing but the folder", async () => {
    await sandbox.makeTrunk();
    const { id } = await sandbox.mount("work");
    await sandbox.git(["-C", "origin", "commit", "-q", "--allow-empty", "-m", "second"]);
    await sandbox.git(["-C", "origin", "push", "-q", `trunks::${sandbox.url("app")}`, "main"]);
    rmSync(join(sandbox.path, "work", "README.md"));
    expect(await mount({ path: join(sandbox.path, "work") })).toMatchObject({ id, kept: [], adopted: true });
    expect(await sandbox.git(["-C", "work", "status", "--porcelain", "-b"])).toBe(
      "## main...origin/main [behind 1]\n D README.md",
    );
  });

  test("is listed until it is unmounted, which tells what only it has", async () => {
    await sandbox.makeTrunk();
    const made = await sandbox.mount("work");
    const { id, path, repository, url } = made;
    expect(await listMounts()).toEqual([{ id, path, repository, url, state: "ready", watch: false, watcher: null }]);
    await made.localShell().exec("git commit -q --allow-empty -m more; git branch other; echo x > new file");
    const { unpushed } = await unmount({ path: join(path, "src", "deep") });
    expect(unpushed).toEqual({
      branches: [
        { name: "main", commits: 1 },
        { name: "other", commits: 1 },
      ],
      files: ["new"],
      stashes: 0,
    });
    expect(await listMounts()).toEqual([]);
    expect(sandbox.read("work/new")).toBe("x file\n");
    expect((await refusal(unmount({ path }))).code).toBe("NOT_FOUND");
    expect(await sandbox.git(["-C", "work", "rev-list", "--count", "main"])).toBe("2");
  });

  test("is missing in the list when its folder is gone, or another mount's", async () => {
    const { path, id } = await sandbox.mount("work");
    rmSync(path, { recursive: true });
    expect(await listMounts()).toMatchObject([{ id, state: "missing" }]);
    const again = await sandbox.mount("work");
    expect((await listMounts()).map((each) => [each.id === again.id, each.state]).sort()).toEqual([
      [false, "missing"],
      [true, "ready"],
    ]);
  });
});

test("the SDK mounts the store of its clone", async () => {
  await sandbox.makeTrunk();
  const { path } = await sandbox.mount("one");
  const modules = join(sandbox.path, "installed", "node_modules", "@trunks");
  mkdirSync(modules, { recursive: true });
  symlinkSync(join(import.meta.dirname, ".."), join(modules, "mount"));
  const trunks = new Trunks({ cwd: path, installations: [join(sandbox.path, "installed")] });
  const made = await trunks.mount({ repo: "app", path: join(sandbox.path, "two") });
  expect(await made.localShell().exec("cat; exit 3", { input: "told" })).toEqual({
    exitCode: 3,
    stdout: "told",
    stderr: "",
  });
  expect(sandbox.contents("two")).toEqual(sandbox.contents("one"));
});
