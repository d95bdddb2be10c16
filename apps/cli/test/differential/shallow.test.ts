import { test } from "vitest";
import { comparisons } from "./begin.ts";
import { type CommitPlan, commits, row } from "./history.ts";
import { clone, fetch, local, push } from "./step.ts";

const begin = comparisons();

test("clones that are cut by depth, by date and by a ref", async () => {
  const both = await begin();
  await both.run(
    row("work", "refs/heads/main", 4, { from: "refs/heads/main", tag: "more" }),
    row("work", "refs/heads/dev", 3, { from: "refs/heads/main~4" }),
    local("work", "tag", "-a", "-m", "one", "v1", "main~2"),
    push("work", "origin", "main", "dev", "v1"),
    clone("depth", "--depth=2"),
    clone("all-depth", "--depth=1", "--no-single-branch"),
    clone("bare-depth", "--bare", "--depth=3"),
    clone("mirror-depth", "--mirror", "--depth=2"),
    clone("since", "--shallow-since=1600001500 +0000", "--no-single-branch"),
    clone("exclude", "--shallow-exclude=v1"),
    clone("exclude-dev", "--shallow-exclude=dev", "--no-single-branch"),
    clone("tag", "--depth=1", "--branch=v1"),
    clone("rejected", "--reject-shallow"),
    clone("nothing-since", "--shallow-since=2000000000 +0000"),
    clone("deep", "--depth=100"),
  );
});

test("deeper and deeper, and whole again", async () => {
  const both = await begin();
  await both.run(
    row("work", "refs/heads/main", 8, { from: "refs/heads/main", tag: "more" }),
    row("work", "refs/heads/dev", 3, { from: "refs/heads/main~4" }),
    push("work", "origin", "main", "dev"),
    clone("clone", "--depth=1", "--no-single-branch"),
    fetch("clone", "fetch", "-q", "--depth=2"),
    fetch("clone", "fetch", "-q", "--deepen=1"),
    fetch("clone", "fetch", "-q", "--deepen=1", "origin", "main"),
    fetch("clone", "fetch", "-q", "--shallow-exclude=dev"),
    fetch("clone", "fetch", "-q", "--shallow-since=1600002500 +0000"),
    fetch("clone", "fetch", "-q", "--depth=1"),
    fetch("clone", "fetch", "-q", "--unshallow"),
    fetch("clone", "fetch", "-q", "--unshallow"),
    fetch("clone", "fetch", "-q", "--depth=2"),
    fetch("clone", "fetch", "-q", "--depth=2147483647"),
  );
});

test("a shallow clone goes on: fetches, tags, pushes", async () => {
  const both = await begin();
  await both.run(
    clone("clone", "--depth=1", "--no-single-branch"),
    row("work", "refs/heads/main", 3, { from: "refs/heads/main", tag: "more" }),
    local("work", "tag", "-a", "-m", "old", "old", "main~5"),
    local("work", "tag", "-a", "-m", "new", "new", "main"),
    push("work", "origin", "main", "old", "new"),
    fetch("clone", "fetch", "-q"),
    fetch("clone", "pull", "-q"),
    local("clone", "commit", "-q", "--allow-empty", "-m", "on top"),
    push("clone", "origin", "main"),
    push("clone", "origin", "main:refs/heads/copy"),
    row("work", "refs/heads/side", 2, { from: "refs/heads/main~1" }),
    push("work", "origin", "side"),
    fetch("clone", "fetch", "-q", "origin", "side"),
    fetch("clone", "fetch", "-q", "--tags"),
    fetch("clone", "fetch", "-q", "--unshallow"),
  );
});

test("history that a shallow clone cut off is not pushed as if it were a beginning", async () => {
  const both = await begin();
  await both.run(
    row("work", "refs/heads/dev", 3, { from: "refs/heads/main" }),
    local("", "clone", "-q", "--depth=1", "--branch=dev", "file://{side}/work", "cut"),
    push("cut", "{remote}", "dev:again"),
    local("cut", "commit", "-q", "--allow-empty", "-m", "on top"),
    row("cut", "refs/heads/alone", 1),
    push("cut", "{remote}", "dev:again", "dev:refs/tags/again", "alone"),
    push("work", "origin", "dev~1:refs/heads/near"),
    push("cut", "{remote}", "dev:again"),
    push("work", "origin", "dev"),
    push("cut", "{remote}", "dev:again"),
    clone("whole"),
  );
});

test("a shallow clone pushes a branch of its own, though the remote has moved on", async () => {
  const both = await begin();
  await both.run(
    clone("clone", "--depth=1"),
    local("clone", "commit", "-q", "--allow-empty", "-m", "on top"),
    row("work", "refs/heads/main", 2, { from: "refs/heads/main", tag: "more" }),
    push("work", "origin", "main"),
    push("clone", "origin", "main"),
    push("clone", "origin", "main:refs/heads/own"),
    push("clone", "-f", "origin", "main"),
    row("clone", "refs/heads/alone", 2),
    push("clone", "origin", "main~1:refs/heads/cut", "alone"),
    clone("whole"),
  );
});

test("a clone of a shallow clone, and a merge across the cut", async () => {
  const both = await begin();
  const merge: CommitPlan = {
    ref: "refs/heads/main",
    message: "merged\n",
    parents: ["refs/heads/main", "refs/heads/dev"],
    date: "1600100000 +0000",
  };
  await both.run(
    row("work", "refs/heads/dev", 3, { from: "refs/heads/main~2" }),
    commits("work", [merge]),
    push("work", "origin", "main", "dev"),
    clone("clone", "--depth=2"),
    fetch("clone", "fetch", "-q", "--deepen=1"),
    fetch("clone", "fetch", "-q", "origin", "dev"),
    fetch("clone", "fetch", "-q", "--unshallow"),
  );
});

test("shallow by a fetch into what was whole or empty", async () => {
  const both = await begin();
  await both.run(
    row("work", "refs/heads/main", 3, { from: "refs/heads/main", tag: "more" }),
    push("work", "origin", "main"),
    local("", "init", "-q", "empty"),
    fetch("empty", "fetch", "-q", "--depth=1", "{remote}", "main"),
    fetch("empty", "fetch", "-q", "--depth=2", "{remote}", "main:refs/heads/kept"),
    clone("whole"),
    fetch("whole", "fetch", "-q", "--depth=2"),
    fetch("whole", "fetch", "-q", "--update-shallow"),
  );
});
