import { afterAll, describe, expect, test } from "vitest";
import { ConflictError, Trunk } from "../src/index.ts";
import { GitSandbox } from "./support/git-sandbox.ts";

const sandbox = new GitSandbox();
afterAll(() => sandbox.remove());

async function seed(name: string): Promise<string> {
  const url = sandbox.url(name);
  await using trunk = await Trunk.open(url, { create: true });
  await trunk.write("README.md", "# Race\n");
  await trunk.write("shared", "one\ntwo\nthree\n");
  await trunk.commit({ message: "first" });
  await trunk.push();
  return url;
}

describe("writers on one branch", () => {
  test("two here and one with git: nothing is lost", async () => {
    const url = await seed("three");
    const rounds = 4;
    await using one = await Trunk.open(url);
    await using two = await Trunk.open(url);
    await sandbox.git(["clone", "-q", `trunks::${url}`, "racer"]);
    const folder = "racer";
    const here = async (
      trunk: Trunk,
      name: string,
      retry: "rebase" | "merge",
      round: number,
      start: Promise<unknown>,
    ) => {
      await trunk.write(`${name}/${round}`, `${name} ${round}\n`);
      await trunk.commit({ message: `${name} ${round}` });
      await start;
      expect(await trunk.push({ retry })).toMatchObject({ pushed: true });
    };
    const withGit = async (round: number) => {
      sandbox.write(`racer/git/${round}`, `git ${round}\n`);
      await sandbox.git(["add", "-A"], { folder });
      await sandbox.git(["commit", "-q", "-m", `git ${round}`], { folder });
      for (let attempt = 0; ; attempt++) {
        const failure = await sandbox.git(["push", "-q", "origin", "main"], { folder }).catch((error) => error);
        if (typeof failure === "string") break;
        // Two others may be faster, once each.
        if (attempt === 2 || !String(failure).includes("rejected")) throw failure;
        await sandbox.git(["pull", "-q", "--rebase", "origin", "main"], { folder });
      }
    };
    for (let round = 0; round < rounds; round++) {
      const git = withGit(round);
      // In every other round git is first, and here is who was told to fetch.
      const start = round % 2 === 0 ? Promise.resolve() : git;
      await Promise.all([here(one, "one", "rebase", round, start), here(two, "two", "merge", round, start), git]);
    }

    await sandbox.git(["clone", "-q", `trunks::${url}`, "three"]);
    expect(await sandbox.git(["fsck", "--strict"], { folder: "three" })).toBe("");
    const files = await sandbox.git(["ls-tree", "-r", "--name-only", "HEAD"], { folder: "three" });
    const expected = ["git", "one", "two"].flatMap((name) =>
      Array.from({ length: rounds }, (_, round) => `${name}/${round}`),
    );
    expect(files.split("\n")).toEqual(["README.md", ...expected, "shared"].sort());
    const messages = (await sandbox.git(["log", "--no-merges", "--format=%s"], { folder: "three" })).split("\n");
    expect(messages.sort()).toEqual(["first", ...expected.map((path) => path.replace("/", " "))].sort());
  });

  test("the second is told what moved, and loses nothing", async () => {
    const url = await seed("second");
    await using one = await Trunk.open(url);
    await using two = await Trunk.open(url);
    const base = one.head as string;
    await one.write("a", "one\n");
    const { id: first } = await one.commit({ message: "one" });
    await one.push();
    await two.write("b", "two\n");
    const { id: second } = await two.commit({ message: "two" });
    await two.write("staged", "not committed\n");
    const error = await two.push().catch((thrown) => thrown);
    expect(error).toBeInstanceOf(ConflictError);
    expect(error).toMatchObject({
      code: "CONFLICT",
      moved: [{ ref: "refs/heads/main", expected: base, actual: first }],
      paths: [],
    });
    expect(two.head).toBe(second);
    expect(await two.status()).toMatchObject({ ahead: 1, behind: 1, trunk_id: first });
    const pushed = await two.push({ retry: "rebase" });
    expect(pushed).toMatchObject({ pushed: true, replays: 1, old_id: first });
    expect((await two.log()).data.map(({ message }) => message)).toEqual(["two\n", "one\n", "first\n"]);
    expect(await two.read("staged")).toBe("not committed\n");
    expect(await two.status()).toMatchObject({ ahead: 0, behind: 0 });
    await one.pull();
    expect(one.head).toBe(two.head);
    expect(await one.read("b")).toBe("two\n");
    expect(await one.exists("staged")).toBe(false);
  });

  test("what both changed is never decided by itself", async () => {
    const url = await seed("both");
    await using one = await Trunk.open(url);
    await using two = await Trunk.open(url);
    await one.write("shared", "ONE\ntwo\nthree\n");
    await one.commit({ message: "one" });
    await one.push();
    await two.write("shared", "one\ntwo\nTHREE\n");
    await two.write("other", "other\n");
    const { id } = await two.commit({ message: "two" });
    for (const retry of ["rebase", "merge"] as const) {
      const error = await two.push({ retry }).catch((thrown) => thrown);
      expect(error).toBeInstanceOf(ConflictError);
      expect(error.paths).toEqual(["shared"]);
      expect(two.head).toBe(id);
      expect(await two.read("shared")).toBe("one\ntwo\nTHREE\n");
    }
    expect(await one.read("shared")).toBe("ONE\ntwo\nthree\n");
  });

  test("a lost answer is no conflict with oneself", async () => {
    const url = await seed("lost");
    await using one = await Trunk.open(url);
    await one.write("a", "one\n");
    const { id, author, committer } = await one.commit({ message: "one" });
    await using other = await Trunk.open(url);
    await other.write("a", "one\n");
    const identity = ({ name, email, date }: typeof author) => ({ name, email, date: new Date(date) });
    const same = await other.commit({ message: "one", author: identity(author), committer: identity(committer) });
    expect(same.id).toBe(id);
    await other.push();
    expect(await one.push()).toMatchObject({ pushed: true, new_id: id });
    expect(await one.status()).toMatchObject({ ahead: 0, behind: 0 });
  });
});
