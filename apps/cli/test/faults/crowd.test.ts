import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { checkedClone } from "../support/clone.ts";
import { ending } from "../support/ending.ts";
import { FaultySandbox } from "../support/faulty-sandbox.ts";
import { commit, makeTrunk } from "../support/repository.ts";

const count = 5;
const folders = Array.from({ length: count }, (_, index) => `writer-${index}`);
let sandbox: FaultySandbox;
let commits: string[];

/** Writers with a clone each, and a commit of their own in it. */
beforeAll(async () => {
  sandbox = new FaultySandbox();
  await makeTrunk(sandbox);
  commits = [];
  for (const folder of folders) {
    await sandbox.git(["clone", "-q", sandbox.trunkUrl(), folder]);
    commits.push(await commit(sandbox, folder, folder));
  }
  sandbox.keep("store", ...folders);
});
beforeEach(() => sandbox.restore("store", ...folders));
afterAll(() => sandbox.remove());

describe("as many `git push` at once as there are writers", () => {
  test("each to a branch of its own: all are in", async () => {
    const endings = await Promise.all(
      folders.map((folder) => ending(sandbox, ["push", "-q", "origin", `main:refs/heads/${folder}`], { folder })),
    );
    expect(endings).toEqual(folders.map(() => ({ status: 0, messages: "" })));
    const { refs } = await checkedClone(sandbox);
    expect(refs.slice(1)).toEqual(folders.map((folder, index) => `${commits[index]} refs/heads/${folder}`));
  });

  test("to one branch, each merging until it is in: every commit is there once", async () => {
    await Promise.all(folders.map(pushUntilIn));
    await checkedClone(sandbox);
    const subjects = await sandbox.git(["log", "--no-merges", "--format=%s", "main"], { folder: "checked" });
    expect(subjects.split("\n").toSorted()).toEqual(["first", ...folders]);
  });
});

async function pushUntilIn(folder: string): Promise<void> {
  // Each refusal is somebody else's success.
  for (let refusals = 0; refusals < count; refusals++) {
    const { status, messages } = await ending(sandbox, ["push", "-q", "origin", "main"], { folder });
    if (status === 0) return;
    expect(messages).toMatch(/\((fetch first|non-fast-forward)\)/);
    await sandbox.git(["pull", "-q", "--no-rebase", "--no-edit", "origin", "main"], { folder });
  }
  throw new Error(`${folder} was refused more often than there are others`);
}
