import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import type { Mount } from "@trunks/sdk";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Git } from "../src/git.ts";
import { gitEnvironment } from "../src/git-environment.ts";
import { listMountStates, listMounts, mount, recover, unmount, watchStatus } from "../src/index.ts";
import { flushWatch, startWatch } from "../src/start-watch.ts";
import { MountSandbox } from "./support/mount-sandbox.ts";
import { killWatcher, names, saved, until, untilStatus } from "./support/states.ts";

let sandbox: MountSandbox;
let made: Mount;
let path: string;
const git = (...args: string[]) => sandbox.git(["-C", "work", ...args]);

beforeEach(async () => {
  sandbox = new MountSandbox();
  await sandbox.makeTrunk();
  made = await sandbox.mount("work", { watch: true });
  path = made.path;
});
afterEach(async () => {
  for (const each of await listMounts()) await unmount({ path: each.path }).catch(() => {});
  vi.unstubAllEnvs();
  sandbox.remove();
});

describe("a change of a watched folder", () => {
  test("is journalled by itself, and index, HEAD and branches are not touched", async () => {
    sandbox.write("work/staged", "staged\n");
    await git("add", "staged");
    const before = [readFileSync(join(path, ".git", "index"), "latin1"), await git("for-each-ref", "refs/heads")];
    sandbox.write("work/README.md", "changed\n");
    const state = await until(async () => {
      const { saved: id } = (await watchStatus(path)) ?? {};
      return id && (await git("show", `${id}:README.md`)) === "changed" && id;
    });
    expect(await git("show", `${state}:staged`)).toBe("staged");
    expect([readFileSync(join(path, ".git", "index"), "latin1"), await git("for-each-ref", "refs/heads")]).toEqual(
      before,
    );
    expect(await git("status", "--porcelain")).toBe("M README.md\nA  staged");
    await git("fsck", "--strict");
  });

  test("outlives a watcher that is killed: every state that was said to be safe is listed, and comes back", async () => {
    const ids: string[] = [];
    for (const text of ["one\n", "two\n", "three\n"]) {
      sandbox.write("work/notes", text);
      sandbox.write(`work/deep/${text.trim()}/file`, text);
      ids.unshift(await saved(path));
    }
    await killWatcher(path);
    rmSync(join(path, "notes"));
    rmSync(join(path, "deep"), { recursive: true });
    const states = await listMountStates({ path });
    expect(states.map(({ id }) => id).slice(0, 3)).toEqual(ids);
    expect(states[0]).toMatchObject({ mountId: made.id, branch: "main", head: made.head });
    const { before, restored } = await recover({ path, to: ids[1] as string });
    expect(sandbox.read("work/notes")).toBe("two\n");
    expect(restored).toEqual(["deep/one/file", "deep/two/file", "notes"]);
    await recover({ path, to: before as string });
    expect(sandbox.exists("work/notes")).toBe(false);
    await recover({ path, to: ids[0] as string, paths: ["deep/three"] });
    expect([sandbox.read("work/deep/three/file"), sandbox.exists("work/deep/one")]).toEqual(["three\n", false]);
    await recover({ path, to: ids[0] as string, into: join(sandbox.path, "elsewhere") });
    expect(sandbox.read("elsewhere/notes")).toBe("three\n");
  });

  test("that was made while nobody watched is journalled by the next watcher, after what was", async () => {
    sandbox.write("work/first", "first\n");
    const first = await saved(path);
    await killWatcher(path);
    expect(await listMounts()).toMatchObject([{ watch: true, watcher: null }]);
    sandbox.write("work/second", "second\n");
    await mount({ path });
    const { saved: id } = (await watchStatus(path)) as { saved: string };
    expect(await names(sandbox, "work", id)).toEqual(expect.arrayContaining(["first", "second"]));
    expect(await git("rev-parse", `${id}^`)).toBe(first);
  });

  test("in folders that are made and moved at once is never missed", async () => {
    for (let number = 0; number < 100; number++) sandbox.write(`work/new/${number}/deep/er/file`, `${number}\n`);
    expect(await names(sandbox, "work", await saved(path))).toHaveLength(106);
    for (let number = 0; number < 100; number++) sandbox.write(`work/new/${number}/deep/er/file`, `later ${number}\n`);
    const later = await saved(path);
    expect(await git("show", `${later}:new/99/deep/er/file`)).toBe("later 99");
    renameSync(join(path, "new"), join(path, "moved"));
    sandbox.write("work/moved/7/deep/er/file", "moved\n");
    const moved = await saved(path);
    expect(await git("show", `${moved}:moved/7/deep/er/file`)).toBe("moved");
    expect((await names(sandbox, "work", moved)).filter((name) => name.startsWith("new/"))).toEqual([]);
    sandbox.write("work/moved/8/deep/er/file", "again\n");
    expect(await git("show", `${await saved(path)}:moved/8/deep/er/file`)).toBe("again");
    rmSync(join(path, "moved"), { recursive: true });
    expect(await names(sandbox, "work", await saved(path))).toHaveLength(6);
  });

  test("made as editors do, by a new file in the place of the old one, is one file's change", async () => {
    sandbox.write("work/.README.md.swp", "half");
    renameSync(join(path, ".README.md.swp"), join(path, "README.md"));
    const state = await saved(path);
    expect(await git("diff", "--name-only", made.head as string, state)).toBe("README.md");
  });

  test("by git itself is a state on the new commit: branch switches, commits, merges", async () => {
    await git("switch", "-q", "-c", "other");
    for (let number = 0; number < 50; number++) sandbox.write(`work/many/${number}`, `${number}\n`);
    await git("add", "-A");
    await git("commit", "-q", "-m", "many");
    const [other, main] = [await git("rev-parse", "other"), await git("rev-parse", "main")];
    expect(await git("rev-parse", `${await saved(path)}^2`, `${await saved(path)}^{tree}`)).toBe(
      `${other}\n${await git("rev-parse", "other^{tree}")}`,
    );
    await git("switch", "-q", "main");
    const state = await saved(path);
    expect(await git("rev-parse", `${state}^2`, `${state}^{tree}`)).toBe(
      `${main}\n${await git("rev-parse", "main^{tree}")}`,
    );
    await git("merge", "-q", "--no-ff", "-m", "merged", "other");
    const { saved: merged } = await untilStatus(path, ({ saved: id }) => id !== state);
    expect(await git("rev-parse", `${await saved(path)}^2`)).toBe(await git("rev-parse", "main"));
    expect(merged).not.toBeNull();
  });
});

