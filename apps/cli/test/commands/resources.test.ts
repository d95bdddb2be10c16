import type { Branch, ListAnswer, Repo, Tag } from "@trunks/sdk";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { commit } from "../support/repository.ts";
import { Sandbox } from "../support/sandbox.ts";
import { initialise, trunks, trunksJson, trunksText } from "../support/trunks.ts";

let sandbox: Sandbox;
let first: string;
let second: string;
const folder = "work";
const git = (...args: string[]) => sandbox.git(args, { folder });
const json = <Answer>(...args: string[]) => trunksJson<Answer>(sandbox, args, { folder });
const remoteId = async (ref: string) => (await git("ls-remote", "origin", ref)).split("\t")[0];

beforeEach(async () => {
  sandbox = new Sandbox();
  await initialise(sandbox);
  first = await commit(sandbox, folder, "first");
  second = await commit(sandbox, folder, "second");
  await git("push", "-q");
});
afterEach(() => sandbox.remove());

describe("branches", () => {
  test("are made in the trunk, of what it has, and one stays here as it is", async () => {
    const made = await trunksText(sandbox, ["branch", "create", "side"], { folder });
    expect(made).toBe(`created side at ${second.slice(0, 12)} in the trunk\n`);
    expect(await json("branch", "create", "--name", "older", "--from", "HEAD~1")).toEqual({
      object: "branch",
      name: "older",
      local_id: null,
      trunk_id: first,
      relation: "trunk",
      default: false,
    });
    expect(await remoteId("older")).toBe(first);
    expect(await git("branch", "--format=%(refname:short)")).toBe("main");
    expect(await json("branch", "create", "older")).toMatchObject({ code: "ALREADY_EXISTS" });
    expect(await json("branch", "create", "a..b")).toMatchObject({ code: "INVALID_ARGUMENT" });
    expect(await json("branch", "create", "x", "--from", "nowhere")).toMatchObject({ code: "NOT_FOUND" });
    const third = await commit(sandbox, folder, "third");
    expect(await json("branch", "create", "x")).toMatchObject({
      code: "NOT_FOUND",
      message: `the trunk does not have ${third.slice(0, 12)}`,
      hint: "push the commit first: trunks push",
    });
  });

  test("are listed and got as they are here and in the trunk", async () => {
    await json("branch", "create", "side", "--from", first);
    await git("branch", "-q", "here");
    await commit(sandbox, folder, "third");
    const list = await json<ListAnswer<Branch>>("branch", "list", "--limit", "2", "--offset", "1");
    expect(list).toMatchObject({ limit: 2, offset: 1, total_count: 3, has_more: false });
    expect(list.data).toMatchObject([
      { name: "main", relation: "ahead", ahead: 1, behind: 0, default: true },
      { name: "side", relation: "trunk", trunk_id: first, default: false },
    ]);
    expect(await json("branch", "get", "here")).toMatchObject({ relation: "local", trunk_id: null, local_id: second });
    expect(await json("branch", "get", "nowhere")).toMatchObject({ object: "error", code: "NOT_FOUND" });
    expect(await trunksText(sandbox, ["branch", "get", "main"], { folder })).toBe(
      `main  ${second.slice(0, 12)}  ahead 1  default\n`,
    );
  });

  test("are moved and deleted in the trunk, and undo takes it back", async () => {
    await json("branch", "create", "side");
    expect(await json("branch", "update", "side", "--to", first)).toMatchObject({ trunk_id: first });
    await trunksText(sandbox, ["undo", "--yes"], { folder });
    expect(await remoteId("side")).toBe(second);
    await git("branch", "-q", "side");
    const { stdout, stderr } = await trunks(sandbox, ["branch", "delete", "side"], { folder });
    expect([stdout, stderr]).toEqual([
      "deleted side from the trunk\n",
      "hint: the branch here is as it was: git branch -D side\n",
    ]);
    expect(await json("branch", "delete", "side")).toMatchObject({ code: "NOT_FOUND" });
    expect(await json("branch", "delete", "main")).toMatchObject({ code: "INVALID_ARGUMENT" });
    await trunksText(sandbox, ["branch", "restore", "side"], { folder });
    expect(await json("branch", "delete", "--name", "side")).toEqual({ object: "branch", name: "side", deleted: true });
    // The journal names who it was.
    expect(await json("reflog", "side", "--limit", "1")).toMatchObject({
      data: [{ author: "A U Thor <author@example.org>", new: null }],
    });
  });

  test("need a name, and a trunk", async () => {
    for (const command of ["create", "get", "update", "delete", "switch"]) {
      expect([command, (await trunks(sandbox, ["branch", command], { folder })).status]).toEqual([command, 2]);
    }
    expect((await trunks(sandbox, ["branch", "get", "a", "--name", "b"], { folder })).status).toBe(2);
    expect((await trunks(sandbox, ["branch", "update", "side"], { folder })).status).toBe(2);
    await git("remote", "remove", "origin");
    expect(await json("branch", "list")).toMatchObject({ code: "NOT_FOUND" });
    expect(await trunksJson(sandbox, ["branch", "list"])).toMatchObject({ code: "NOT_FOUND" });
  });
});

