import { existsSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { LocalBackend } from "@trunks/backend-local";
import { scope } from "@trunks/layers";
import { Repository } from "@trunks/repo";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { checkedClone } from "../support/clone.ts";
import { ending } from "../support/ending.ts";
import { FaultySandbox } from "../support/faulty-sandbox.ts";
import { commit, makeTrunk } from "../support/repository.ts";

let sandbox: FaultySandbox;
const isSnapshot = ({ operation, keys }: { operation: string; keys: string }) =>
  operation === "create" && keys.includes("refs/");
const held = [{ operation: "create", key: "refs/", fault: { kind: "delay", when: "before", ms: 0 } }] as const;

/** A trunk whose next record is to be followed by a snapshot. */
beforeEach(async () => {
  sandbox = new FaultySandbox();
  const id = await makeTrunk(sandbox);
  const repository = new Repository(scope(new LocalBackend({ root: `${sandbox.path}/store` }), "trunks/app.trunk/"));
  for (let number = 1; number < 63; number++) {
    const { slot } = await repository.readExisting();
    const moves = [{ ref: `refs/tags/${number}`, oldId: undefined, newId: id }];
    await repository.publish({ moves, basis: slot, assumed: [id] });
  }
  await commit(sandbox, "work", "second");
});
afterEach(() => sandbox.remove());

function push(background: boolean) {
  return ending(sandbox, ["-c", `trunks.background=${background}`, "push", "-q", sandbox.faultyUrl(), "main"], {
    folder: "work",
  });
}

describe("the snapshot that a push leaves to be written", () => {
  test("is written by a process that git does not wait for, and that shows nobody the URL", async () => {
    sandbox.plan(held);
    expect(await push(true)).toEqual({ status: 0, messages: "" });
    const { pid } = await sandbox.begun(isSnapshot);
    const commandLine = readFileSync(`/proc/${pid}/cmdline`, "utf8");
    expect(commandLine).toContain("--upkeep");
    expect(commandLine).not.toContain("faulty://");
    expect(snapshots()).toEqual([]);
    // Clones, and the next push, do not wait either.
    expect((await checkedClone(sandbox)).refs).toHaveLength(63);
    sandbox.openGate();
    while (existsSync(`/proc/${pid}`)) await sleep(5);
    expect(snapshots()).toHaveLength(1);
    expect(sandbox.exists("store/trunks/app.trunk/latest")).toBe(true);
    expect((await checkedClone(sandbox)).refs).toHaveLength(63);
  });

  test("is written before git ends when the user wants no other process", async () => {
    expect(await push(false)).toEqual({ status: 0, messages: "" });
    expect(snapshots()).toHaveLength(1);
    expect(new Set(sandbox.requests().map(({ pid }) => pid)).size).toBe(1);
  });

  test("is missed by nobody when that process is killed", async () => {
    sandbox.plan(held);
    expect(await push(true)).toEqual({ status: 0, messages: "" });
    const { pid } = await sandbox.begun(isSnapshot);
    process.kill(pid, "SIGKILL");
    while (existsSync(`/proc/${pid}`)) await sleep(5);
    expect(snapshots()).toEqual([]);
    expect((await checkedClone(sandbox)).refs).toHaveLength(63);
    sandbox.plan();
    await commit(sandbox, "work", "third");
    expect(await push(true)).toEqual({ status: 0, messages: "" });
  });
});

function snapshots(): string[] {
  return sandbox.names("store/trunks/app.trunk/refs");
}
