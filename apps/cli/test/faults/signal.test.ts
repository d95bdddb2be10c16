import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { checkedClone } from "../support/clone.ts";
import { type Ending, ending, startGit } from "../support/ending.ts";
import { FaultySandbox, type LoggedRequest, type PlannedFault } from "../support/faulty-sandbox.ts";
import { commit, makeTrunk } from "../support/repository.ts";

/** One test is some dozen runs of git. */
const timeoutMs = 300_000;

let sandbox: FaultySandbox;
let before: string;
let after: string;

/** `work` is one large push ahead of the trunk, and `clone` behind it by one that is as large. */
beforeAll(async () => {
  sandbox = new FaultySandbox();
  await makeTrunk(sandbox);
  await sandbox.git(["clone", "-q", sandbox.trunkUrl(), "clone"]);
  before = await commitLarge("work", "second");
  await sandbox.git(["push", "-q", "origin", "main"], { folder: "work" });
  after = await commitLarge("work", "third");
  for (const folder of ["work", "clone"]) {
    await sandbox.git(["remote", "set-url", "origin", sandbox.faultyUrl()], { folder });
    await sandbox.git(["ls-remote", "origin"], { folder });
  }
  sandbox.keep("store", "work", "clone");
});
afterAll(() => sandbox.remove());

const push = { folder: "work", args: ["push", "-q", "origin", "main"] };
const fetch = { folder: "clone", args: ["fetch", "-q", "origin"] };
type Command = typeof push;

/** A request that is not answered until the gate opens. */
const waiting = { kind: "delay", when: "before", ms: 0 } as const;

async function commitLarge(folder: string, message: string): Promise<string> {
  sandbox.write(`${folder}/large`, randomBytes(1_200_000));
  await sandbox.git(["add", "large"], { folder });
  return commit(sandbox, folder, message);
}

/** Lets a command run into a fault at each of its requests, disturbs it there, and checks what is left. */
async function disturbAtEach(
  { folder, args }: Command,
  fault: PlannedFault["fault"],
  disturb: (git: number, request: LoggedRequest) => void,
  check: (ending: Ending, at: string) => Promise<void> | void,
): Promise<number> {
  for (let index = 0; ; index++) {
    sandbox.restore("store", "work", "clone");
    sandbox.plan([{ index, fault }]);
    const { child, ended } = startGit(sandbox, args, { folder });
    const request = await Promise.race([sandbox.begun((one) => one.index === index), ended]);
    if ("status" in request) {
      expect(request).toEqual({ status: 0, messages: "" });
      return index;
    }
    disturb(child.pid as number, request);
    const at = `${request.operation} ${request.keys}`;
    await check(await ended, at);
    sandbox.plan();
    expect([at, (await checkedClone(sandbox)).refs.map((line) => line.slice(0, before.length))]).toEqual([
      at,
      [expect.toSatisfy((id: string) => id === before || id === after)],
    ]);
    expect([at, await ending(sandbox, args, { folder })]).toEqual([at, { status: 0, messages: "" }]);
  }
}

function leftovers(folder: string): string[] {
  const files = sandbox.files(`${folder}/.git`);
  return files.filter((path) => /\.lock$|\/tmp_|\/trunks\/tmp\/|\.new$|\.keep$/.test(path));
}

test.each([
  ["a push", push],
  ["a fetch", fetch],
])(
  "SIGTERM ends the helper in %s at each request, and nothing is left lying about",
  async (_, command) => {
    const toHelper = (_git: number, { pid }: LoggedRequest) => process.kill(pid, "SIGTERM");
    const requests = await disturbAtEach(command, waiting, toHelper, (ended, at) => {
      expect([at, ended.status]).toEqual([at, expect.toBeOneOf([1, 128])]);
      expect([at, leftovers(command.folder)]).toEqual([at, []]);
    });
    expect(requests).toBeGreaterThan(3);
  },
  timeoutMs,
);

test(
  "SIGINT ends git and the helper, as from a terminal, in a push at each request",
  async () => {
    const toBoth = (git: number, { pid }: LoggedRequest) => [git, pid].map((one) => process.kill(one, "SIGINT"));
    await disturbAtEach(push, waiting, toBoth, ({ status }, at) => {
      expect([at, status]).toEqual([at, "SIGINT"]);
      expect([at, leftovers("work")]).toEqual([at, []]);
    });
  },
  timeoutMs,
);

test.each(["SIGINT", "SIGTERM"] as const)(
  "%s when the record is written and its answer is awaited: it is said that this is not known",
  async (signal) => {
    sandbox.restore("store", "work");
    sandbox.plan([{ operation: "create", key: "/journal/", fault: { ...waiting, when: "after" } }]);
    const { ended } = startGit(sandbox, push.args, push);
    const { pid } = await sandbox.begun(({ operation, keys }) => operation === "create" && keys.includes("/journal/"));
    process.kill(pid, signal);
    const { status, messages } = await ended;
    expect(status).toBe(1);
    expect(messages).toMatch(/^fatal: the store did not say whether the push was accepted\nhint: run `git fetch`/);
    sandbox.plan();
    expect(await ending(sandbox, push.args, push)).toEqual({ status: 0, messages: "" });
  },
);

test.each([
  ["a push", push],
  ["a fetch", fetch],
])(
  "git is killed in %s at each request: the helper comes to an end, and the next run works",
  async (_, command) => {
    const killGit = (git: number) => {
      process.kill(git, "SIGKILL");
      sandbox.openGate();
    };
    const requests = await disturbAtEach(command, waiting, killGit, (ended, at) => {
      expect([at, ended.status]).toEqual([at, "SIGKILL"]);
      expect([at, leftovers(command.folder)]).toEqual([at, []]);
    });
    expect(requests).toBeGreaterThan(3);
  },
  timeoutMs,
);

test("a file is refused while another is on its way: the push ends at once, and leaves nothing in the clone", async () => {
  sandbox.restore("store", "work");
  sandbox.plan([
    { operation: "create", key: "\\.pack$", fault: waiting },
    {
      operation: "create",
      key: "\\.idx$",
      fault: { kind: "fail", when: "before" },
      error: { code: "PERMISSION_DENIED", message: "not you" },
    },
  ]);
  const { status, messages } = await ending(sandbox, push.args, push);
  expect([status, messages]).toEqual([1, expect.stringMatching(/^fatal: not you\n/)]);
  expect(leftovers("work")).toEqual([]);
});
