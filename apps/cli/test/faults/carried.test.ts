import { LocalBackend } from "@trunks/backend-local";
import { scope } from "@trunks/layers";
import { Repository, sweep } from "@trunks/repo";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { checkedClone } from "../support/clone.ts";
import { FaultySandbox } from "../support/faulty-sandbox.ts";
import { commit, makeTrunk } from "../support/repository.ts";
import { carryAll, startWaitingPush, waiting } from "../support/waiting-push.ts";

let sandbox: FaultySandbox;
let first: string;
let second: string;
let rival: string;

/** In `work` there is a commit to push, and in `rival` another one. */
beforeAll(async () => {
  sandbox = new FaultySandbox();
  first = await makeTrunk(sandbox);
  await sandbox.git(["clone", "-q", sandbox.trunkUrl(), "rival"]);
  rival = await commit(sandbox, "rival", "rival");
  second = await commit(sandbox, "work", "second");
  sandbox.keep("store", "work", "rival");
});
beforeEach(() => sandbox.restore("store", "work", "rival"));
afterAll(() => sandbox.remove());

async function refs(): Promise<readonly string[]> {
  return (await checkedClone(sandbox)).refs;
}

/** Moves `main` to the rival's commit, by an ordinary push. */
async function overtake(): Promise<void> {
  await sandbox.git(["push", "-q", sandbox.trunkUrl(), "HEAD:refs/heads/main"], { folder: "rival" });
}

describe("a push that another writer carries", () => {
  test("is told that it was accepted, and its pack is there", async () => {
    const push = await startWaitingPush(sandbox, ["-q", "URL", "main"]);
    carryAll(sandbox);
    expect(await push.goOn()).toEqual({ status: 0, messages: "" });
    expect(await refs()).toEqual([`${second} refs/heads/main`, `${rival} refs/heads/rival`]);
    // What it left is the pack now.
    expect(waiting(sandbox)).toHaveLength(1);
  });

  test("is told for each ref what became of it, in git's own words", async () => {
    const push = await startWaitingPush(sandbox, ["URL", "main", "main:refs/heads/new"]);
    await overtake();
    carryAll(sandbox);
    const { status, messages } = await push.goOn();
    expect(status).toBe(1);
    expect(messages).toMatch(/! \[rejected\] +main -> main \(fetch first\)\n/);
    expect(messages).toMatch(/\* \[new branch\] +main -> new\n/);
    expect(await refs()).toEqual([`${rival} refs/heads/main`, `${second} refs/heads/new`, `${rival} refs/heads/rival`]);
  });

  test("moves all of its refs or none when it is atomic", async () => {
    const push = await startWaitingPush(sandbox, ["--atomic", "URL", "main", "main:refs/heads/new"]);
    await overtake();
    carryAll(sandbox);
    const { status, messages } = await push.goOn();
    expect(status).toBe(1);
    expect(messages).toMatch(/! \[rejected\] +main -> main \(fetch first\)\n/);
    expect(messages).toMatch(/! \[(remote )?rejected\] +main -> new \(atomic push fail(ure|ed)\)\n/);
    expect(await refs()).toEqual([`${rival} refs/heads/main`, `${rival} refs/heads/rival`]);
  });

  test("keeps its lease, which is judged when it is carried", async () => {
    const lease = `--force-with-lease=main:${first}`;
    const push = await startWaitingPush(sandbox, [lease, "URL", "main"]);
    await overtake();
    carryAll(sandbox);
    const { status, messages } = await push.goOn();
    expect(status).toBe(1);
    expect(messages).toMatch(/! \[rejected\] +main -> main \(stale info\)\n/);
    expect(await refs()).toEqual([`${rival} refs/heads/main`, `${rival} refs/heads/rival`]);
  });

  test("goes on alone when nobody carries it", async () => {
    const push = await startWaitingPush(sandbox, ["-q", "URL", "main"]);
    expect(await push.goOn()).toEqual({ status: 0, messages: "" });
    expect(await refs()).toEqual([`${second} refs/heads/main`, `${rival} refs/heads/rival`]);
    expect(waiting(sandbox)).toEqual([]);
  });
});

describe("a push that is killed while it waits", () => {
  test("is whole when somebody carries it", async () => {
    const push = await startWaitingPush(sandbox, ["-q", "URL", "main"]);
    await push.kill();
    carryAll(sandbox);
    expect(await refs()).toEqual([`${second} refs/heads/main`, `${rival} refs/heads/rival`]);
    await sandbox.git(["push", "-q", sandbox.trunkUrl(), "main"], { folder: "work" });
  });

  test.each([
    ["with its intent", { withIntent: true }, 1],
    ["before its intent", { withIntent: false }, 0],
  ])("%s holds nobody up, is swept, and may be pushed again", async (_, how, left) => {
    const push = await startWaitingPush(sandbox, ["-q", "URL", "main:refs/heads/killed"], how);
    await push.kill();
    expect(waiting(sandbox)).toHaveLength(left);
    await overtake();
    expect(await refs()).toEqual([`${rival} refs/heads/main`, `${rival} refs/heads/rival`]);
    const backend = scope(new LocalBackend({ root: `${sandbox.path}/store` }), "trunks/app.trunk/");
    let names = 0;
    const newId = () => (names++).toString(16).padStart(32, "a");
    const swept = await sweep(new Repository(backend), { graceMs: 0, force: true, newId });
    expect(swept.deletedKeys).toBe(left);
    expect(waiting(sandbox)).toEqual([]);
    await sandbox.git(["push", "-q", sandbox.trunkUrl(), "main:refs/heads/killed"], { folder: "work" });
    expect(await refs()).toContain(`${second} refs/heads/killed`);
  });
});
