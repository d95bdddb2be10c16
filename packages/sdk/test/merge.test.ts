import { MemoryBackend } from "@trunks/core/memory";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Trunk } from "../src/index.ts";

let trunk: Trunk;
beforeEach(async () => {
  trunk = await Trunk.openBackend(new MemoryBackend(), { create: true });
});
afterEach(() => trunk.close());

type Files = Readonly<Record<string, string | null>>;

async function commit(files: Files, message: string): Promise<string> {
  for (const [path, text] of Object.entries(files)) {
    if (text !== null) await trunk.write(path, text);
    else await trunk.remove(path);
  }
  return (await trunk.commit({ message })).id;
}

/** Makes `main` and `other`, which both began at `base`, and stands on `main`. */
async function diverge(base: Files, ours: Files, theirs: Files): Promise<void> {
  await commit(base, "base");
  await trunk.push();
  await trunk.branches.create({ name: "other" });
  await trunk.branches.switch({ name: "other" });
  await commit(theirs, "theirs");
  await trunk.push();
  await trunk.branches.switch({ name: "main" });
  await commit(ours, "ours");
}

describe("merge", () => {
  test("changes of different paths, and of different lines", async () => {
    const lines = Array.from({ length: 30 }, (_, number) => `line ${number}\n`);
    const changed = (at: number) => lines.with(at, `changed ${at}\n`).join("");
    await diverge(
      { text: lines.join(""), removed: "r", kept: "k" },
      { text: changed(2), added: "by us" },
      { text: changed(25), removed: null, "deep/added": "by them" },
    );
    const before = trunk.head;
    const theirs = await trunk.branches.get({ name: "other" });
    const merged = await trunk.merge("other");
    expect(merged).toMatchObject({ object: "merge", result: "merged", conflicts: [] });
    const commit = await trunk.resolve("HEAD");
    expect(commit?.parents).toEqual([before, theirs.trunk_id]);
    expect(commit?.message).toBe("Merge branch 'other'\n");
    expect(await trunk.read("text")).toBe(lines.with(2, "changed 2\n").with(25, "changed 25\n").join(""));
    const { data } = await trunk.list("", { recursive: true });
    expect(data.map(({ path }) => path)).toEqual(["added", "deep/added", "kept", "text"]);
    await trunk.push();
    expect(await trunk.status()).toMatchObject({ ahead: 0, behind: 0, changes: [] });
  });

  test("conflicts are data, and nothing is changed", async () => {
    await diverge(
      { text: "one\ntwo\nthree\n", binary: "\0a", removed: "r", kind: "k" },
      { text: "one\nours\nthree\n", binary: "\0b", removed: null, added: "a\n", "way/in": "w" },
      { text: "one\ntheirs\nthree\n", binary: "\0c", removed: "changed", added: "b\n", way: "w" },
    );
    const before = trunk.head;
    const { result, conflicts } = await trunk.merge("other");
    expect(result).toBe("conflicts");
    expect(trunk.head).toBe(before);
    expect((await trunk.status()).changes).toEqual([]);
    const reasons = conflicts.map(({ path, reason }) => `${path}: ${reason}`);
    expect(reasons).toEqual([
      "added: added",
      "binary: binary",
      "removed: removed",
      "text: content",
      "way: kind",
      "way/in: kind",
    ]);
    expect(conflicts.find(({ path }) => path === "text")?.marked).toBe(
      "one\n<<<<<<< main\nours\n=======\ntheirs\n>>>>>>> other\nthree\n",
    );
    expect(conflicts.find(({ path }) => path === "removed")).toMatchObject({ our_id: null });
  });

  test("a caller decides", async () => {
    await diverge(
      { text: "one\n", removed: "r" },
      { text: "ours\n", removed: null },
      { text: "theirs\n", removed: "s" },
    );
    const merged = await trunk.merge("other", {
      resolve: ({ path }) => (path === "text" ? "both\n" : null),
    });
    expect(merged.result).toBe("merged");
    expect(await trunk.read("text")).toBe("both\n");
    expect(await trunk.exists("removed")).toBe(false);
  });

  test("what is an ancestor already, and what follows", async () => {
    await commit({ a: "1" }, "first");
    await trunk.push();
    await trunk.branches.create({ name: "old" });
    const { trunk_id: old } = await trunk.branches.get({ name: "old" });
    await commit({ a: "2" }, "second");
    await trunk.push();
    expect(await trunk.merge("old")).toMatchObject({ result: "up-to-date" });
    const newest = trunk.head;
    await trunk.branches.switch({ name: "old" });
    expect(trunk.head).toBe(old);
    expect(await trunk.merge("main")).toMatchObject({ result: "fast-forward", commit: newest });
    expect(await trunk.push()).toMatchObject({ pushed: true, old_id: old, new_id: newest });
  });
});
