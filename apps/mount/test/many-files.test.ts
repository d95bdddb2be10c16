import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Git } from "../src/git.ts";
import { gitEnvironment } from "../src/git-environment.ts";
import { listMounts, unmount, watchStatus } from "../src/index.ts";
import { WatchedFolder } from "../src/watch/watched-folder.ts";
import { Burst, tellGit } from "./support/burst.ts";
import { MountSandbox } from "./support/mount-sandbox.ts";
import { names, saved, until, untilStatus } from "./support/states.ts";

const fileCount = 60_000;

let sandbox: MountSandbox;
let endings: (() => unknown)[];

beforeEach(() => {
  // In memory, where there is such a folder: what is tested is not the disk.
  if (existsSync("/dev/shm")) vi.stubEnv("TMPDIR", "/dev/shm");
  sandbox = new MountSandbox();
  endings = [];
});
afterEach(async () => {
  for (const end of endings.reverse()) await end();
  for (const each of await listMounts()) await unmount({ path: each.path }).catch(() => {});
  vi.unstubAllEnvs();
  sandbox.remove();
});

async function watchFolder(log: string[]): Promise<WatchedFolder> {
  await sandbox.git(["init", "-q", "work"]);
  const git = new Git(join(sandbox.path, "work"), await gitEnvironment(undefined));
  const options = { mountId: "m", intervalMs: 2000, saved: () => {}, log: (line: string) => void log.push(line) };
  const watched = new WatchedFolder(git, options);
  endings.push(() => watched.end());
  await watched.begin();
  return watched;
}

/** Changes a file, and waits until that is journalled by itself. Answers the state. */
async function acknowledged(watched: WatchedFolder, path: string, content: string): Promise<string> {
  const before = watched.last?.id;
  sandbox.write(`work/${path}`, content);
  return until(async () => watched.last?.id !== before && watched.last?.id);
}

test("60,000 files in an ignored folder take no watcher, no look and no git, and a change beside them goes its way", async () => {
  sandbox.write("work/.gitignore", "node_modules/\n");
  sandbox.write("work/src/a", "0\n");
  const started = tellGit(sandbox, execFileSync("which", ["git"], { encoding: "utf8" }).trim());
  const log: string[] = [];
  const watched = await watchFolder(log);
  await acknowledged(watched, "src/a", "alone\n");
  started();
  await acknowledged(watched, "src/a", "alone again\n");
  const [alone, folders] = [started(), watched.folderCount];
  const burst = await Burst.begin(join(sandbox.path, "work", "node_modules"), fileCount);
  const during = await acknowledged(watched, "src/a", "in the middle of it\n");
  expect(started()).toEqual(alone);
  await burst.finish();
  const after = (await watched.flush())?.id as string;
  expect([after, started()]).toEqual([during, []]);
  expect(watched.folderCount).toBe(folders);
  expect(await names(sandbox, "work", after)).toEqual([".gitignore", "src/a"]);
  expect(log).toEqual(["looking at everything: the beginning"]);
});

test("a folder that becomes ignored is watched no more", async () => {
  const log: string[] = [];
  const watched = await watchFolder(log);
  const folders = watched.folderCount;
  await (await Burst.begin(join(sandbox.path, "work", "node_modules"), 3000)).finish();
  const all = (await watched.flush())?.id as string;
  expect(await names(sandbox, "work", all)).toHaveLength(3000);
  expect(watched.folderCount).toBe(folders + 1 + 30);
  sandbox.write("work/.gitignore", "node_modules/\n");
  const ignored = (await watched.flush())?.id as string;
  expect(await names(sandbox, "work", ignored)).toEqual([".gitignore"]);
  expect(watched.folderCount).toBe(folders);
});

test("60,000 files that are not ignored are journalled at once when that is asked, half-way too, in bounded memory", async () => {
  await sandbox.makeTrunk();
  const { path } = await sandbox.mount("work", { watch: true });
  const { pid } = (await watchStatus(path)) as { pid: number };
  const before = peakMemory(pid);
  const burst = await Burst.begin(join(path, "generated"), fileCount);
  expect(await names(sandbox, "work", await saved(path))).toHaveLength(5 + 1 + fileCount / 2);
  await burst.finish();
  const state = await saved(path);
  expect(await names(sandbox, "work", state)).toHaveLength(5 + 1 + fileCount);
  // Names are in memory while they are looked at; what is in the files, and what happens to them, is not.
  expect((peakMemory(pid) - before) / fileCount).toBeLessThan(2000);
});

test("beyond the system's limit of watched folders everything is journalled all the same, and it is told", async (context) => {
  await sandbox.makeTrunk();
  for (let number = 0; number < 40; number++) sandbox.write(`work/deep/${number}/file`, "one\n");
  const program = join(import.meta.dirname, "support", "mount-program.ts");
  const mounted = `exec '${process.execPath}' '${program}' '${sandbox.store}' '${join(sandbox.path, "work")}' watch`;
  const limit = "/proc/sys/user/max_inotify_watches";
  try {
    // A namespace of users has a limit of its own, so that nobody else meets it.
    execFileSync("unshare", ["--user", "--map-root-user", "sh", "-c", `echo 20 > ${limit} && ${mounted}`], {
      stdio: "pipe",
    });
  } catch (error) {
    if (!/unshare|max_inotify_watches/.test(String(error))) throw error;
    return context.skip(`there is no namespace of users here: ${error}`);
  }
  const path = join(sandbox.path, "work");
  const { folders, unwatched } = await untilStatus(path, () => true);
  expect([folders, unwatched > 20]).toEqual([20, true]);
  const log = () => readFileSync(join(path, ".git", "trunks", "watch", "log"), "utf8");
  const told = `${unwatched} folders cannot be watched, and are looked at again and again: the limit fs.inotify.max_user_watches is reached`;
  expect(log()).toContain(told);
  for (const [round, number] of [0, 20, 39].entries()) {
    writeFileSync(join(path, "deep", String(number), "file"), `${round} by itself\n`);
    await untilJournalled(path, `deep/${number}/file`, `${round} by itself`);
  }
  writeFileSync(join(path, "deep", "39", "file"), "at once\n");
  const state = await saved(path);
  expect(await sandbox.git(["-C", "work", "show", `${state}:deep/39/file`])).toBe("at once");
  // Told once, however often it is looked.
  expect(log().split(told)).toHaveLength(2);
  expect(log().match(/looking at everything/g)).toHaveLength(1);
});

async function untilJournalled(path: string, name: string, content: string): Promise<void> {
  await until(async () => {
    const { saved: id } = (await watchStatus(path)) ?? {};
    return typeof id === "string" && (await sandbox.git(["-C", path, "show", `${id}:${name}`])) === content;
  });
}

/** In bytes, of a process that runs. */
function peakMemory(pid: number): number {
  return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) * 1024;
}
