import { chmodSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isTrunksError } from "@trunks/sdk";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { setSameSecond } from "../../cli/test/support/same-second.ts";
import type { Sandbox } from "../../cli/test/support/sandbox.ts";
import { mountSmallDisk } from "../../cli/test/support/small-disk.ts";
import { Git } from "../src/git.ts";
import { gitEnvironment } from "../src/git-environment.ts";
import { WatchedFolder } from "../src/watch/watched-folder.ts";
import { MountSandbox } from "./support/mount-sandbox.ts";
import { names, until } from "./support/states.ts";

let sandbox: MountSandbox;
let log: string[];
/** What is undone before the sandbox goes, the last first. */
let endings: (() => unknown)[];

beforeEach(() => {
  sandbox = new MountSandbox();
  log = [];
  endings = [];
});
afterEach(async () => {
  for (const end of endings.reverse()) await end();
  vi.unstubAllEnvs();
  sandbox.remove();
});

async function watchFolder(folder: string): Promise<WatchedFolder> {
  await sandbox.git(["init", "-q", folder]);
  const git = new Git(join(sandbox.path, folder), await gitEnvironment(undefined));
  const watched = new WatchedFolder(git, {
    mountId: "m",
    intervalMs: 2000,
    saved: () => {},
    log: (line) => log.push(line),
  });
  endings.push(() => watched.end());
  await watched.begin();
  return watched;
}

test("more changes than the system's queue holds are all journalled", async () => {
  const watched = await watchFolder("work");
  const most = Number(readFileSync("/proc/sys/fs/inotify/max_queued_events", "utf8"));
  for (let number = 0; number < 10; number++) sandbox.write(`work/${number}`, `${number}\n`);
  // Nothing is read in between, for this process makes the changes itself: so the queue overflows.
  for (let number = 0; number < most; number++) utimesSync(join(sandbox.path, "work", `${number % 10}`), 1, number);
  sandbox.write("work/after", "after\n");
  const state = await watched.flush();
  expect(log).toContainEqual("looking at everything: more changes than the system's queue holds");
  expect(await names(sandbox, "work", state?.id as string)).toHaveLength(11);
  sandbox.write("work/again", "again\n");
  expect(await names(sandbox, "work", (await watched.flush())?.id as string)).toContain("again");
});

test("a checkpoint takes what a round that begins at the same moment would have taken", async () => {
  const watched = await watchFolder("work");
  const git = (...args: string[]) => sandbox.git(["-C", "work", ...args]);
  sandbox.write("work/file", "first\n");
  await git("add", "file");
  await git("commit", "-q", "-m", "first");
  await watched.flush();
  sandbox.write("work/file", "other\n");
  const identity = {
    GIT_AUTHOR_NAME: "Somebody",
    GIT_AUTHOR_EMAIL: "somebody@example.org",
    GIT_COMMITTER_NAME: "Somebody",
    GIT_COMMITTER_EMAIL: "somebody@example.org",
  };
  const [made] = await Promise.all([watched.checkpoint({ message: "other", identity }), watched.flush()]);
  expect(made).toEqual({ id: await git("rev-parse", "HEAD"), created: true });
  expect(await git("show", "HEAD:file")).toBe("other");
  expect(await git("status", "--porcelain")).toBe("");
});

test("what changed to the same size within the second in which it was staged is journalled", async () => {
  const git = (...args: string[]) => sandbox.git(["-C", "work", ...args]);
  const folder = join(sandbox.path, "work");
  await sandbox.git(["init", "-q", "work"]);
  await git("config", "core.trustctime", "false");
  sandbox.write("work/file", "one\n");
  setSameSecond(folder, "file");
  await git("add", "file");
  sandbox.write("work/file", "two\n");
  setSameSecond(folder, "file", ".git/index");
  const watched = await watchFolder("work");
  expect(await git("show", `${watched.last?.id}:file`)).toBe("two");
});

test("a storm of changes in files that are ignored makes no state, and not even a look at everything", async () => {
  sandbox.write("work/.gitignore", "*.o\n");
  const watched = await watchFolder("work");
  const before = watched.last?.id;
  for (let number = 0; number < 1000; number++) sandbox.write(`work/${number}.o`, "object\n");
  expect((await watched.flush())?.id).toBe(before);
  expect(log).toEqual(["looking at everything: the beginning"]);
});

test("a folder that is ignored is watched where git tracks a file in it", async () => {
  await sandbox.git(["init", "-q", "work"]);
  sandbox.write("work/.gitignore", "out/\n");
  sandbox.write("work/out/tracked", "one\n");
  await sandbox.git(["-C", "work", "add", "-f", "out/tracked"]);
  const watched = await watchFolder("work");
  sandbox.write("work/out/tracked", "two\n");
  sandbox.write("work/out/other", "other\n");
  const state = (await watched.flush())?.id as string;
  expect(await sandbox.git(["-C", "work", "show", `${state}:out/tracked`])).toBe("two");
  expect(await names(sandbox, "work", state)).toEqual([".gitignore", "out/tracked"]);
});

test("on a disk that is full the trouble is told, the user's files stay, and all is journalled when there is room", async (context) => {
  const disk = mountSmallDisk(sandbox as unknown as Sandbox, "small", 2 ** 23);
  if ("reason" in disk) return context.skip(disk.reason);
  endings.push(disk.unmount);
  const watched = await watchFolder("small/work");
  const filling = join(sandbox.path, "small", "filling");
  sandbox.write("small/work/mine", Buffer.from(crypto.getRandomValues(new Uint8Array(2 ** 16))));
  for (let size = 2 ** 22; size > 2 ** 9; size /= 2) {
    try {
      writeFileSync(filling, Buffer.alloc(size), { flag: "a" });
    } catch {
      // Until nothing fits any more.
    }
  }
  const error = await watched.flush().then(
    () => undefined,
    (thrown) => thrown,
  );
  expect(isTrunksError(error, "NO_SPACE")).toBe(true);
  expect(watched.trouble).toMatch(/^NO_SPACE: /);
  expect(readFileSync(join(sandbox.path, "small/work/mine"))).toHaveLength(2 ** 16);
  writeFileSync(filling, "");
  await until(async () => watched.trouble === undefined);
  expect(await names(sandbox, "small/work", watched.last?.id as string)).toEqual(["mine"]);
});

test("a file that cannot be read is told, and keeps nothing else from the journal", async (context) => {
  if (process.getuid?.() === 0) return context.skip("the administrator may read everything");
  const watched = await watchFolder("work");
  sandbox.write("work/closed", "closed\n");
  chmodSync(join(sandbox.path, "work", "closed"), 0);
  sandbox.write("work/open", "open\n");
  expect(await names(sandbox, "work", (await watched.flush())?.id as string)).toEqual(["open"]);
  expect(log.join()).toContain("closed");
});
