import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { FaultySandbox } from "../support/faulty-sandbox.ts";

/** What each operation of stock git asks of the store: the exact list, on a trunk that is large enough to matter. */
let sandbox: FaultySandbox;

beforeEach(async () => {
  sandbox = new FaultySandbox();
  await sandbox.git(["init", "-q", "writer"]);
  await commit("one");
  await writer("remote", "add", "origin", sandbox.faultyUrl());
});
afterEach(() => sandbox.remove());

const writer = (...args: string[]) => sandbox.git(args, { folder: "writer" });
const reader = (...args: string[]) => sandbox.git(args, { folder: "reader" });

async function commit(message: string): Promise<void> {
  sandbox.tick();
  await writer("commit", "-q", "--allow-empty", "-m", message);
}

/** The requests of what `act` does, with slots in place of their names, and random names left out. */
async function requestsOf(act: () => Promise<unknown>): Promise<string[]> {
  sandbox.plan();
  await act();
  return sandbox.requests().map(
    ({ operation, keys }) =>
      `${operation} ${keys
        .replace("trunks/app.trunk/", "")
        .replace(/[0-9]{15}/, slotOf)
        .replace(/[0-9a-f]{32}/, "ID")}`,
  );
}

function slotOf(name: string): string {
  return String(999_999_999_999_999 - Number(name));
}

async function makeRefs(count: number): Promise<void> {
  const id = await writer("rev-parse", "HEAD");
  const lines = Array.from({ length: count }, (_, number) => `create refs/heads/topic/${number} ${id}\n`);
  await sandbox.git(["update-ref", "--stdin"], { folder: "writer", input: lines.join("") });
  await writer("pack-refs", "--all");
}

test("the first push makes the trunk, and is one record", async () => {
  expect(await requestsOf(() => writer("push", "-q", "origin", "main"))).toEqual([
    "list journal/",
    "get latest",
    "get trunk.json",
    "create trunk.json",
    "create journal/0",
  ]);
});

test("a small push: what is known is held against the store, and then one record", async () => {
  await writer("push", "-q", "origin", "main");
  await commit("two");
  const push = await requestsOf(() => writer("push", "-q", "origin", "main"));
  expect(push.slice(0, -1).sort()).toEqual(["get journal/0", "get journal/1"]);
  expect(push.at(-1)).toBe("create journal/1");
});

test("a new branch, and 500 refs at once, cost what a small push costs", async () => {
  await writer("push", "-q", "origin", "main");
  const branch = await requestsOf(() => writer("push", "-q", "origin", "main:refs/heads/new"));
  expect(branch.filter((request) => !request.startsWith("get"))).toEqual(["create journal/1"]);
  await makeRefs(500);
  const many = await requestsOf(() =>
    writer("push", "-q", "--atomic", "origin", "refs/heads/topic/*:refs/heads/topic/*"),
  );
  expect(many.filter((request) => !request.startsWith("get"))).toEqual(["create journal/2"]);
  expect(many).toHaveLength(branch.length);
});

test("a large push adds a pack and its index", async () => {
  await writer("push", "-q", "origin", "main");
  const { randomBytes } = await import("node:crypto");
  writeFileSync(join(sandbox.path, "writer", "large"), randomBytes(2 ** 21));
  await writer("add", "large");
  await commit("large");
  const push = await requestsOf(() => writer("push", "-q", "origin", "main"));
  expect(push.slice(-3, -1).sort()).toEqual(["create objects/ID.idx", "create objects/ID.pack"]);
  expect(push.at(-1)).toBe("create journal/1");
  expect(push).toHaveLength(5);
});

test("ls-remote of 10,000 refs: three requests with nothing known, two with a state", async () => {
  await makeRefs(10_000);
  // By its URL, so that git keeps no 10,000 tracking refs.
  await writer("push", "-q", sandbox.faultyUrl(), "--all");
  expect(await requestsOf(() => sandbox.git(["ls-remote", "-q", sandbox.faultyUrl()]))).toEqual([
    "list journal/",
    "get latest",
    "get journal/0",
  ]);
  expect((await requestsOf(() => writer("ls-remote", "-q", "origin"))).sort()).toEqual([
    "get journal/1",
    "get journal/2",
  ]);
});

test("a clone reads the newest state and each pack once; a fetch that is one commit behind asks twice", async () => {
  await writer("push", "-q", "origin", "main");
  expect(await requestsOf(() => sandbox.git(["clone", "-q", sandbox.faultyUrl(), "reader"]))).toEqual([
    "list journal/",
    "get latest",
    "get journal/0",
  ]);
  await commit("two");
  await writer("push", "-q", "origin", "main");
  expect((await requestsOf(() => reader("fetch", "-q"))).sort()).toEqual(["get journal/1", "get journal/2"]);
  expect(await requestsOf(() => reader("fetch", "-q"))).toEqual(["get journal/2", "get journal/3"]);
});

test("a push of one commit uploads less than 2 KiB beyond its thin pack", async () => {
  await writer("push", "-q", "origin", "main");
  await commit("two");
  await writer("push", "-q", "origin", "main");
  const record = sandbox.read("store/trunks/app.trunk/journal/999999999999998");
  const pack = Number(/^inline ([0-9]+) /m.exec(record)?.[1]);
  expect(record.length - pack).toBeLessThan(2048);
});
