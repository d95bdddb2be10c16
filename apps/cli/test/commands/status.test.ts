import { afterEach, beforeEach, expect, test } from "vitest";
import { commit } from "../support/repository.ts";
import { Sandbox } from "../support/sandbox.ts";
import { initialise, trunks, trunksJson, trunksText } from "../support/trunks.ts";

let sandbox: Sandbox;
const folder = "work";

beforeEach(async () => {
  sandbox = new Sandbox();
  await initialise(sandbox);
});

afterEach(() => sandbox.remove());

test("before the first push", async () => {
  await commit(sandbox, folder, "first");
  expect(await trunksText(sandbox, ["status"], { folder })).toBe(
    `app at local://${sandbox.path}/store (remote origin)\n  nothing was pushed yet\n  main  only here\n`,
  );
});

test("branches in every relation", async () => {
  const base = await commit(sandbox, folder, "first");
  for (const branch of ["ahead", "behind", "diverged", "theirs", "moved"])
    await sandbox.git(["branch", branch], { folder });
  await sandbox.git(["push", "-q", "--all"], { folder });
  await sandbox.git(["clone", "-q", sandbox.trunkUrl(), "other"]);
  const onBranch = async (where: string, branch: string) => {
    await sandbox.git(["switch", "-q", branch], { folder: where });
    return commit(sandbox, where, `${where} ${branch}`);
  };
  for (const branch of ["behind", "diverged"]) await onBranch("other", branch);
  await sandbox.git(["push", "-q", "--all"], { folder: "other" });
  await sandbox.git(["fetch", "-q"], { folder });
  const moved = await onBranch("other", "moved");
  await sandbox.git(["push", "-q", "origin", "moved"], { folder: "other" });
  await onBranch(folder, "ahead");
  await onBranch(folder, "diverged");
  await sandbox.git(["branch", "-q", "-D", "theirs"], { folder });
  await sandbox.git(["branch", "mine"], { folder });
  sandbox.write("work/untracked", "");
  const answer = await trunksJson<{ branches: { name: string }[] }>(sandbox, ["status"], { folder });
  expect(answer).toMatchObject({
    object: "status",
    trunk: { object: "trunk", name: "app", remote: "origin", reachable: true, exists: true },
    changed_files: 1,
  });
  expect(Object.fromEntries(answer.branches.map(({ name, ...others }) => [name, others]))).toMatchObject({
    main: { relation: "equal", local_id: base, trunk_id: base },
    ahead: { relation: "ahead", ahead: 1, behind: 0 },
    behind: { relation: "behind", ahead: 0, behind: 1 },
    diverged: { relation: "diverged", ahead: 1, behind: 1 },
    theirs: { relation: "trunk", local_id: null, trunk_id: base },
    mine: { relation: "local", trunk_id: null },
    moved: { relation: "unknown", local_id: base, trunk_id: moved },
  });
  expect(await trunksText(sandbox, ["status"], { folder })).toContain(
    "  moved     behind; `trunks fetch` brings what is new\n",
  );
});

test("a store that cannot be reached is told, with what is here, and is a failure", async () => {
  await commit(sandbox, folder, "first");
  const environment = { TRUNKS_STORAGE_PRIMARY_URL: `local://${sandbox.path}/missing` };
  const { status, stdout } = await trunks(sandbox, ["status", "--json"], { folder, environment });
  expect(status).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({
    trunk: { reachable: false, error: { object: "error", code: "NOT_FOUND" } },
    branches: [{ name: "main", relation: "local" }],
  });
});

test("the remote can be named, and must be a trunk", async () => {
  await sandbox.git(["remote", "add", "elsewhere", "https://example.invalid/x"], { folder });
  await sandbox.git(["remote", "add", "second", sandbox.trunkUrl("second")], { folder });
  expect(await trunksJson(sandbox, ["status", "--remote", "second"], { folder })).toMatchObject({
    trunk: { name: "second", remote: "second", exists: false },
  });
  expect(await trunksJson(sandbox, ["status", "--remote", "elsewhere"], { folder })).toMatchObject({
    code: "NOT_FOUND",
  });
  expect(await trunksJson(sandbox, ["status", "--remote", "none"], { folder })).toMatchObject({ code: "NOT_FOUND" });
  await sandbox.git(["init", "-q", "plain"]);
  expect(await trunksJson(sandbox, ["status"], { folder: "plain" })).toMatchObject({
    code: "NOT_FOUND",
    hint: "run `trunks init`",
  });
});