describe("what is ignored", () => {
  test("is not watched and not journalled, however much it is", async () => {
    sandbox.write("work/.gitignore", "node_modules/\n*.log\n!kept.log\n");
    await saved(path);
    const { folders } = (await watchStatus(path)) as { folders: number };
    for (let number = 0; number < 3000; number++) sandbox.write(`work/node_modules/${number % 300}/${number}`, "x");
    sandbox.write("work/a.log", "log\n");
    sandbox.write("work/kept.log", "log\n");
    const state = await saved(path);
    expect(await names(sandbox, "work", state)).toEqual(expect.arrayContaining(["kept.log", ".gitignore"]));
    expect((await names(sandbox, "work", state)).filter((name) => /node_modules|^a\.log/.test(name))).toEqual([]);
    expect((await watchStatus(path))?.folders).toBe(folders);
    await killWatcher(path);
    await recover({ path, to: (await listMountStates({ path })).at(-1)?.id as string });
    expect([sandbox.exists("work/kept.log"), sandbox.exists("work/a.log")]).toEqual([false, true]);
  });

  test("follows the rules when they change, and is journalled all the same when git tracks it", async () => {
    sandbox.write("work/build/out", "one\n");
    sandbox.write("work/forced.o", "one\n");
    expect(await names(sandbox, "work", await saved(path))).toContain("build/out");
    sandbox.write("work/.gitignore", "build/\n*.o\n");
    await git("add", "-f", "forced.o");
    const state = await saved(path);
    expect(await names(sandbox, "work", state)).not.toContain("build/out");
    sandbox.write("work/forced.o", "two\n");
    expect(await git("show", `${await saved(path)}:forced.o`)).toBe("two");
    rmSync(join(path, ".gitignore"));
    expect(await names(sandbox, "work", await saved(path))).toContain("build/out");
  });
});

