import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isTrunksError, Trunk } from "../src/index.ts";
import { GitSandbox } from "./support/git-sandbox.ts";

const sandbox = new GitSandbox();
let trunk: Trunk;
const git = (...args: string[]) => sandbox.git(args, { folder: "work" });

/** A history with branches that were merged, of paths that came and went. */
beforeAll(async () => {
  await sandbox.git(["init", "-q", "work"]);
  await git("remote", "add", "origin", `trunks::${sandbox.url("app")}`);
  const commit = async (path: string, text: string | undefined) => {
    if (text === undefined) await git("rm", "-q", path);
    else sandbox.write(`work/${path}`, text);
    await git("add", "-A");
    await git("commit", "-q", "-m", `${path} is ${text}`);
  };
  await commit("a", "1");
  await commit("src/b", "1");
  await git("checkout", "-q", "-b", "side");
  await commit("a", "side");
  await commit("side", "1");
  await git("checkout", "-q", "main");
  await commit("src/b", "2");
  await git("merge", "-q", "--no-edit", "side");
  await commit("side", undefined);
  await git("tag", "v1");
  await commit("src/b", "3");
  await commit("a", "3");
  await git("push", "-q", "origin", "main", "side", "v1");
  trunk = await Trunk.open(sandbox.url("app"));
});
afterAll(async () => {
  await trunk?.close();
  sandbox.remove();
});

describe("log is git's", () => {
  test.each([
    [[]],
    [["side"]],
    [["v1..main"]],
    [["side..main"]],
    [["main..side"]],
    [["main", "--", "a"]],
    [["main", "--", "src"]],
    [["main", "--", "src/b"]],
    [["main", "--", "side"]],
    [["v1..main", "--", "src/b"]],
    [["main", "--", "nothing"]],
  ])("%j", async (args: string[]) => {
    const [ref, , path] = args;
    const expected = await git("log", "--format=%H", ...args);
    const { data, has_more, total_count } = await trunk.log({ ref, path });
    expect(data.map(({ id }) => id)).toEqual(expected === "" ? [] : expected.split("\n"));
    expect(has_more).toBe(false);
    expect(total_count).toBe(data.length);
  });

  test("page by page", async () => {
    const ids = (await git("log", "--format=%H")).split("\n");
    const found: string[] = [];
    for (let offset = 0, more = true; more; offset += 2) {
      const page = await trunk.log({ limit: 2, offset });
      expect(page).toMatchObject({ object: "list", limit: 2, offset });
      found.push(...page.data.map(({ id }) => id));
      more = page.has_more;
    }
    expect(found).toEqual(ids);
  });

  test("with who and when", async () => {
    const { data } = await trunk.log({ limit: 1 });
    const shown = await git("log", "-1", "--format=%H%n%T%n%P%n%an%n%ae%n%aI%n%cn%n%ce%n%cI%n%B");
    const [id, tree, parents, an, ae, ad, cn, ce, cd, message] = shown.split("\n");
    expect(data[0]).toEqual({
      object: "commit",
      id,
      tree,
      parents: [parents],
      author: { name: an, email: ae, date: ad?.replace(/Z$/, "+00:00") },
      committer: { name: cn, email: ce, date: cd?.replace(/Z$/, "+00:00") },
      message: `${message}\n`,
    });
  });
});

describe("diff is git's", () => {
  test.each([
    ["v1", "main", undefined],
    ["main", "v1", undefined],
    ["side", "main", undefined],
    ["main~3", "main", "src"],
    ["main", "main", undefined],
  ])("%s to %s in %s", async (from, to, path) => {
    const raw = await git("diff-tree", "-r", "--no-abbrev", "--no-renames", from, to, ...(path ? ["--", path] : []));
    const { data, total_count } = await trunk.diff({ from, to, path });
    const none = { mode: "000000", id: "0".repeat(40) };
    const kinds: Record<string, string> = { added: "A", removed: "D", modified: "M", retyped: "T" };
    const lines = data.map(({ old_mode, new_mode, old_id, new_id, kind, path }) =>
      [`:${old_mode ?? none.mode}`, new_mode ?? none.mode, old_id ?? none.id, new_id ?? none.id, kinds[kind]]
        .join(" ")
        .concat(`\t${path}`),
    );
    expect(lines).toEqual(raw === "" ? [] : raw.split("\n"));
    expect(total_count).toBe(lines.length);
  });
});

describe("list", () => {
  test.each([
    ["*", ["a"]],
    ["**", ["a", "src/b"]],
    ["**/b", ["src/b"]],
    ["src/*", ["src/b"]],
    ["{a,nothing}", ["a"]],
    ["[!a]*/*", ["src/b"]],
    ["src/?", ["src/b"]],
    ["nothing/**", []],
    ["b", []],
  ])("by the glob %s", async (glob, expected) => {
    expect((await trunk.list("", { glob })).data.map(({ path }) => path)).toEqual(expected);
  });

  test("a folder, page by page, and one that is not there", async () => {
    const { data } = await trunk.list();
    expect(data.map(({ path, type }) => [path, type])).toEqual([
      ["a", "file"],
      ["src", "folder"],
    ]);
    expect(await trunk.list("", { limit: 1, offset: 1 })).toMatchObject({
      data: [{ path: "src" }],
      total_count: 2,
      has_more: false,
    });
    const error = await trunk.list("nothing").catch((thrown) => thrown);
    expect(isTrunksError(error, "NOT_FOUND")).toBe(true);
  });
});

describe("branches and tags", () => {
  test("are listed, made, moved and deleted, as git sees it", async () => {
    const { branches, tags } = trunk;
    expect((await branches.list()).data.map(({ name, relation, default: is }) => [name, relation, is])).toEqual([
      ["main", "equal", true],
      ["side", "trunk", false],
    ]);
    await branches.create({ name: "agent/run-7", from: "v1" });
    await branches.update({ name: "agent/run-7", to: "main~1" });
    await tags.create({ name: "v2", message: "two\n" });
    const remote = `trunks::${sandbox.url("app")}`;
    const listed = await git("ls-remote", remote);
    expect(listed).toContain(`${await git("rev-parse", "main~1")}\trefs/heads/agent/run-7`);
    expect(listed).toContain(`${await git("rev-parse", "main")}\trefs/tags/v2^{}`);
    await branches.delete({ name: "agent/run-7" });
    await tags.delete({ name: "v2" });
    expect(await git("ls-remote", remote)).not.toMatch(/run-7|v2/);
  });

  test("refuse what would lose something", async () => {
    const { branches, tags } = trunk;
    const codes = [
      branches.create({ name: "side" }),
      branches.create({ name: "new", from: "nothing" }),
      branches.create({ name: "side/below" }),
      branches.create({ name: "a..b" }),
      branches.get({ name: "nothing" }),
      branches.delete({ name: "nothing" }),
      branches.delete({ name: "main" }),
      branches.update({ name: "main", to: "side" }),
      tags.create({ name: "v1" }),
      tags.get({ name: "nothing" }),
    ].map((work) =>
      work.then(
        () => "nothing was thrown",
        (error) => error.code,
      ),
    );
    expect(await Promise.all(codes)).toEqual([
      "ALREADY_EXISTS",
      "NOT_FOUND",
      "CONFLICT",
      "INVALID_ARGUMENT",
      "NOT_FOUND",
      "NOT_FOUND",
      "INVALID_ARGUMENT",
      "INVALID_ARGUMENT",
      "ALREADY_EXISTS",
      "NOT_FOUND",
    ]);
  });
});
