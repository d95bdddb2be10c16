import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Git } from "../src/git.ts";
import { gitEnvironment } from "../src/git-environment.ts";
import { Journal } from "../src/journal/journal.ts";
import { listStates } from "../src/journal/states.ts";
import { MountSandbox } from "./support/mount-sandbox.ts";

let sandbox: MountSandbox;

beforeEach(() => {
  sandbox = new MountSandbox();
});
afterEach(() => {
  vi.unstubAllEnvs();
  sandbox.remove();
});

test("states are kept for fourteen days, those of other mounts for longer", async () => {
  await sandbox.git(["init", "-q", "work"]);
  const git = new Git(join(sandbox.path, "work"), await gitEnvironment(undefined));
  const day = (number: number) => new Date(Date.UTC(2026, 0, number, 12));
  const journal = new Journal(git, "mine");
  await journal.begin(day(1));
  const made: string[] = [];
  for (const number of [1, 2, 3, 16, 17]) {
    sandbox.write("work/file", `${number}\n`);
    await journal.restart();
    await journal.takeAll();
    made.push((await journal.commit(day(number)))?.id as string);
    if (number === 1)
      await sandbox.git(["-C", "work", "update-ref", "refs/trunks/journal/other/20260101", made[0] as string]);
  }
  const ids = (await listStates(git)).map(({ id, mountId }) => `${mountId} ${made.indexOf(id)}`);
  expect(ids.sort()).toEqual(["mine 2", "mine 3", "mine 4", "other 0"]);
  const next = new Journal(git, "mine");
  await next.begin(day(60));
  expect(next.last).toBeUndefined();
  expect((await listStates(git)).map(({ mountId }) => mountId)).toEqual(["other"]);
});