test("one process watches a folder: others are refused, however many start at once", async () => {
  const { pid } = (await watchStatus(path)) as { pid: number };
  const own = new Git(path, await gitEnvironment(undefined));
  await expect(startWatch(own)).rejects.toMatchObject({
    code: "CONFLICT",
    message: `the folder is watched already, by process ${pid}`,
  });
  await killWatcher(path);
  const started = await Promise.allSettled(Array.from({ length: 4 }, () => startWatch(own)));
  expect(started.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  sandbox.write("work/later", "later\n");
  expect(await names(sandbox, "work", await saved(path))).toContain("later");
});

test("names, links and files of every kind are journalled or left out, and nothing stalls", async () => {
  const longest = "n".repeat(255);
  sandbox.write(`work/${longest}`, "long\n");
  sandbox.write("work/Case", "upper\n");
  sandbox.write("work/case", "lower\n");
  sandbox.write("outside/secret", "outside\n");
  symlinkSync(join(sandbox.path, "outside"), join(path, "out"));
  writeFileSync(Buffer.concat([Buffer.from(`${path}/`), Buffer.from([0xfe, 0xff])]), "bytes\n");
  execFileSync("mkfifo", [join(path, "pipe")]);
  const server = createServer().listen(join(path, "sock"));
  await once(server, "listening");
  sandbox.write("work/huge", Buffer.alloc(48 * 2 ** 20, "huge "));
  await sandbox.git(["init", "-q", "work/inner"]);
  sandbox.write("work/inner/file", "another repository's\n");
  appendFileSync(join(path, "huge"), "end");
  const state = await saved(path);
  server.close();
  const listed = await names(sandbox, "work", state);
  expect(listed).toEqual(expect.arrayContaining([longest, "Case", "case", "out", "huge"]));
  expect(listed.filter((name) => /^(pipe|sock|inner\/|out\/)/.test(name))).toEqual([]);
  expect(await git("cat-file", "-p", `${state}:out`)).toBe(join(sandbox.path, "outside"));
  expect(await git("cat-file", "-s", `${state}:huge`)).toBe(String(48 * 2 ** 20 + 3));
  await killWatcher(path);
  rmSync(join(path, "out"));
  mkdirSync(join(path, "out"));
  await recover({ path, to: state });
  expect(sandbox.contents("outside")).toEqual(["secret 0 outside\n"]);
});

test("unmount journals what is left, and ends the watching", async () => {
  sandbox.write("work/last", "last\n");
  await made.unmount();
  expect(await watchStatus(path)).toBeUndefined();
  const ref = await git("for-each-ref", "--format=%(refname)", "refs/trunks/journal");
  expect(await names(sandbox, "work", ref)).toContain("last");
});

test("a journal that is pushed comes back on a machine that has nothing but the trunk", async () => {
  await mount({ path, watch: "push" });
  sandbox.write("work/unsaved", "never committed\n");
  await git("commit", "-q", "--allow-empty", "-m", "never pushed");
  const commit = await git("rev-parse", "HEAD");
  const state = await saved(path);
  await untilStatus(path, ({ pushed }) => pushed === state);
  await killWatcher(path);
  for (const folder of ["work", "home/.local"]) rmSync(join(sandbox.path, folder), { recursive: true });
  const other = await sandbox.mount("other");
  expect(await listMountStates({ path: other.path })).toEqual([]);
  const states = await listMountStates({ path: other.path, fromTrunk: true });
  expect(states[0]).toMatchObject({ id: state, mountId: made.id, head: commit });
  await recover({ path: other.path, to: state });
  expect(sandbox.read("other/unsaved")).toBe("never committed\n");
  expect(await sandbox.git(["-C", "other", "log", "-1", "--format=%s", commit])).toBe("never pushed");
  expect(await sandbox.git(["-C", "other", "rev-parse", "HEAD"])).toBe(other.head);
});

test("a journal whose trunk has gone is kept here, and the trouble is told", async () => {
  await mount({ path, watch: "push" });
  const store = join(sandbox.path, "store");
  await untilStatus(path, ({ pushed }) => pushed !== null);
  renameSync(store, `${store}.away`);
  writeFileSync(store, "");
  sandbox.write("work/new", "new\n");
  const state = await saved(path);
  await untilStatus(path, ({ push_trouble: trouble }) => trouble !== null);
  expect(await names(sandbox, "work", state)).toContain("new");
  rmSync(store);
  renameSync(`${store}.away`, store);
  await untilStatus(path, ({ pushed, push_trouble: trouble }) => pushed === state && trouble === null);
});

test("a trunk that has gone is not made anew by its journal, nor does another in its place get it", async () => {
  await mount({ path, watch: "push" });
  await untilStatus(path, ({ pushed }) => pushed !== null);
  const place = join(sandbox.path, "store", "trunks", "app.trunk");
  renameSync(place, `${place}.away`);
  sandbox.write("work/new", "new\n");
  const state = await saved(path);
  await untilStatus(path, ({ push_trouble: trouble }) => trouble !== null);
  expect(sandbox.exists("store/trunks/app.trunk")).toBe(false);
  await sandbox.git(["init", "-q", "--bare", "another"]);
  await sandbox.git(["-C", "another", "fetch", "-q", "../origin", "main:main"]);
  await sandbox.git(["-C", "another", "push", "-q", `trunks::${sandbox.url("app")}`, "main"]);
  sandbox.write("work/new", "newer\n");
  await saved(path);
  await untilStatus(path, ({ push_trouble: trouble }) => trouble !== null);
  expect(await sandbox.git(["ls-remote", `trunks::${sandbox.url("app")}`])).not.toContain("refs/trunks");
  expect(await names(sandbox, "work", state)).toContain("new");
});

test("a folder that is removed ends its watcher's work without harm", async () => {
  await killWatcher(path);
  const program = join(import.meta.dirname, "..", "src", "daemon.ts");
  const child = spawn(process.execPath, [program, join(sandbox.path, "nowhere")], { stdio: ["ignore", 1, 2, "ipc"] });
  const [[message], [status]] = await Promise.all([once(child, "message"), once(child, "exit")]);
  expect([message.error.code, status]).toEqual(["NOT_FOUND", 1]);
  expect(sandbox.exists("nowhere")).toBe(false);
  expect(await flushWatch(path)).toBeUndefined();
});