test("tags are made, listed, got, changed and deleted in the trunk", async () => {
  expect(await json("tag", "create", "v1", "--from", "HEAD~1")).toEqual({
    object: "tag",
    name: "v1",
    id: first,
    target_id: first,
    annotated: false,
  });
  const tag = await json<Tag>("tag", "create", "--name", "v2", "-m", "version 2");
  expect(tag).toMatchObject({ target_id: second, annotated: true });
  await git("fetch", "-q", "--tags");
  expect(await git("for-each-ref", "--format=%(contents:subject) %(taggername)", "refs/tags/v2")).toBe(
    "version 2 A U Thor",
  );
  expect(await json("tag", "list")).toMatchObject({ data: [{ name: "v1" }, tag], total_count: 2 });
  expect(await json("tag", "update", "v1", "--to", "main")).toMatchObject({ id: second });
  expect(await json("tag", "get", "v1")).toMatchObject({ id: second });
  expect((await trunks(sandbox, ["tag", "update", "v1"], { folder })).status).toBe(2);
  expect(await json("tag", "delete", "v1")).toEqual({ object: "tag", name: "v1", deleted: true });
  expect(await json("tag", "get", "v1")).toMatchObject({ code: "NOT_FOUND" });
  expect(await trunksText(sandbox, ["tag", "list"], { folder })).toBe(`v2  ${second.slice(0, 12)}  annotated\n`);
});

test("repositories are made, listed, got, changed and deleted in a storage", async () => {
  const made = await json<Repo>("repo", "create", "other", "--default-branch", "next", "--object-format", "sha256");
  expect(made).toMatchObject({
    object: "repository",
    name: "other",
    url: `local://${sandbox.path}/store/trunks/other.trunk`,
    object_format: "sha256",
    default_branch: "next",
    head_id: null,
  });
  expect(await json("repo", "create", "other")).toMatchObject({ code: "ALREADY_EXISTS" });
  expect(await json("repo", "create", "../x")).toMatchObject({ code: "CONFIG_INVALID" });
  expect(await json("repo", "get", "app")).toMatchObject({ head_id: second, branch_count: 1, tag_count: 0 });
  await json("branch", "create", "side");
  expect(await json("repo", "update", "app", "--default-branch", "side")).toMatchObject({ default_branch: "side" });
  await sandbox.git(["clone", "-q", sandbox.trunkUrl(), "copy"]);
  expect(await sandbox.git(["symbolic-ref", "HEAD"], { folder: "copy" })).toBe("refs/heads/side");
  const url = `local://${sandbox.path}/store`;
  const list = await trunksJson(sandbox, ["repo", "list", "--url", url, "--limit", "1"]);
  expect(list).toMatchObject({ data: [{ object: "repository", name: "app" }], total_count: 2, has_more: true });
  expect(await trunksJson(sandbox, ["repo", "list"])).toMatchObject({ code: "NOT_FOUND" });
  expect(await json("repo", "list", "--storage", "nowhere")).toMatchObject({ code: "NOT_FOUND" });
  expect((await trunks(sandbox, ["repo", "delete", "other"], { folder })).status).toBe(2);
  expect(await json("repo", "delete", "other", "--yes")).toEqual({
    object: "repository",
    name: "other",
    deleted: true,
  });
  expect(await json("repo", "get", "other")).toMatchObject({ code: "NOT_FOUND" });
  expect(sandbox.names("store/trunks/other.trunk")).toEqual([]);
});
