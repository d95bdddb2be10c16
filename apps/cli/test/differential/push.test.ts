import { expect, test } from "vitest";
import { comparisons } from "./begin.ts";
import { row } from "./history.ts";
import { ask, clone, fetch, local, localInput, push } from "./step.ts";

const begin = comparisons();

test("what is no fast-forward needs force, and what is not here a fetch", async () => {
  const both = await begin();
  await both.run(
    clone("clone"),
    row("clone", "refs/heads/main", 1, { from: "refs/heads/main", tag: "theirs" }),
    push("clone", "origin", "main"),
    row("work", "refs/heads/main", 1, { from: "refs/heads/main", tag: "ours" }),
    push("work", "origin", "main"),
    push("work", "origin", "main", "main:other"),
    fetch("work", "fetch", "-q"),
    push("work", "origin", "main"),
    push("work", "-f", "origin", "main"),
    push("clone", "origin", "main"),
    push("clone", "origin", "+main~1:main"),
    push("work", "origin", "main:main"),
    push("work", "-n", "origin", "main", "main:refs/heads/dry"),
    push("work", "-q", "origin", "main"),
  );
});

test("leases", async () => {
  const both = await begin();
  await both.run(
    clone("clone"),
    row("clone", "refs/heads/main", 1, { from: "refs/heads/main", tag: "theirs" }),
    push("clone", "origin", "main"),
    row("work", "refs/heads/main", 1, { from: "refs/heads/main~1", tag: "ours" }),
    push("work", "--force-with-lease", "origin", "main"),
    push("work", "--force-with-lease=main:main~1", "origin", "main"),
    push("work", "--force-with-lease=main:", "origin", "main"),
    push("work", "--force-with-lease=fresh:", "origin", "main:fresh"),
    push("work", "--force-with-lease=fresh:", "origin", "+main~1:fresh"),
    push("work", "--force-with-lease=fresh:refs/remotes/origin/fresh", "origin", "+main~1:fresh"),
    push("work", "--force-with-lease", "--atomic", "origin", "main", "main:atomic"),
    fetch("work", "fetch", "-q"),
    push("work", "--force-with-lease", "--force-if-includes", "origin", "main"),
    push("work", "--force-with-lease", "origin", "main"),
    push("work", "--force-with-lease=fresh", "origin", ":fresh"),
    push("work", "--force-with-lease=gone:main", "origin", ":gone"),
  );
});

test("deleting", async () => {
  const both = await begin();
  await both.run(
    push("work", "origin", "main:a", "main:b", "main:refs/tags/t", "main:x/y"),
    clone("clone"),
    push("work", "origin", ":a"),
    push("work", "origin", "--delete", "b", "t"),
    push("work", "origin", ":main"),
    push("work", "origin", ":main", ":x/y", "main:new"),
    push("work", "origin", ":not-there"),
    push("work", "origin", ":refs/heads/not-there"),
    push("work", "origin", "--delete", "refs/heads/not-there", "new"),
    push("work", "--atomic", "origin", ":main", "main:atomic"),
    fetch("clone", "fetch", "-q", "--prune"),
    fetch("clone", "fetch", "-q", "--prune", "--prune-tags"),
  );
});

test("a name that is a folder of another", async () => {
  const both = await begin();
  await both.run(
    push("work", "origin", "main:a"),
    push("work", "origin", "main:a/b"),
    push("work", "origin", "main:a/b/c", "main:d"),
    push("work", "origin", ":a", "main:a/b"),
    clone("clone"),
    push("work", "origin", "main:a"),
    push("work", "origin", "main:a", ":a/b"),
    fetch("clone", "fetch", "-q"),
    fetch("clone", "fetch", "-q", "--prune"),
    push("work", "--atomic", "origin", "main:e", "main:e/f"),
    push("work", "origin", "main:g", "main:g/h"),
  );
});

test("atomic: all or none", async () => {
  const both = await begin();
  await both.run(
    clone("clone"),
    row("clone", "refs/heads/main", 1, { from: "refs/heads/main", tag: "theirs" }),
    push("clone", "origin", "main"),
    row("work", "refs/heads/main", 1, { from: "refs/heads/main", tag: "ours" }),
    push("work", "--atomic", "origin", "main", "main:one", "main:two"),
    push("work", "--atomic", "origin", "+main", "main:one", "main:two"),
    push("work", "--atomic", "origin", ":one", "main~1:three", "main:refs/tags/t"),
    push("work", "--atomic", "-f", "origin", "main~2:main", "main~1:two", ":three"),
  );
});

test("mirrors and prunes", async () => {
  const both = await begin();
  await both.run(
    row("work", "refs/heads/dev", 2, { from: "refs/heads/main~1" }),
    local("work", "tag", "-a", "-m", "one", "v1", "dev"),
    local("work", "update-ref", "refs/pull/7/head", "dev~1"),
    local("work", "notes", "add", "-m", "note", "main"),
    push("work", "--mirror", "origin"),
    clone("mirror", "--mirror"),
    local("work", "update-ref", "-d", "refs/heads/dev"),
    local("work", "tag", "-d", "v1"),
    row("work", "refs/heads/new", 1, { from: "refs/heads/main" }),
    push("work", "--mirror", "-n", "origin"),
    push("work", "--mirror", "origin"),
    fetch("mirror", "fetch", "-q", "--prune"),
    fetch("mirror", "remote", "update", "--prune"),
    ask("work", "ls-remote", "--symref", "origin"),
    push("work", "--prune", "origin", "refs/heads/*:refs/heads/*"),
    push("work", "--prune", "origin", "refs/heads/n*:refs/heads/copy/n*"),
    local("work", "remote", "add", "--mirror=push", "copy", "{remote}"),
    local("work", "update-ref", "refs/heads/more", "main~1"),
    push("work", "copy"),
  );
});

