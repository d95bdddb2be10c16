import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Contents, checkedClone } from "../support/clone.ts";
import { ending } from "../support/ending.ts";
import { FaultySandbox } from "../support/faulty-sandbox.ts";
import { manyCommits, pushOneByOne } from "../support/many-pushes.ts";
import { commit, makeRepository } from "../support/repository.ts";

/** One test is some dozen runs of git. */
const timeoutMs = 300_000;

let sandbox: FaultySandbox;
beforeEach(async () => {
  sandbox = new FaultySandbox();
  await makeRepository(sandbox, "work");
  await sandbox.git(["remote", "add", "origin", sandbox.faultyUrl()], { folder: "work" });
});
afterEach(() => sandbox.remove());

/** Kills the helper at each request of a command, before and after its effect, until it runs without being hit. */
async function killAtEach(
  args: readonly string[],
  check: (killed: boolean, at: string) => Promise<void>,
  firstIndex = 0,
): Promise<number> {
  let kills = 0;
  for (let index = firstIndex, more = true; more; index++) {
    for (const when of ["before", "after"] as const) {
      sandbox.restore("store", "work", "clone");
      sandbox.plan([{ index, fault: { kind: "crash", when } }]);
      const { status, messages } = await ending(sandbox, args, { folder: "work" });
      const request = sandbox.requests()[index];
      more = request !== undefined;
      const at = `${when} ${request?.operation} ${request?.keys}: ${messages}`;
      if (more) kills++;
      else expect([status, at]).toEqual([0, at]);
      sandbox.plan();
      expect(sandbox.files(".").filter((path) => path.endsWith(".lock"))).toEqual([]);
      await check(more, at);
      // These have no effect, so before and after are one.
      if (request === undefined || request.operation === "get" || request.operation === "list") break;
    }
  }
  return kills;
}

/** The contents of the trunk; none when there is no trunk yet. */
async function trunkContents(): Promise<Contents | undefined> {
  const { status, messages } = await ending(sandbox, ["ls-remote", sandbox.trunkUrl()]);
  if (status !== 0 && messages.startsWith("fatal: there is no trunk here")) return undefined;
  return checkedClone(sandbox);
}

function recordsThatMove(id: string): string[] {
  return sandbox.files("store/trunks/app.trunk/journal").filter((path) => sandbox.read(path).includes(`${id} - refs/`));
}

describe("a push whose helper is killed at each request", () => {
  const kinds = {
    "the first one": async () => 0,
    "a small one": async () => {
      await sandbox.git(["push", "-q", "origin", "main"], { folder: "work" });
      await commit(sandbox, "work", "second");
      return 0;
    },
    "one with a segment": async () => {
      await sandbox.git(["push", "-q", "origin", "main"], { folder: "work" });
      sandbox.write("work/large", randomBytes(1_200_000));
      await sandbox.git(["add", "large"], { folder: "work" });
      await commit(sandbox, "work", "third");
      return 0;
    },
    // Up to the record it is as any small one.
    "one behind which a snapshot is written": async () => {
      const ids = await manyCommits(sandbox, "work", 64);
      await sandbox.git(["push", "-q", "origin", `${ids[0]}:refs/heads/main`], { folder: "work" });
      await pushOneByOne(sandbox, "work", sandbox.faultyUrl(), ids.slice(1, -1));
      return 3;
    },
  };

  test.each(Object.entries(kinds))(
    "%s",
    async (_, prepare) => {
      const firstIndex = await prepare();
      const before = await trunkContents();
      const id = await sandbox.git(["rev-parse", "main"], { folder: "work" });
      const after: Contents = { head: "refs/heads/main", refs: [`${id} refs/heads/main`] };
      sandbox.keep("store", "work");
      const push = ["push", "-q", "origin", "main"];
      const kills = await killAtEach(
        push,
        async (killed, at) => {
          const between = await trunkContents();
          const possible = [before, after, ...(before === undefined ? [{ ...after, refs: [] }] : [])];
          expect([at, possible]).toEqual([at, expect.arrayContaining([between])]);
          if (!killed) expect(between).toEqual(after);
          expect([at, await ending(sandbox, push, { folder: "work" })]).toEqual([at, { status: 0, messages: "" }]);
          expect([at, await sandbox.git(["ls-remote", sandbox.trunkUrl(), "refs/*"])]).toEqual([
            at,
            `${id}\trefs/heads/main`,
          ]);
          expect([at, recordsThatMove(id).length]).toEqual([at, 1]);
        },
        firstIndex,
      );
      expect(kills).toBeGreaterThan(3);
    },
    timeoutMs,
  );
});

describe("a fetch whose helper is killed at each request", () => {
  beforeEach(async () => {
    await sandbox.git(["push", "-q", "origin", "main"], { folder: "work" });
    await sandbox.git(["clone", "-q", sandbox.trunkUrl(), "clone"]);
    sandbox.write("work/large", randomBytes(1_200_000));
    await sandbox.git(["add", "large"], { folder: "work" });
    await commit(sandbox, "work", "second");
    await sandbox.git(["push", "-q", "origin", "main"], { folder: "work" });
    await commit(sandbox, "work", "third");
    await sandbox.git(["push", "-q", "origin", "main"], { folder: "work" });
    await sandbox.git(["remote", "set-url", "origin", sandbox.faultyUrl()], { folder: "clone" });
    sandbox.keep("store", "work", "clone");
  });

  test(
    "into a clone that is behind",
    async () => {
      const ids = [await tip("clone"), await tip("work")];
      const fetch = ["-C", "../clone", "fetch", "-q"];
      const kills = await killAtEach(fetch, async (killed, at) => {
        const between = await tip("clone", "refs/remotes/origin/main");
        expect([at, ids]).toEqual([at, expect.arrayContaining([between])]);
        if (!killed) expect(between).toBe(ids[1]);
        expect([at, await ending(sandbox, fetch, { folder: "work" })]).toEqual([at, { status: 0, messages: "" }]);
        expect([at, await tip("clone", "refs/remotes/origin/main")]).toEqual([at, ids[1]]);
        await sandbox.git(["fsck", "--full", "--strict", "--no-dangling"], { folder: "clone" });
      });
      expect(kills).toBeGreaterThan(3);
    },
    timeoutMs,
  );

  test(
    "a clone: git removes what it began, and the next one works",
    async () => {
      const clone = ["clone", "-q", sandbox.faultyUrl(), "../new"];
      const kills = await killAtEach(clone, async (killed, at) => {
        expect([at, sandbox.exists("new")]).toEqual([at, !killed]);
        if (!killed) return;
        expect([at, await ending(sandbox, clone, { folder: "work" })]).toEqual([at, { status: 0, messages: "" }]);
        await sandbox.git(["fsck", "--full", "--strict"], { folder: "new" });
        expect([at, await tip("new")]).toEqual([at, await tip("work")]);
        sandbox.restore("new");
      });
      expect(kills).toBeGreaterThan(3);
    },
    timeoutMs,
  );

  async function tip(folder: string, name = "HEAD"): Promise<string> {
    return sandbox.git(["rev-parse", name], { folder });
  }
});
