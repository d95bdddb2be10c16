import git from "isomorphic-git";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isTrunksError, Trunk } from "../src/index.ts";
import { GitSandbox } from "./support/git-sandbox.ts";

const sandbox = new GitSandbox();
const author = { name: "A Writer", email: "writer@example.org" };
let trunk: Trunk;

beforeAll(async () => {
  trunk = await Trunk.open(sandbox.url("app"), { create: true, author });
  await trunk.write("README.md", "# Here\n");
  await trunk.write("src/main.c", "int main;\n");
  await trunk.commit({ message: "first" });
  await trunk.push();
  await trunk.branches.create({ name: "side" });
  await trunk.tags.create({ name: "v1", message: "one" });
});
afterAll(async () => {
  await trunk.close();
  sandbox.remove();
});

describe("isomorphic-git over a trunk", () => {
  test("reads commits, trees, contents and refs, and what is not pushed", async () => {
    await trunk.write("src/main.c", "int main();\n");
    const { id } = await trunk.commit({ message: "second" });
    const plug = trunk.isomorphicGit();
    const log = await git.log({ ...plug });
    expect(log.map(({ commit }) => commit.message)).toEqual(["second\n", "first\n"]);
    expect(log[0]?.oid).toBe(id);
    expect(await git.listBranches(plug)).toEqual(["main", "side"]);
    expect(await git.listTags(plug)).toEqual(["v1"]);
    expect(await git.currentBranch(plug)).toBe("main");
    expect(await git.resolveRef({ ...plug, ref: "side" })).toBe(log[1]?.oid);
    expect(await git.listFiles({ ...plug, ref: "HEAD" })).toEqual(["README.md", "src/main.c"]);
    const { blob } = await git.readBlob({ ...plug, oid: id, filepath: "src/main.c" });
    expect(Buffer.from(blob).toString()).toBe("int main();\n");
    const missing = await git.readObject({ ...plug, oid: "1".repeat(40) }).catch((error) => error);
    expect(missing.code).toBe("NotFoundError");
  });

  test("what it commits and merges is pushed from here, and git finds it whole", async () => {
    const plug = trunk.isomorphicGit();
    const oid = await git.writeBlob({ ...plug, blob: new TextEncoder().encode("written\n") });
    const { tree: entries } = await git.readTree({ ...plug, oid: trunk.head as string });
    const tree = await git.writeTree({
      ...plug,
      tree: [...entries, { mode: "100644", path: "written", oid, type: "blob" }],
    });
    const parent = [trunk.head as string];
    const id = await git.commit({ ...plug, message: "by isomorphic-git\n", author, tree, parent });
    expect(trunk.head).toBe(id);
    expect(await trunk.read("written")).toBe("written\n");
    await trunk.write("more", "more\n");
    await trunk.commit({ message: "more" });
    expect(await trunk.push()).toMatchObject({ pushed: true });
    await sandbox.git(["clone", "-q", `trunks::${sandbox.url("app")}`, "clone"]);
    expect(await sandbox.git(["fsck", "--strict"], { folder: "clone" })).toBe("");
    expect((await sandbox.git(["log", "--format=%s"], { folder: "clone" })).split("\n")).toEqual([
      "more",
      "by isomorphic-git",
      "second",
      "first",
    ]);
  });

  test("other refs, and staged changes, are not touched", async () => {
    const plug = trunk.isomorphicGit();
    const { head } = trunk;
    const refused = await git.branch({ ...plug, ref: "new" }).catch((error) => error);
    expect(isTrunksError(refused, "NOT_SUPPORTED")).toBe(true);
    await trunk.write("staged", "staged\n");
    const moved = git.writeRef({ ...plug, ref: "refs/heads/main", value: "1".repeat(40), force: true });
    expect(isTrunksError(await moved.catch((error) => error), "INVALID_ARGUMENT")).toBe(true);
    expect(trunk.head).toBe(head);
    expect(await trunk.read("staged")).toBe("staged\n");
  });

  test("a commit of what is nowhere is refused", async () => {
    await trunk.discard();
    const plug = trunk.isomorphicGit();
    const { head } = trunk;
    const missing = "2".repeat(40);
    const tree = await git.writeTree({ ...plug, tree: [{ mode: "100644", path: "a", oid: missing, type: "blob" }] });
    const commit = git.commit({ ...plug, message: "broken\n", author, tree, parent: [head as string] });
    const error = await commit.catch((thrown) => thrown);
    expect(isTrunksError(error, "INVALID_ARGUMENT")).toBe(true);
    expect(trunk.head).toBe(head);
  });
});
