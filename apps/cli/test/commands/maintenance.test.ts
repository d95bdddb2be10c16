import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { checkedClone } from "../support/clone.ts";
import { manyCommits, pushOneByOne } from "../support/many-pushes.ts";
import { makeTrunk } from "../support/repository.ts";
import { Sandbox } from "../support/sandbox.ts";
import { trunks, trunksJson, trunksText } from "../support/trunks.ts";

const folder = "work";
const last = `${folder}/.git/trunks/maintenance.json`;
let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = new Sandbox();
  await makeTrunk(sandbox, folder);
  await pushOneByOne(sandbox, folder, sandbox.trunkUrl(), await manyCommits(sandbox, folder, 63));
}, 120_000);
afterAll(() => sandbox.remove());

/** Waits until a process in the background has written how it ended. */
async function ended(): Promise<{ ok: boolean; message: string }> {
  for (;;) {
    if (sandbox.exists(last)) {
      const text = sandbox.read(last);
      if (text.endsWith("\n")) return JSON.parse(text);
    }
    await wait(50);
  }
}

test("a push that finds much to be made one starts it behind itself", async () => {
  await sandbox.git(["config", "trunks.background", "true"], { folder });
  expect(sandbox.exists(last)).toBe(false);
  await manyCommits(sandbox, folder, 1);
  await sandbox.git(["push", "-q", "origin", "main"], { folder });
  expect(await ended()).toMatchObject({ ok: true, message: "" });
  expect(await trunksJson(sandbox, ["maintenance", "status"], { folder })).toMatchObject({
    segments: 1,
    inline_packs: 0,
    retired_packs: 65,
    due: false,
    background: true,
  });
  await checkedClone(sandbox);
}, 120_000);

test("it can be started by hand, and tells how it ended", async () => {
  await sandbox.git(["config", "trunks.maintenance", "false"], { folder });
  sandbox.write(last, "");
  expect(await trunksText(sandbox, ["maintenance", "start"], { folder })).toBe("started for origin\n");
  expect(await ended()).toMatchObject({ ok: true });
  const status = await trunksText(sandbox, ["maintenance", "status"], { folder });
  expect(status).toContain("no maintenance follows this clone's pushes");
  expect(status).toMatch(/last run of this clone: .*, fine/);
}, 120_000);

describe("is refused", () => {
  test.each([
    [["--grace", "0"], 1, /an hour/],
    [["--grace", "59m"], 1, /an hour/],
    [["--grace", "soon"], 2, /such as 90m, 24h or 30d/],
    [["--grace", "-1h"], 2, /--grace/],
  ])("%j", async (args, status, message) => {
    const answer = await trunks(sandbox, ["maintenance", "run", ...args], { folder });
    expect([answer.status, answer.stdout]).toEqual([status, ""]);
    expect(answer.stderr).toMatch(message);
  });

  test("--clean without --remote", async () => {
    expect((await trunks(sandbox, ["check", "--clean"], { folder })).status).toBe(2);
  });
});

test("with force a grace time of zero is none", async () => {
  const answer = await trunksJson(sandbox, ["maintenance", "run", "--grace", "0", "--force"], { folder });
  expect(answer).toMatchObject({ merged_packs: 0, deleted_files: 0 });
  expect(await trunksJson(sandbox, ["maintenance", "status"], { folder })).toMatchObject({ retired_packs: 0 });
  await checkedClone(sandbox);
});
