import { test } from "vitest";
import { comparisons } from "./begin.ts";
import { row } from "./history.ts";
import { ask, clone, fetch, local, push } from "./step.ts";

const begin = comparisons();

test("refs as asked for: names, ids, patterns, exclusions, forced and not", async () => {
  const both = await begin();
  const [id] = await both.theirs.lines("work", "rev-parse", "main~1");
  await both.run(
    clone("clone"),
    row("work", "refs/heads/dev/one", 2, { from: "refs/heads/main~1" }),
    row("work", "refs/heads/dev/two", 1, { from: "refs/heads/main" }),
    push("work", "origin", "refs/heads/*:refs/heads/*", "main~2:refs/custom/x"),
    fetch("clone", "fetch", "-q", "origin", "dev/one"),
    fetch("clone", "fetch", "-q", "origin", "dev/two:local/two", "+refs/heads/dev/*:refs/copies/*"),
    fetch("clone", "fetch", "-q", "origin", "refs/custom/x"),
    fetch("clone", "fetch", "-q", "origin", id as string),
    fetch("clone", "fetch", "-q", "origin", `${id}:refs/heads/by-id`),
    fetch("clone", "fetch", "-q", "origin", "refs/heads/*:refs/all/*", "^refs/heads/dev/one"),
    fetch("clone", "fetch", "-q", "origin", "no-such-branch"),
    fetch("clone", "fetch", "-q", "origin", "0123456789012345678901234567890123456789"),
    fetch("clone", "fetch", "-q"),
    row("work", "refs/heads/dev/one", 1, { from: "refs/heads/main~2", tag: "rewritten" }),
    push("work", "-f", "origin", "dev/one"),
    fetch("clone", "fetch", "-q", "origin", "dev/one:refs/copies/one"),
    fetch("clone", "fetch", "-q", "origin", "+dev/one:refs/copies/one"),
    fetch("clone", "fetch", "-q", "--atomic", "origin"),
    fetch("clone", "fetch", "-q", "--append", "origin", "main"),
    fetch("clone", "fetch", "-q", "--refetch", "origin"),
    fetch("clone", "fetch", "-q", "{remote}"),
    fetch("clone", "fetch", "-q", "{remote}", "main:refs/heads/by-url"),
    fetch("clone", "remote", "set-head", "origin", "--auto"),
    ask("clone", "remote", "show", "origin"),
    ask("clone", "remote", "prune", "--dry-run", "origin"),
  );
});

test("tags: followed, all, none, moved, pruned", async () => {
  const both = await begin();
  await both.run(
    clone("clone"),
    clone("no-tags", "--no-tags"),
    clone("single", "--single-branch", "--branch", "main"),
    row("work", "refs/heads/main", 2, { from: "refs/heads/main", tag: "more" }),
    row("work", "refs/heads/dev", 2, { from: "refs/heads/main~3" }),
    local("work", "tag", "-a", "-m", "on main", "v1", "main~1"),
    local("work", "tag", "-a", "-m", "on dev", "v1-dev", "dev"),
    local("work", "tag", "-a", "-m", "of a tag", "v1-again", "v1"),
    local("work", "tag", "light", "main"),
    push("work", "origin", "main", "--tags"),
    fetch("single", "fetch", "-q"),
    fetch("clone", "fetch", "-q", "origin", "main"),
    fetch("no-tags", "fetch", "-q"),
    push("work", "origin", "dev"),
    fetch("clone", "fetch", "-q"),
    fetch("no-tags", "fetch", "-q", "--tags"),
    local("work", "tag", "-f", "light", "main~1"),
    push("work", "-f", "origin", "light", ":v1-again"),
    fetch("clone", "fetch", "-q", "--tags"),
    fetch("clone", "fetch", "-q", "--tags", "--force"),
    fetch("clone", "fetch", "-q", "--prune", "--prune-tags"),
    clone("at-tag", "--branch", "v1"),
    clone("single-at-tag", "--branch", "v1", "--single-branch"),
    clone("nowhere", "--branch", "no-such"),
  );
});

