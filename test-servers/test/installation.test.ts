import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import { cacheFolder, type InstallableServer, installedProgram, ServerUnavailableError } from "../src/index.ts";

const run = promisify(execFile);
let cache: string;
beforeEach(async () => {
  cache = await mkdtemp(join(tmpdir(), "trunks-cache-"));
});
afterEach(() => rm(cache, { recursive: true, force: true }));

const broken: InstallableServer = {
  name: "broken",
  version: "1",
  program: "program",
  needs: [],
  install: async () => {
    throw new Error("no room");
  },
};

test("processes that install at once install once, and all get the same program", async () => {
  const log = join(cache, "log");
  const installer = join(import.meta.dirname, "installer.ts");
  const runs = await Promise.all([1, 2, 3].map(() => run(process.execPath, [installer, join(cache, "c"), log])));
  expect(runs.map(({ stdout }) => stdout)).toEqual(Array(3).fill(join(cache, "c", "slow-1", "program")));
  expect(await readFile(log, "utf8")).toBe("installed\n");
  expect(await readdir(join(cache, "c"))).toEqual(["slow-1"]);
});

test("the lock of a process that is dead is no hindrance", async () => {
  const child = await run(process.execPath, ["-p", "process.pid"]);
  await mkdir(join(cache, "slow-1.lock"));
  await writeFile(join(cache, "slow-1.lock", "owner"), child.stdout.trim());
  const { stdout } = await run(process.execPath, [
    join(import.meta.dirname, "installer.ts"),
    cache,
    join(cache, "log"),
  ]);
  expect(await readFile(stdout, "utf8")).toBe("ready");
});

test("a failed installation leaves nothing behind", async () => {
  await expect(installedProgram(broken, cache)).rejects.toThrow("no room");
  expect(await readdir(cache)).toEqual([]);
});

test("a machine without the needed program is told so", async () => {
  const server = { ...broken, needs: ["no-such-program"] };
  await expect(installedProgram(server, cache)).rejects.toThrow(ServerUnavailableError);
  await expect(installedProgram(server, cache)).rejects.toThrow("broken 1 is not available on this machine");
});

test("the cache folder follows its variables", () => {
  expect(cacheFolder({ TRUNKS_CACHE: "/a", XDG_CACHE_HOME: "/b" })).toBe("/a/trunks-test-servers");
  expect(cacheFolder({ XDG_CACHE_HOME: "/b" })).toBe("/b/trunks-test-servers");
});
