import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { checkedClone, contents } from "../support/clone.ts";
import { commit, makeRepository } from "../support/repository.ts";
import { StoreSandbox } from "../support/store-sandbox.ts";
import { needStore, type Store, startStore, storeNames } from "../support/stores.ts";

/** Servers that are new have to be installed once. */
const startTimeoutMs = 15 * 60_000;
const timeoutMs = 300_000;
const mebibyte = 2 ** 20;

describe.each(storeNames)("%s", (name) => {
  let sandbox: StoreSandbox;
  let started: Store | string | undefined;
  let store: Store;
  let trunk: string;
  let url: string;

  beforeAll(async () => {
    sandbox = new StoreSandbox();
    started = await startStore(name, sandbox);
    if (typeof started !== "string") sandbox.storeEnvironment = started.environment;
  }, startTimeoutMs);
  afterAll(async () => {
    await sandbox.remove();
    if (typeof started === "object") await started.stop();
  });
  beforeEach((context) => {
    store = needStore(context, started);
    trunk = `app-${randomBytes(4).toString("hex")}`;
    url = store.url(trunk);
  });

  /** Makes a repository and a trunk with its `main`. */
  async function begin(...args: string[]): Promise<string> {
    const folder = `${trunk}-work`;
    await makeRepository(sandbox, folder, args);
    await sandbox.git(["remote", "add", "origin", url], { folder });
    await sandbox.git(["push", "-q", "-u", "origin", "main"], { folder });
    return folder;
  }

  test(
    "branches and tags come, move, are forced and go, and a clone is the same",
    async () => {
      const work = await begin();
      const git = (...args: string[]) => sandbox.git(args, { folder: work });
      await git("checkout", "-q", "-b", "topic/one");
      await commit(sandbox, work, "one");
      await git("tag", "light");
      await git("tag", "-a", "-m", "heavy", "heavy");
      await git("push", "-q", "origin", "topic/one", "light", "heavy");
      await sandbox.git(["clone", "-q", url, `${trunk}-clone`]);
      await git("commit", "-q", "--amend", "-m", "one, again");
      expect((await sandbox.tryGit(["push", "-q", "origin", "topic/one"], { folder: work })).status).toBe(1);
      await git("push", "-q", "--force-with-lease", "origin", "topic/one");
      await git("push", "-q", "origin", ":light", "main:refs/notes/x");
      const expected = await git("for-each-ref", "--format=%(objectname) %(refname)", "refs/heads", "refs/tags/heavy");
      const refs = [...expected.split("\n"), `${await git("rev-parse", "main")} refs/notes/x`].toSorted(byName);
      expect(await checkedClone(sandbox, url)).toEqual({ head: "refs/heads/main", refs });
      await sandbox.git(["fetch", "-q", "--prune", "--prune-tags"], { folder: `${trunk}-clone` });
      expect(await sandbox.git(["tag"], { folder: `${trunk}-clone` })).toBe("heavy");
      expect(await sandbox.git(["ls-remote", "--refs", url])).toBe(
        refs.map((line) => line.replace(" ", "\t")).join("\n"),
      );
    },
    timeoutMs,
  );

  test("a trunk's exact URL and its name in the store are the same trunk", async () => {
    await begin();
    expect(await checkedClone(sandbox, store.url(trunk, "exact"))).toEqual(await checkedClone(sandbox, url));
  });

  test(
    "two writers on one branch: the second is told to fetch first, and then goes on",
    async () => {
      const work = await begin();
      await sandbox.git(["clone", "-q", url, `${trunk}-second`]);
      await commit(sandbox, work, "mine");
      await commit(sandbox, `${trunk}-second`, "yours");
      await sandbox.git(["push", "-q"], { folder: work });
      const refused = await sandbox.tryGit(["push"], { folder: `${trunk}-second` });
      expect([refused.status, refused.stderr.toString()]).toEqual([1, expect.stringContaining("(fetch first)")]);
      await sandbox.git(["pull", "-q", "--no-rebase", "--no-edit"], { folder: `${trunk}-second` });
      await sandbox.git(["push", "-q"], { folder: `${trunk}-second` });
      await sandbox.git(["pull", "-q", "--ff-only"], { folder: work });
      expect(sandbox.names(work)).toEqual([".git", "README.md", "mine.txt", "src", "yours.txt"]);
    },
    timeoutMs,
  );

  test(
    "16 writers push 16 branches at once: all are in",
    async () => {
      const work = await begin();
      const branches = Array.from({ length: 16 }, (_, index) => `refs/heads/b${String(index).padStart(2, "0")}`);
      for (const branch of branches) {
        const id = await sandbox.git(["commit-tree", "-p", "main", "-m", branch, "main^{tree}"], { folder: work });
        await sandbox.git(["update-ref", branch, id], { folder: work });
      }
      const pushes = branches.map((branch) => sandbox.tryGit(["push", "-q", url, branch], { folder: work }));
      const endings = (await Promise.all(pushes)).map(({ status, stderr }) => [status, stderr.toString()]);
      expect(endings).toEqual(branches.map(() => [0, ""]));
      const expected = await sandbox.git(["for-each-ref", "--format=%(objectname) %(refname)", "refs/heads"], {
        folder: work,
      });
      expect((await checkedClone(sandbox, url)).refs).toEqual(expected.split("\n"));
    },
    timeoutMs,
  );

  const sizes: [objects: string, size: number][] = [
    ["sha1", 2 * mebibyte],
    ["sha256", 2 * mebibyte],
  ];
  // In parts, where the store has them.
  if (name !== "local") sizes.push(["sha1", 40 * mebibyte]);

  test.each(sizes)(
    "%s: a push of %i bytes that cannot be made smaller arrives as it was",
    async (objects, size) => {
      const work = await begin(`--object-format=${objects}`);
      sandbox.write(`${work}/large`, randomBytes(size));
      await sandbox.git(["add", "large"], { folder: work });
      await commit(sandbox, work, "large");
      await sandbox.git(["push", "-q"], { folder: work });
      const { refs } = await contents(sandbox, work);
      expect((await checkedClone(sandbox, url)).refs).toEqual(refs.filter((line) => line.includes("refs/heads/")));
    },
    timeoutMs,
  );
});

function byName(left: string, right: string): number {
  return left.slice(left.indexOf(" ")) < right.slice(right.indexOf(" ")) ? -1 : 1;
}
