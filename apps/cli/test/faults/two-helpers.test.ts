import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { checkedClone } from "../support/clone.ts";
import { ending, startGit } from "../support/ending.ts";
import { FaultySandbox, type LoggedRequest, type PlannedFault } from "../support/faulty-sandbox.ts";
import { commit, makeTrunk } from "../support/repository.ts";

let sandbox: FaultySandbox;
let theirs: string;
let ours: string;

/** In `clone` there is something to fetch and something to push, both with a segment. */
beforeAll(async () => {
  sandbox = new FaultySandbox();
  await makeTrunk(sandbox);
  await sandbox.git(["clone", "-q", sandbox.trunkUrl(), "clone"]);
  theirs = await commitLarge("work");
  await sandbox.git(["push", "-q", "origin", "main"], { folder: "work" });
  ours = await commitLarge("clone");
  sandbox.keep("store", "clone");
});
beforeEach(() => sandbox.restore("store", "clone"));
afterAll(() => sandbox.remove());

async function commitLarge(folder: string): Promise<string> {
  sandbox.write(`${folder}/large`, randomBytes(1_200_000));
  await sandbox.git(["add", "large"], { folder });
  return commit(sandbox, folder, `large in ${folder}`);
}

/** A command that comes to such a request and waits there for the other. */
interface Waiting {
  readonly args: (url: string) => string[];
  readonly at: { readonly operation: "get" | "create"; readonly key: string };
}

// Names of their own, so that git's locks of refs keep neither from the other.
const fetchAs = (name: string): Waiting => ({
  args: (url) => ["fetch", "-q", "--no-write-fetch-head", url, `main:refs/heads/${name}`],
  at: { operation: "get", key: "\\.pack$" },
});
const pushAs = (name: string, key = "journal/"): Waiting => ({
  args: (url) => ["push", "-q", url, `main:refs/heads/${name}`],
  at: { operation: "create", key },
});

/** Runs both in one clone, and lets them go on when both have come to their requests. */
async function together(one: Waiting, two: Waiting): Promise<void> {
  const plans = { one, two };
  const running = Object.entries(plans).map(([plan, { args, at }]) => {
    const fault: PlannedFault = { ...at, fault: { kind: "delay", when: "before", ms: 0 } };
    sandbox.plan([fault], plan);
    const { ended } = startGit(sandbox, args(sandbox.faultyUrl("app", plan)), { folder: "clone" });
    const isThere = ({ operation, keys }: LoggedRequest) => operation === at.operation && keys.search(at.key) !== -1;
    return { plan, ended, begun: sandbox.begun(isThere, plan) };
  });
  await Promise.all(running.map(({ begun }) => begun));
  for (const { plan } of running) sandbox.openGate(plan);
  const endings = await Promise.all(running.map(({ ended }) => ended));
  expect(endings).toEqual([wentWell, wentWell]);
  await sandbox.git(["fsck", "--full", "--strict", "--no-dangling"], { folder: "clone" });
  const left = sandbox.files("clone/.git").filter((path) => /\.lock$|\/tmp_|\/trunks\/tmp\/|\.keep$/.test(path));
  expect(left).toEqual([]);
}

const wentWell = { status: 0, messages: "" };

async function refs(folder: string): Promise<string> {
  return sandbox.git(["for-each-ref", "--format=%(refname:short) %(objectname)", "refs/heads"], { folder });
}

describe("two helpers in one clone at once", () => {
  test("both fetch the same", async () => {
    await together(fetchAs("a"), fetchAs("b"));
    expect(await refs("clone")).toBe(`a ${theirs}\nb ${theirs}\nmain ${ours}`);
  });

  test("one fetches and one pushes", async () => {
    await together(fetchAs("a"), pushAs("b"));
    expect(await refs("clone")).toBe(`a ${theirs}\nmain ${ours}`);
    expect((await checkedClone(sandbox)).refs).toEqual([`${ours} refs/heads/b`, `${theirs} refs/heads/main`]);
  });

  test.each(["journal/", "\\.pack$"])("both push, and meet at the creation of %s", async (key) => {
    await together(pushAs("a", key), pushAs("b", key));
    const expected = [`${ours} refs/heads/a`, `${ours} refs/heads/b`, `${theirs} refs/heads/main`];
    expect((await checkedClone(sandbox)).refs).toEqual(expected);
  });

  test("both make the trunk", async () => {
    const made = await Promise.all(
      ["a", "b"].map((name) => {
        const push = ["push", "-q", sandbox.trunkUrl("new"), `main:refs/heads/${name}`];
        return ending(sandbox, push, { folder: "clone" });
      }),
    );
    expect(made.map(({ status }) => status)).toEqual([0, 0]);
    const expected = [`${ours} refs/heads/a`, `${ours} refs/heads/b`];
    expect((await checkedClone(sandbox, sandbox.trunkUrl("new"))).refs).toEqual(expected);
  });
});
