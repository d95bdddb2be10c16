import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { checkedClone } from "../support/clone.ts";
import { ending, startGit } from "../support/ending.ts";
import { FaultySandbox, type PlannedFault } from "../support/faulty-sandbox.ts";
import { commit, makeTrunk } from "../support/repository.ts";

let sandbox: FaultySandbox;
let before: string;
let after: string;

beforeAll(async () => {
  sandbox = new FaultySandbox();
  before = await makeTrunk(sandbox);
  sandbox.write("work/large", randomBytes(1_200_000));
  await sandbox.git(["add", "large"], { folder: "work" });
  after = await commit(sandbox, "work", "second");
  await sandbox.git(["remote", "set-url", "origin", sandbox.faultyUrl()], { folder: "work" });
  sandbox.keep("store", "work");
});
beforeEach(() => sandbox.restore("store", "work"));
afterAll(() => sandbox.remove());

const unknown = { code: "OUTCOME_UNKNOWN", message: "nobody knows" } as const;
const losses: [string, Pick<PlannedFault, "fault" | "error" | "times">][] = [
  ["the answer is lost, the effect was there before", { fault: { kind: "lost-answer" } }],
  ["the answer is lost three times", { fault: { kind: "lost-answer" }, times: 3 }],
  ["the effect comes with the next request", { fault: { kind: "late-effect", afterRequests: 1 } }],
  ["the effect comes after the next request", { fault: { kind: "late-effect", afterRequests: 2 } }],
  ["the effect comes when all is over", { fault: { kind: "late-effect" } }],
  ["the effect never comes", { fault: { kind: "fail", when: "before" }, error: unknown }],
  ["it is done twice, and the second answer arrives", { fault: { kind: "duplicate", answer: "second" } }],
  ["the store is not available, once", { fault: { kind: "fail", when: "before" } }],
];

function records(): string[] {
  return sandbox.files("store/trunks/app.trunk/journal");
}

async function expectPushed(): Promise<void> {
  sandbox.plan();
  expect(records()).toHaveLength(2);
  expect((await checkedClone(sandbox)).refs).toEqual([`${after} refs/heads/main`]);
}

describe.each(["journal/", "objects/[0-9a-f]*.pack", "objects/[0-9a-f]*.idx"])("the creation of %s", (key) => {
  const possible = losses.filter(([name]) => key === "journal/" || !name.startsWith("it is done twice"));
  test.each(possible)("%s: the push goes through, once", async (_, loss) => {
    sandbox.plan([{ operation: "create", key, ...loss }]);
    const ended = await ending(sandbox, ["push", "-q", "origin", "main"], { folder: "work" });
    expect(ended).toEqual({ status: 0, messages: "" });
    await expectPushed();
  });
});

test.each(losses)("the creation of trunk.json: %s", async (_, loss) => {
  sandbox.plan([{ operation: "create", key: "trunk\\.json", ...loss }]);
  const push = ["push", "-q", sandbox.faultyUrl("new"), "main"];
  expect((await ending(sandbox, push, { folder: "work" })).status).toBe(0);
  expect((await checkedClone(sandbox, sandbox.trunkUrl("new"))).refs).toEqual([`${after} refs/heads/main`]);
});

describe("another writer comes in between", () => {
  /** Loses the answer to the record, and lets another push be made before the helper looks for it. */
  async function pushBesides(loss: Pick<PlannedFault, "fault" | "error">, branch: string) {
    const slot = "journal/999999999999998";
    sandbox.plan([
      { operation: "create", key: slot, ...loss },
      { operation: "get", key: slot, fault: { kind: "delay", when: "before", ms: 0 } },
    ]);
    const { ended } = startGit(sandbox, ["push", "-q", "origin", "main"], { folder: "work" });
    await sandbox.begun(({ operation, keys }) => operation === "get" && keys.endsWith(slot));
    const other = await sandbox.git(["commit-tree", "-m", "other", "-p", before, `${before}^{tree}`], {
      folder: "work",
    });
    const theirs = await ending(sandbox, ["push", "-q", sandbox.trunkUrl(), `${other}:${branch}`], { folder: "work" });
    sandbox.openGate();
    return { ours: await ended, theirs, other };
  }

  test("the record was not written, and the slot is another's: the next one is taken", async () => {
    const loss = { fault: { kind: "fail", when: "before" }, error: unknown } as const;
    const { ours, theirs, other } = await pushBesides(loss, "refs/heads/other");
    expect([ours, theirs]).toEqual([
      { status: 0, messages: "" },
      { status: 0, messages: "" },
    ]);
    expect(records()).toHaveLength(3);
    const refs = [`${after} refs/heads/main`, `${other} refs/heads/other`];
    expect((await checkedClone(sandbox)).refs).toEqual(refs);
  });

  test("the record was not written, and another moved the branch: fetch first", async () => {
    const loss = { fault: { kind: "fail", when: "before" }, error: unknown } as const;
    const { ours, theirs, other } = await pushBesides(loss, "refs/heads/main");
    expect(theirs.status).toBe(0);
    expect(ours).toEqual({ status: 1, messages: expect.stringContaining("(fetch first)") });
    expect((await checkedClone(sandbox)).refs).toEqual([`${other} refs/heads/main`]);
  });

  test("the record was written: it stays, and the other writer is refused", async () => {
    const { ours, theirs } = await pushBesides({ fault: { kind: "lost-answer" } }, "refs/heads/main");
    expect(ours).toEqual({ status: 0, messages: "" });
    expect(theirs).toEqual({ status: 1, messages: expect.stringContaining("(non-fast-forward)") });
    await expectPushed();
  });
});
