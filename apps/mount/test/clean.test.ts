import type { Mount } from "@trunks/sdk";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { cleanJournals, listMountStates, listMounts, mount, unmount } from "../src/index.ts";
import { journalRef } from "../src/journal/journal-ref.ts";
import { MountSandbox } from "./support/mount-sandbox.ts";
import { saved, untilStatus } from "./support/states.ts";

const longAgo = new Date("2020-01-01T12:00:00Z");
const now = new Date();

let sandbox: MountSandbox;
let made: Mount;

beforeEach(async () => {
  sandbox = new MountSandbox();
  await sandbox.makeTrunk();
  made = await sandbox.mount("work");
});
afterEach(async () => {
  for (const each of await listMounts()) await unmount({ path: each.path }).catch(() => {});
  vi.unstubAllEnvs();
  sandbox.remove();
});

/** Gives the trunk states of some days. */
async function pushDays(...refs: string[]): Promise<void> {
  await sandbox.git(["-C", "work", "push", "-q", "origin", ...refs.map((ref) => `HEAD:${ref}`)]);
}

async function refsInTrunk(): Promise<string[]> {
  const listed = await sandbox.git(["-C", "work", "ls-remote", "--refs", "origin", "refs/trunks/*"]);
  return listed.split("\n").flatMap((line) => line.split("\t")[1] ?? []);
}

async function watchAndPush(): Promise<string> {
  await mount({ path: made.path, watch: "push" });
  const state = await saved(made.path);
  await untilStatus(made.path, ({ pushed }) => pushed === state);
  return state;
}

test("what is older than fourteen days goes from the trunk with the first push of a day, of this mount alone", async () => {
  const week = new Date(now.getTime() - 7 * 24 * 60 * 60 * 1000);
  const [old, recent, other] = [
    journalRef(made.id, longAgo),
    journalRef(made.id, week),
    journalRef("another-mount", longAgo),
  ];
  await pushDays(old, recent, other);
  await watchAndPush();
  const left = await refsInTrunk();
  expect(left).toHaveLength(3);
  expect(left).toEqual(expect.arrayContaining([recent, other]));
  expect(left).not.toContain(old);
});

test("no clone brings journals along, and nothing that lists branches or tags shows them", async () => {
  await watchAndPush();
  await sandbox.git(["clone", "-q", `trunks::${sandbox.url("app")}`, "clone"]);
  expect(await sandbox.git(["-C", "clone", "for-each-ref", "refs/trunks"])).toBe("");
  expect(await sandbox.git(["-C", "clone", "ls-remote", "--heads", "--tags", "origin"])).not.toContain("trunks");
  await sandbox.git(["-C", "clone", "fetch", "-q"]);
  expect(await sandbox.git(["-C", "clone", "for-each-ref", "refs/trunks"])).toBe("");
});

test("what mounts have left that are gone is removed here and in the trunk: what is too old, or all of one", async () => {
  const [old, recent] = [journalRef("gone-mount", longAgo), journalRef("gone-mount", now)];
  await pushDays(old, recent, journalRef("other-mount", now));
  await listMountStates({ path: made.path, fromTrunk: true });
  await watchAndPush();
  const today = now.toISOString().slice(0, 10);
  const cleaned = await cleanJournals({ path: made.path });
  expect(cleaned.removed).toEqual([{ mountId: "gone-mount", day: "2020-01-01", isHere: true, isInTrunk: true }]);
  expect(cleaned.left.map(({ mountId }) => mountId).sort()).toEqual([made.id, "gone-mount", "other-mount"].sort());
  expect(await refsInTrunk()).not.toContain(old);
  expect(await sandbox.git(["-C", "work", "for-each-ref", "--format=%(refname)", old])).toBe("");
  expect((await cleanJournals({ path: made.path })).removed).toEqual([]);
  const gone = await cleanJournals({ path: made.path, of: "gone" });
  expect(gone.removed).toEqual([{ mountId: "gone-mount", day: today, isHere: true, isInTrunk: true }]);
  const left = await refsInTrunk();
  expect([left.length, left.includes(journalRef("other-mount", now))]).toEqual([2, true]);
  for (const [of, code] of [
    ["gone", "NOT_FOUND"],
    ["", "NOT_FOUND"],
    [made.id.slice(0, 8), "CONFLICT"],
  ] as const) {
    await expect(cleanJournals({ path: made.path, of })).rejects.toMatchObject({ code });
  }
});

test("unmount tells what stays of the journal, and another mount of the trunk removes it", async () => {
  await watchAndPush();
  const { journal } = await unmount({ path: made.path });
  expect(journal).toEqual({ mountId: made.id, days: 1, daysInTrunk: 1 });
  const other = await sandbox.mount("other");
  const { removed, left } = await cleanJournals({ path: other.path, of: made.id });
  expect([removed, left]).toMatchObject([[{ isHere: false, isInTrunk: true }], []]);
  expect(await sandbox.git(["-C", "other", "ls-remote", "origin", "refs/trunks/*"])).toBe("");
  expect((await other.unmount()).journal).toEqual({ mountId: other.id, days: 0, daysInTrunk: undefined });
});
