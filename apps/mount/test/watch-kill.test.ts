import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { listMountStates, listMounts, mount, unmount, watchStatus } from "../src/index.ts";
import { MountSandbox } from "./support/mount-sandbox.ts";
import { names, saved, until, untilStatus } from "./support/states.ts";

let sandbox: MountSandbox;

beforeEach(async () => {
  sandbox = new MountSandbox();
  await sandbox.makeTrunk();
});
afterEach(async () => {
  for (const each of await listMounts()) await unmount({ path: each.path }).catch(() => {});
  vi.unstubAllEnvs();
  sandbox.remove();
});

test("killed between any two steps of journalling, a watcher loses no state that it told; the next one goes on", async () => {
  const { path } = await sandbox.mount("work", { watch: true });
  const real = execFileSync("which", ["git"], { encoding: "utf8" }).trim();
  const [count, killed] = [join(sandbox.path, "count"), join(sandbox.path, "killed")];
  const told: string[] = [await saved(path)];
  let at = 0;
  do {
    at++;
    sandbox.write("work/notes", `${at}\n`);
    told.unshift(await saved(path));
    for (const each of [killed, count]) rmSync(each, { recursive: true, force: true });
    mkdirSync(count);
    // Git that kills whoever starts it for the n-th time, before it does anything. Of several at once each has its number.
    const number = `n=1; while ! mkdir ${count}/$n 2> /dev/null; do n=$((n + 1)); done`;
    const kill = `[ $n -eq ${at} ] && : > ${killed} && kill -9 $PPID && exit 1`;
    const { pid } = (await watchStatus(path)) as { pid: number };
    sandbox.installProgram("git", `if [ $PPID -eq ${pid} ]; then ${number}; ${kill}; fi\nexec ${real} "$@"`);
    sandbox.write(`work/file-${at}`, "not told\n");
    // It ends without an answer, or has journalled.
    const state = await saved(path).catch(() => undefined);
    if (existsSync(killed)) await until(async () => (await watchStatus(path)) === undefined);
    else told.unshift(state as string);
    rmSync(join(sandbox.path, "bin", "git"));
    const listed = (await listMountStates({ path })).map(({ id }) => id);
    expect(listed).toEqual(expect.arrayContaining(told));
    await mount({ path });
    const { saved: next } = await untilStatus(path, ({ saved: id }) => id !== null);
    expect(await names(sandbox, "work", next as string)).toContain(`file-${at}`);
    await sandbox.git(["-C", "work", "fsck", "--strict"]);
  } while (existsSync(killed));
  expect(at).toBeGreaterThan(5);
});
