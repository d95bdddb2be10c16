import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { mount, watchStatus } from "../src/index.ts";
import { watchPace } from "../src/watch/watch-interval.ts";
import { MountSandbox } from "./support/mount-sandbox.ts";
import { saved } from "./support/states.ts";

let sandbox: MountSandbox;

beforeEach(async () => {
  sandbox = new MountSandbox();
  await sandbox.makeTrunk();
});
afterEach(() => {
  vi.unstubAllEnvs();
  sandbox.remove();
});

test("what is waited for adds up to less than the interval, and something is left for git", () => {
  expect(watchPace(2000)).toEqual({ settleMs: 300, patienceMs: 1000, lookMs: 1000 });
  for (const intervalMs of [500, 1000, 10_000, 3_600_000]) {
    const { settleMs, patienceMs, lookMs } = watchPace(intervalMs);
    expect(settleMs).toBeGreaterThan(0);
    expect(settleMs + patienceMs).toBeLessThan(intervalMs);
    expect(lookMs + patienceMs).toBeLessThanOrEqual(intervalMs);
  }
});

test("the interval is kept for the folder, and whoever watches it goes by it at once", async () => {
  const made = await sandbox.mount("work", { watch: true });
  const { path } = made;
  expect(await watchStatus(path)).toMatchObject({ interval_ms: 2000 });
  await sandbox.mount("work", { watchIntervalMs: 1_800_000 });
  expect(await watchStatus(path)).toMatchObject({ interval_ms: 1_800_000, watch: true });
  const { pid } = (await watchStatus(path)) as { pid: number };
  await mount({ path });
  expect(await watchStatus(path)).toMatchObject({ interval_ms: 1_800_000, pid });
  expect(await sandbox.git(["-C", "work", "config", "trunks.watchInterval"])).toBe("1800");
  // Whoever asks for a state need not wait.
  sandbox.write("work/new", "new\n");
  expect(await sandbox.git(["-C", "work", "show", `${await saved(path)}:new`])).toBe("new");
  await sandbox.git(["-C", "work", "config", "--unset", "trunks.watchInterval"]);
  await sandbox.git(["config", "--global", "trunks.watchInterval", "7.5"]);
  await mount({ path });
  expect(await watchStatus(path)).toMatchObject({ interval_ms: 7500 });
  await made.unmount();
});

test("an interval that nobody can mean is refused, and nothing is made", async () => {
  for (const watchIntervalMs of [0, -1, 499, 3_600_001, Number.NaN]) {
    await expect(sandbox.mount("work", { watch: true, watchIntervalMs })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      hint: "it takes seconds, from 0.5 to 3600; 2 by default",
    });
  }
  expect(sandbox.exists("work")).toBe(false);
  await sandbox.mount("work");
  for (const text of ["0", "soon", "1e9", ""]) {
    await sandbox.git(["-C", "work", "config", "trunks.watchInterval", text]);
    await expect(mount({ path: join(sandbox.path, "work"), watch: true })).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: `trunks.watchInterval is ${JSON.stringify(text)}`,
    });
  }
  expect(await watchStatus(join(sandbox.path, "work"))).toBeUndefined();
});
