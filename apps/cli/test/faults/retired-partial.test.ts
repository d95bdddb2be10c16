import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { openBackend } from "@trunks/backend-local";
import type { Backend } from "@trunks/core";
import { scope } from "@trunks/layers";
import { compact, Repository, sweep } from "@trunks/repo";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { startGit } from "../support/ending.ts";
import { FaultySandbox } from "../support/faulty-sandbox.ts";
import { makeRepository } from "../support/repository.ts";

const timeoutMs = 120_000;
/** As many segments become one. */
const pushCount = 16;
const newId = () => randomBytes(16).toString("hex");

let sandbox: FaultySandbox;
let store: Backend;

beforeAll(async () => {
  sandbox = new FaultySandbox();
  await makeRepository(sandbox, "work");
  const backend = await openBackend(new URL(`local://${sandbox.path}/store`));
  store = scope(backend, "trunks/app.trunk/");
  const repository = new Repository(store);
  let { slot } = await repository.create();
  let oldId: string | undefined;
  for (let number = 1; number <= pushCount; number++) {
    const id = await commitOf(number);
    const move = { ref: "refs/heads/main", oldId, newId: id };
    const pack = await packOf(id, oldId);
    ({ slot } = (await repository.publish({ moves: [move], basis: slot, assumed: [], pack })).state);
    oldId = id;
  }
  sandbox.keep("store");
}, timeoutMs);
beforeEach(() => sandbox.restore("store", "clone"));
afterAll(() => sandbox.remove());

/** A commit of a file that is above the limit, and of a small one. */
async function commitOf(number: number): Promise<string> {
  sandbox.write("work/large", randomBytes(20_000));
  sandbox.write(`work/folder-${number % 4}/${number}`, `${number}\n`);
  await sandbox.git(["add", "."], { folder: "work" });
  await sandbox.git(["commit", "-q", "-m", `${number}`], { folder: "work" });
  return sandbox.git(["rev-parse", "HEAD"], { folder: "work" });
}

async function packOf(id: string, oldId: string | undefined) {
  const input = `${id}\n${oldId === undefined ? "" : `^${oldId}\n`}`;
  const args = ["pack-objects", "-q", "--revs", "../part"];
  const name = await sandbox.git(args, { folder: "work", input });
  const read = (ending: string) => readFileSync(join(sandbox.path, `part-${name}.${ending}`));
  const pack = read("pack");
  return { kind: "segments", segments: [{ pack, index: read("idx"), objectCount: pack.readUInt32BE(8) }] } as const;
}

/** The segments become one, and are gone. */
async function replaceSegments(): Promise<void> {
  const repository = new Repository(store);
  const { retiredPacks } = await compact(repository, { newId });
  expect(retiredPacks).toBe(pushCount);
  for (let runs = 0; runs < 2; runs++) await sweep(repository, { graceMs: 0, force: true, newId });
  expect(sandbox.names("store/trunks/app.trunk/objects")).toHaveLength(2);
}

describe.each([
  ["--filter=blob:none"],
  ["--filter=blob:limit=1k"],
  ["--filter=tree:0"],
  ["--depth=3"],
  // By stock git, on all packs.
  ["--filter=object:type=commit"],
])("%s", (option) => {
  test.each([
    ["an index", "\\.idx$", 0],
    ["the first pack", "\\.pack$", 0],
    ["a later pack", "\\.pack$", 7],
  ])(
    "compaction and sweep come before %s: the state is read again, and the new pack taken",
    async (_, key, skip) => {
      sandbox.plan([{ operation: "get", key, skip, fault: { kind: "delay", when: "before", ms: 0 } }]);
      const args = ["clone", "-q", "--bare", option, sandbox.faultyUrl(), "clone"];
      const { ended } = startGit(sandbox, args);
      await sandbox.begun(() => sandbox.requests().filter(({ keys }) => keys.search(key) !== -1).length > skip);
      await replaceSegments();
      sandbox.openGate();
      expect(await ended).toEqual({ status: 0, messages: "" });
      const listing = ["rev-list", "--objects", "--no-object-names", "main", option.replace("--depth=3", "-3")];
      const expected = await sandbox.git(listing, { folder: "work" });
      const found = await sandbox.git(
        ["cat-file", "--batch-all-objects", "--batch-check=%(objectname)", "--unordered"],
        {
          folder: "clone",
        },
      );
      expect(found.split("\n").sort()).toEqual(expected.split("\n").sort());
    },
    timeoutMs,
  );
});