test("tags do not move without force, and follow when asked", async () => {
  const both = await begin();
  await both.run(
    local("work", "tag", "light", "main~1"),
    local("work", "tag", "-a", "-m", "one", "v1", "main~1"),
    row("work", "refs/heads/main", 1, { from: "refs/heads/main", tag: "more" }),
    local("work", "tag", "-a", "-m", "two", "v2", "main"),
    push("work", "--follow-tags", "origin", "main"),
    push("work", "origin", "--tags"),
    local("work", "tag", "-f", "light", "main"),
    local("work", "tag", "-f", "-a", "-m", "one again", "v1", "main"),
    push("work", "origin", "light", "v1"),
    push("work", "origin", "+light", "v1"),
    push("work", "-f", "origin", "--tags"),
    push("work", "origin", "v1^{}:refs/tags/peeled"),
    push("work", "origin", "tag", "v2"),
  );
});

test("whatever names an object can be pushed where it may stand", async () => {
  const both = await begin();
  const [id] = await both.theirs.lines("work", "rev-parse", "main~1");
  await both.run(
    push("work", "origin", "HEAD"),
    push("work", "origin", "HEAD:refs/heads/from-head"),
    push("work", "origin", `${id}:refs/heads/by-id`),
    push("work", "origin", "main~2:refs/heads/by-expression"),
    push("work", "origin", "@:refs/heads/at"),
    push("work", "origin", "main^{tree}:refs/tags/tree"),
    push("work", "origin", "main:log.txt:refs/tags/blob"),
    push("work", "origin", "main^{tree}:refs/heads/tree"),
    push("work", "origin", "main:refs/heads/bad..name"),
    push("work", "origin", "main:no-folder"),
    push("work", "origin", "no-such:refs/heads/x"),
    local("work", "tag", "-a", "-m", "tag", "v1", "main"),
    push("work", "origin", "v1:refs/heads/a-tag"),
    push("work", "origin", "v1:refs/custom/a-tag"),
    push("work", "origin", "main^{tree}:refs/custom/tree"),
    push("work", "origin", "main:refs/heads/HEAD"),
    local("work", "checkout", "-q", "--detach", "main"),
    push("work", "origin", "HEAD:main"),
    push("work", "origin", "HEAD"),
    local("work", "symbolic-ref", "HEAD", "refs/heads/unborn"),
    push("work", "origin", "HEAD"),
    push("work", "origin"),
    clone("clone"),
  );
});

test("options, and ways to choose refs", async () => {
  const both = await begin();
  await both.run(
    row("work", "refs/heads/dev", 2, { from: "refs/heads/main" }),
    push("work", "-o", "ci.skip", "-o", "two words = \u00e4", "origin", "main:refs/heads/optional"),
    push("work", "--signed=if-asked", "origin", "dev"),
    push("work", "-u", "origin", "dev"),
    push("work", "--all", "origin"),
    push("work", "origin", "refs/heads/*:refs/heads/copies/*"),
    push("work", "origin", "^refs/heads/main", "refs/heads/*:refs/heads/negative/*"),
    local("work", "config", "remote.origin.push", "refs/heads/dev:refs/heads/configured"),
    push("work", "origin"),
    push("work"),
    local("work", "config", "--unset", "remote.origin.push"),
    local("work", "config", "push.default", "matching"),
    push("work", "origin"),
    push("work", "--no-verify", "--thin", "origin", "main:refs/heads/thin"),
    push("work", "--no-thin", "origin", "main:refs/heads/thick"),
    push("work", "{remote}", "main:refs/heads/by-url"),
  );
});

test("an empty remote, and one without the branch of HEAD", async () => {
  const both = await begin({ empty: true });
  await both.run(
    push("work", "origin", "main"),
    row("work", "refs/heads/main", 1),
    push("work", "origin", "main:refs/tags/only"),
    clone("tags-only"),
    push("work", "origin", ":refs/tags/only"),
    clone("emptied"),
    clone("emptied-bare", "--bare"),
    push("work", "origin", "main:main"),
    fetch("emptied", "pull", "-q"),
    fetch("tags-only", "fetch", "-q", "--prune"),
  );
});

test("many refs at once", async () => {
  const both = await begin();
  const names = Array.from({ length: 300 }, (_, index) => `refs/heads/many/${index % 7}/${index}`);
  await both.run(
    localInput("work", names.map((name) => `create ${name} refs/heads/main\n`).join(""), "update-ref", "--stdin"),
    push("work", "--atomic", "origin", "refs/heads/many/*:refs/heads/many/*"),
    clone("clone"),
    push("work", "--prune", "origin", "refs/heads/none/*:refs/heads/many/3/*"),
    fetch("clone", "fetch", "-q", "--prune"),
  );
});

test("a push that brings nothing new, twice, and back again", async () => {
  const both = await begin();
  const { status } = await both.run(
    push("work", "origin", "main"),
    push("work", "origin", "main:copy"),
    push("work", "origin", "+main~2:main"),
    push("work", "origin", "main"),
    push("work", "origin", "+main~1:copy", ":main"),
    push("work", "origin", "main", "copy"),
  );
  expect(status).not.toBe(0);
});
