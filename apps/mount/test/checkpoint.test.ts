import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { checkpointWatched } from "../src/checkpoint.ts";
import { unmount } from "../src/index.ts";
import { MountSandbox } from "./support/mount-sandbox.ts";
import { killWatcher, saved } from "./support/states.ts";

let sandbox: MountSandbox;
let path: string;
const git = (...args: string[]) => sandbox.git(["-C", "work", ...args]);
const identity = {
  GIT_AUTHOR_NAME: "Somebody",
  GIT_AUTHOR_EMAIL: "somebody@example.org",
  GIT_AUTHOR_DATE: "1700000000 +0100",
  GIT_COMMITTER_NAME: "Somebody",
  GIT_COMMITTER_EMAIL: "somebody@example.org",
  GIT_COMMITTER_DATE: "1700000000 +0100",
};
const checkpoint = (message: string) => checkpointWatched(path, { message, identity });

beforeEach(async () => {
  sandbox = new MountSandbox();
  await sandbox.makeTrunk();
  ({ path } = await sandbox.mount("work", { watch: true }));
});
afterEach(async () => {
  await unmount({ path }).catch(() => {});
  vi.unstubAllEnvs();
  sandbox.remove();
});

/** Does something to two folders alike; what stock git makes of one must be what the checkpoint makes of the other. */
async function asGitDoes(change: (folder: string) => void): Promise<void> {
  change("work");
  await sandbox.git(["-C", "stock", "checkout", "-q", await git("rev-parse", "HEAD")]);
  change("stock");
  await sandbox.git(["-C", "stock", "add", "-A"]);
  await sandbox.git(["-C", "stock", "commit", "-q", "-m", "all"], { environment: identity });
  const made = await checkpoint("all\n\n");
  expect(made).toEqual({ id: await sandbox.git(["-C", "stock", "rev-parse", "HEAD"]), created: true });
  expect(await git("rev-parse", "main")).toBe(made?.id);
  expect(await git("status", "--porcelain")).toBe("");
  await git("fsck", "--strict");
}

test("a checkpoint is the commit that stock git makes of all files, and nothing is left to be committed", async () => {
  await sandbox.git(["clone", "-q", `trunks::${sandbox.url("app")}`, "stock"]);
  const at = (folder: string, name: string) => join(sandbox.path, folder, name);
  await asGitDoes((folder) => writeFileSync(at(folder, "README.md"), "changed\n"));
  await asGitDoes((folder) => writeFileSync(at(folder, "new"), "new\n"));
  await saved(path);
  await asGitDoes((folder) => {
    mkdirSync(at(folder, "made/at/once"), { recursive: true });
    writeFileSync(at(folder, "made/at/once/file"), "file\n");
    rmSync(at(folder, "src"), { recursive: true });
    writeFileSync(at(folder, ".gitignore"), "*.log\n");
    writeFileSync(at(folder, "a.log"), "ignored\n");
  });
  await asGitDoes((folder) => {
    rmSync(at(folder, "new"));
    writeFileSync(at(folder, "bin/run"), "#!/bin/sh\nexit\n");
  });
});

test("what was staged or journalled before is in it, and where nothing has changed the last commit is the answer", async () => {
  sandbox.write("work/staged", "one\n");
  await git("add", "staged");
  sandbox.write("work/staged", "two\n");
  await saved(path);
  sandbox.write("work/README.md", "now\n");
  const made = await checkpoint("both");
  expect(await git("show", "--format=%an %ad", "--name-only", "HEAD")).toContain("README.md\nstaged");
  expect(await git("show", "HEAD:staged")).toBe("two");
  expect(await checkpoint("none")).toEqual({ id: made?.id, created: false });
});

test("in the middle of a merge, while git works, and unwatched it is for stock git to make, and nothing has changed", async () => {
  sandbox.write("work/README.md", "changed\n");
  const before = await git("rev-parse", "HEAD");
  for (const name of ["MERGE_HEAD", "index.lock"]) {
    const file = join(path, ".git", name);
    writeFileSync(file, "");
    expect(await checkpoint("no"), name).toBeUndefined();
    rmSync(file);
  }
  await git("config", "commit.gpgsign", "true");
  expect(await checkpoint("no")).toBeUndefined();
  await git("config", "commit.gpgsign", "false");
  expect(await checkpointWatched(path, { message: "no", identity: { GIT_AUTHOR_DATE: "no date" } })).toBeUndefined();
  await killWatcher(path);
  expect(await checkpoint("no")).toBeUndefined();
  expect(await git("rev-parse", "HEAD")).toBe(before);
  expect(await git("status", "--porcelain")).toBe("M README.md");
});
