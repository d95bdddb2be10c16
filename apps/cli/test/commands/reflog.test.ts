import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { commit } from "../support/repository.ts";
import { Sandbox } from "../support/sandbox.ts";
import { Terminal } from "../support/terminal.ts";
import { initialise, trunks, trunksJson, trunksText } from "../support/trunks.ts";

interface Page {
  readonly data: readonly { readonly ref: string; readonly old: string | null; readonly entry_id: string }[];
}

let sandbox: Sandbox;
let first: string;
let second: string;
const folder = "work";

beforeEach(async () => {
  sandbox = new Sandbox();
  await initialise(sandbox);
  first = await commit(sandbox, folder, "first");
  await sandbox.git(["push", "-q", "origin", "main", "main:topic"], { folder });
  second = await commit(sandbox, folder, "second");
});

afterEach(() => sandbox.remove());

async function trunkRefs(): Promise<string[]> {
  const lines = await sandbox.git(["ls-remote", "--refs", "origin"], { folder });
  return lines === "" ? [] : lines.split("\n").map((line) => line.replace("\t", " "));
}

describe("trunks reflog", () => {
  test("lists who moved what, deleted branches too, in pages", async () => {
    const environment = { GIT_COMMITTER_NAME: "B \u001b[31m", GIT_COMMITTER_EMAIL: "b@example.org" };
    await sandbox.git(["push", "-q", "origin", "main", ":topic"], { folder, environment });
    const all = await trunksJson<Page>(sandbox, ["reflog"], { folder });
    expect(all).toMatchObject({
      object: "list",
      data: [
        {
          object: "ref_update",
          ref: "refs/heads/topic",
          old: first,
          new: null,
          author: "B \u001b[31m <b@example.org>",
        },
        { object: "ref_update", ref: "refs/heads/main", old: first, new: second, slot: 1 },
        { ref: "refs/heads/topic", old: null, new: first },
        { ref: "refs/heads/main", old: null, new: first, author: "A U Thor <author@example.org>", slot: 0 },
      ],
      total_count: 4,
      has_more: false,
      log_end: { slot: 0, reason: "beginning" },
    });
    const topic = await trunksJson(sandbox, ["reflog", "topic", "--limit", "1", "--offset", "1"], { folder });
    expect(topic).toMatchObject({ data: [all.data[2]], limit: 1, offset: 1, has_more: false, total_count: 2 });
    const newest = await trunksJson(sandbox, ["reflog", "--limit", "1"], { folder });
    expect(newest).toMatchObject({ data: [all.data[0]], has_more: true, total_count: null, log_end: null });
    const text = await trunksText(sandbox, ["reflog", "topic"], { folder });
    expect(text.split("\n")[0]).toMatch(
      /^[0-9a-f]{12} {2}20\S+Z {2}B \?\[31m <b@example.org> {2,}topic {2}deleted, was [0-9a-f]{12}$/,
    );
    expect(await trunksText(sandbox, ["reflog", "never"], { folder })).toBe("no such change is in the log\n");
  });
});

describe("trunks undo", () => {
  test("moves the refs back, tells it first with --dry-run, and can be undone", async () => {
    await sandbox.git(["push", "-q", "origin", "main", ":topic", "main:new"], { folder });
    const before = await trunkRefs();
    const dry = await trunksJson(sandbox, ["undo", "--dry-run"], { folder });
    expect(dry).toMatchObject({
      object: "restoration",
      dry_run: true,
      moves: expect.arrayContaining([{ ref: "refs/heads/main", old: second, new: first }]),
    });
    expect(await trunkRefs()).toEqual(before);
    await trunksText(sandbox, ["undo"], { folder });
    expect(await trunkRefs()).toEqual([`${first} refs/heads/main`, `${first} refs/heads/topic`]);
    await sandbox.git(["clone", "-q", sandbox.trunkUrl(), "undone"]);
    await sandbox.git(["fsck", "--strict"], { folder: "undone" });
    await trunksText(sandbox, ["undo"], { folder });
    expect(await trunkRefs()).toEqual(before);
    expect(await trunksText(sandbox, ["reflog", "main"], { folder })).toContain("undid");
  });

  test("of another's push wants it to be named, and refuses what was moved since unless it is forced", async () => {
    await sandbox.git(["clone", "-q", sandbox.trunkUrl(), "other"]);
    await commit(sandbox, "other", "theirs");
    const environment = { GIT_COMMITTER_NAME: "B", GIT_COMMITTER_EMAIL: "b@example.org" };
    await sandbox.git(["push", "-q", "origin", "main"], { folder: "other", environment });
    const refused = await trunks(sandbox, ["undo"], { folder });
    expect(refused).toMatchObject({ status: 1, stderr: expect.stringContaining("another's: B <b@example.org>") });
    const { data } = await trunksJson<Page>(sandbox, ["reflog", "main"], { folder });
    await sandbox.git(["push", "-q", "--force", "origin", "main"], { folder });
    const entry = data[0]?.entry_id.slice(0, 12) as string;
    const moved = await trunks(sandbox, ["undo", entry], { folder });
    expect(moved).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("refs/heads/main was moved since, by A U Thor"),
    });
    await trunksText(sandbox, ["undo", entry, "--force"], { folder });
    expect(await trunkRefs()).toEqual([`${first} refs/heads/main`, `${first} refs/heads/topic`]);
  });

  test("asks on a terminal", async () => {
    await sandbox.git(["push", "-q", "origin", "main"], { folder });
    const environment = { GIT_DIR: `${sandbox.path}/${folder}/.git` };
    const no = new Terminal(sandbox, ["undo"], environment);
    await no.answer("Move them back? [y/N]", "n");
    expect(await no.end()).toBe(1);
    expect(await trunkRefs()).toContain(`${second} refs/heads/main`);
    const yes = new Terminal(sandbox, ["undo"], environment);
    await yes.answer("Move them back? [y/N]", "y");
    expect(await yes.end()).toBe(0);
    expect(await trunkRefs()).toContain(`${first} refs/heads/main`);
  });

  test("wants an id where it is given something else", async () => {
    expect(await trunks(sandbox, ["undo", "main"], { folder })).toMatchObject({ status: 2 });
  });
});

test("trunks branch restore brings a deleted branch or tag back", async () => {
  await sandbox.git(["tag", "-a", "-m", "one", "v1"], { folder });
  await sandbox.git(["push", "-q", "origin", "main", "v1"], { folder });
  const before = await sandbox.git(["ls-remote", "origin"], { folder });
  await sandbox.git(["push", "-q", "origin", ":topic", ":v1"], { folder });
  await trunksText(sandbox, ["branch", "restore", "topic"], { folder });
  await trunksText(sandbox, ["branch", "restore", "refs/tags/v1"], { folder });
  expect(await sandbox.git(["ls-remote", "origin"], { folder })).toBe(before);
  expect(await trunks(sandbox, ["branch", "restore", "topic"], { folder })).toMatchObject({
    status: 1,
    stderr: expect.stringContaining("it was not deleted"),
  });
  expect(await trunks(sandbox, ["branch", "restore"], { folder })).toMatchObject({ status: 2 });
});