test("branches that are gone, or whose name is a folder now", async () => {
  const both = await begin();
  await both.run(
    push("work", "origin", "main:a", "main:b/c", "main:d"),
    clone("clone"),
    clone("mirror", "--mirror"),
    push("work", "origin", ":a", ":b/c", ":d"),
    push("work", "origin", "main~1:a/b", "main~1:b"),
    fetch("clone", "fetch", "-q"),
    fetch("clone", "fetch", "-q", "--prune"),
    fetch("clone", "fetch", "-q", "--prune"),
    fetch("mirror", "fetch", "-q", "--prune"),
    fetch("clone", "remote", "prune", "origin"),
    push("work", "origin", "main:z"),
    fetch("clone", "remote", "update"),
    fetch("clone", "fetch", "-q", "--all", "--prune"),
  );
});

test("pull: forward, merge, rebase, into an unborn branch", async () => {
  const both = await begin();
  await both.run(
    clone("clone"),
    local("", "init", "-q", "unborn"),
    fetch("unborn", "pull", "-q", "{remote}", "main"),
    row("work", "refs/heads/main", 1, { from: "refs/heads/main", tag: "one" }),
    push("work", "origin", "main"),
    fetch("clone", "pull", "-q"),
    local("clone", "commit", "-q", "--allow-empty", "-m", "mine"),
    row("work", "refs/heads/main", 1, { from: "refs/heads/main", tag: "two" }),
    push("work", "origin", "main"),
    fetch("clone", "pull", "-q", "--ff-only"),
    fetch("clone", "fetch", "-q"),
    local("clone", "merge", "-q", "-m", "merged", "FETCH_HEAD"),
    push("clone", "origin", "main"),
    fetch("work", "fetch", "-q"),
    row("work", "refs/heads/other", 1, { from: "refs/heads/main", tag: "three" }),
    push("work", "origin", "other"),
    fetch("clone", "pull", "-q", "--rebase", "origin", "other"),
    fetch("clone", "pull", "-q", "--ff-only", "origin", "main", "other"),
  );
});

test("clones of every kind", async () => {
  const both = await begin();
  await both.run(
    row("work", "refs/heads/dev", 2, { from: "refs/heads/main" }),
    local("work", "tag", "-a", "-m", "one", "v1", "dev~1"),
    push("work", "origin", "dev", "v1"),
    clone("plain"),
    clone("bare", "--bare"),
    clone("mirror", "--mirror"),
    clone("no-checkout", "--no-checkout"),
    clone("branch", "--branch", "dev"),
    clone("single", "--single-branch"),
    clone("single-dev", "--single-branch", "--branch", "dev"),
    clone("upstream", "--origin", "upstream"),
    clone("reject-shallow", "--reject-shallow"),
    clone("with-config", "-c", "fetch.prune=true", "-c", "remote.origin.fetch=+refs/custom/*:refs/custom/*"),
    clone("separate", "--separate-git-dir", "{side}/separate.git"),
    push("work", "origin", ":dev"),
    fetch("with-config", "fetch", "-q"),
    fetch("mirror", "remote", "update", "--prune"),
    fetch("bare", "fetch", "-q", "origin", "+refs/heads/*:refs/heads/*", "--prune"),
    ask("bare", "ls-remote", "origin"),
    ask("", "ls-remote", "--symref", "{remote}"),
    ask("", "ls-remote", "--symref", "{remote}", "HEAD"),
  );
});

test("objects that are here already are not needed again, and lost ones come back", async () => {
  const both = await begin();
  await both.run(
    row("work", "refs/heads/dev", 3, { from: "refs/heads/main" }),
    push("work", "origin", "dev"),
    clone("clone"),
    local("clone", "update-ref", "-d", "refs/remotes/origin/dev"),
    local("clone", "reflog", "expire", "--expire=now", "--all"),
    local("clone", "gc", "-q", "--prune=now"),
    fetch("clone", "fetch", "-q"),
    local("clone", "update-ref", "refs/heads/keep", "refs/remotes/origin/dev~2"),
    local("clone", "update-ref", "-d", "refs/remotes/origin/dev"),
    local("clone", "gc", "-q", "--prune=now"),
    row("work", "refs/heads/dev", 1, { from: "refs/heads/dev", tag: "more" }),
    push("work", "origin", "dev"),
    fetch("clone", "fetch", "-q"),
  );
});
