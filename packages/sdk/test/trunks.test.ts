import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { isTrunksError, Trunks } from "../src/index.ts";
import { GitSandbox } from "./support/git-sandbox.ts";

const sandbox = new GitSandbox();
const git = (...args: string[]) => sandbox.git(args, { folder: "work" });
let cwd: string;

beforeAll(async () => {
  cwd = `${sandbox.path}/work`;
  await sandbox.git(["init", "-q", "work"]);
  sandbox.write("work/src/a", "1\n");
  await git("add", "-A");
  await git("commit", "-q", "-m", "first");
  await git("remote", "add", "other", "https://example.org/a.git");
  await git("remote", "add", "origin", `trunks::${sandbox.url("app")}`);
  await git("push", "-q", "origin", "main");
  await git("worktree", "add", "-q", `${sandbox.path}/tree`, "-b", "tree");
});
afterAll(() => sandbox.remove());

describe("the trunk of a clone", () => {
  test.each([
    ["its top", () => cwd],
    ["a folder in it", () => `${cwd}/src`],
    ["git's own folder", () => `${cwd}/.git`],
    ["another worktree", () => `${sandbox.path}/tree`],
  ])("is found from %s", async (_, folder) => {
    await using trunks = new Trunks({ cwd: folder() });
    expect((await trunks.branches.get({ name: "main" })).trunk_id).toBe(await git("rev-parse", "main"));
    await using trunk = await trunks.open();
    expect(await trunk.read("src/a")).toBe("1\n");
  });

  test("is read anew by each call", async () => {
    await using trunks = new Trunks({ cwd });
    await trunks.branches.create({ name: "agent/run-7", from: "main" });
    expect(await git("ls-remote", "origin", "agent/run-7")).toContain(await git("rev-parse", "main"));
    await git("tag", "later");
    await git("push", "-q", "origin", "later");
    expect((await trunks.tags.list()).data.map(({ name }) => name)).toEqual(["later"]);
    await git("commit", "-q", "--allow-empty", "-m", "second");
    await git("push", "-q", "origin", "main");
    expect(await trunks.branches.get({ name: "main" })).toMatchObject({
      trunk_id: await git("rev-parse", "main"),
      local_id: null,
      relation: "trunk",
      default: true,
    });
    await trunks.branches.delete({ name: "agent/run-7" });
    expect(await git("ls-remote", "origin", "agent/run-7")).toBe("");
  });

  test("with a storage of its settings", async () => {
    const settings = {
      repository: "app",
      storages: { primary: { url: `local://${sandbox.path}/store`, options: {}, secrets: {} } },
    };
    await using trunks = new Trunks({ cwd: sandbox.path, url: "trunks://primary/app", settings });
    expect((await trunks.branches.list()).data.map(({ name }) => name)).toContain("main");
  });

  test("is refused to another user, whose settings it would follow", async () => {
    const self = process.getuid?.() ?? 0;
    vi.spyOn(process, "getuid").mockReturnValue(self + 1);
    const error = await new Trunks({ cwd }).open().catch((thrown) => thrown);
    vi.restoreAllMocks();
    expect(isTrunksError(error, "PERMISSION_DENIED")).toBe(true);
  });

  test("is missing where there is none", async () => {
    for (const [cwd, text] of [
      [sandbox.path, "is in no git repository"],
      [`${sandbox.path}/bare`, "no remote of the repository"],
    ] as const) {
      if (cwd !== sandbox.path) await sandbox.git(["init", "-q", "--bare", "bare"]);
      const error = await new Trunks({ cwd }).branches.list().catch((thrown) => thrown);
      expect(isTrunksError(error, "NOT_FOUND")).toBe(true);
      expect(error.message).toContain(text);
    }
  });
});
