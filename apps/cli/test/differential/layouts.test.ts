import { test } from "vitest";
import { comparisons } from "./begin.ts";
import { row } from "./history.ts";
import { clone, fetch, local, localInput, push } from "./step.ts";

const begin = comparisons();

test("worktrees push, fetch and are fetched into", async () => {
  const both = await begin();
  await both.run(
    clone("clone"),
    local("clone", "worktree", "add", "-q", "-b", "side", "../tree"),
    local("tree", "commit", "-q", "--allow-empty", "-m", "in the worktree"),
    push("tree", "origin", "side"),
    push("tree", "origin", "HEAD:refs/heads/from-tree"),
    row("work", "refs/heads/main", 2, { from: "refs/heads/main", tag: "more" }),
    push("work", "origin", "main"),
    fetch("tree", "fetch", "-q"),
    fetch("tree", "pull", "-q", "--rebase", "origin", "main"),
    local("clone", "worktree", "add", "-q", "--detach", "../detached"),
    push("detached", "origin", "HEAD:refs/heads/detached"),
    fetch("detached", "fetch", "-q", "origin", "side:side"),
    fetch("detached", "fetch", "-q", "--depth=1"),
    fetch("clone", "fetch", "-q", "--unshallow"),
  );
});

test("alternates: objects that another repository has are neither fetched nor lost", async () => {
  const both = await begin();
  await both.run(
    clone("reference", "--reference", "{side}/work"),
    clone("dissociated", "--reference", "{side}/work", "--dissociate"),
    local("", "clone", "-q", "--shared", "work", "shared"),
    local("shared", "remote", "set-url", "origin", "{remote}"),
    local("shared", "commit", "-q", "--allow-empty", "-m", "shared"),
    push("shared", "origin", "HEAD:refs/heads/shared"),
    row("work", "refs/heads/main", 2, { from: "refs/heads/main", tag: "more" }),
    push("work", "origin", "main"),
    fetch("reference", "fetch", "-q"),
    fetch("shared", "fetch", "-q"),
    fetch("dissociated", "fetch", "-q"),
    local("", "clone", "-q", "--bare", "--reference", "reference", "{remote}", "second"),
    fetch("second", "fetch", "-q", "origin", "+refs/*:refs/*"),
  );
});

test("replacements stay at home, unless they are pushed themselves", async () => {
  const both = await begin();
  await both.run(
    clone("clone"),
    local("clone", "tag", "-a", "-m", "one", "v1", "main~1"),
    local("clone", "replace", "main~1", "main~2"),
    row("clone", "refs/heads/main", 1, { from: "refs/heads/main", tag: "more" }),
    push("clone", "origin", "main", "v1"),
    push("clone", "origin", "refs/replace/*:refs/replace/*"),
    fetch("work", "fetch", "-q"),
    clone("mirror", "--mirror"),
  );
});

test("submodules in the same kind of remote", async () => {
  const both = await begin();
  await both.run(
    local("work", "checkout", "-q", "-B", "main", "main"),
    local("work", "reset", "-q", "--hard"),
    local("work", "submodule", "--quiet", "add", "{remote}", "sub"),
    // The sides' URLs differ, and so would the commits.
    local("work", "config", "-f", ".gitmodules", "submodule.sub.url", "./sub.git"),
    local("work", "add", ".gitmodules"),
    local("work", "commit", "-q", "-m", "a submodule"),
    push("work", "--recurse-submodules=check", "origin", "main"),
    clone("clone"),
    local("clone", "config", "submodule.sub.url", "{remote}"),
    fetch("clone", "submodule", "--quiet", "update", "--init"),
    { ...fetch("clone/sub", "rev-parse", "HEAD"), compareOutput: true },
    local("work/sub", "commit", "-q", "--allow-empty", "-m", "inside"),
    local("work", "commit", "-q", "-a", "-m", "the submodule moves"),
    push("work", "--recurse-submodules=check", "origin", "main"),
    local("work/sub", "checkout", "-q", "-b", "inside"),
    push("work/sub", "origin", "inside"),
    push("work", "--recurse-submodules=check", "origin", "main"),
    fetch("clone", "-c", "fetch.parallel=2", "fetch", "-q", "--recurse-submodules"),
  );
});

test("the remote of a repository without a work tree, under another name, by a short form of its URL", async () => {
  const both = await begin();
  await both.run(
    local("", "init", "-q", "--bare", "bare"),
    local("bare", "config", "url.{remote}.insteadOf", "short:"),
    fetch("bare", "fetch", "-q", "short:", "+refs/heads/*:refs/heads/*"),
    local("bare", "remote", "add", "up/stream", "short:"),
    fetch("bare", "fetch", "-q", "up/stream"),
    push("bare", "up/stream", "main:refs/heads/from-bare"),
    local("bare", "config", "remote.pushDefault", "up/stream"),
    push("bare", "HEAD:refs/heads/default"),
    fetch("bare", "fetch", "-q", "--multiple", "up/stream", "short:"),
  );
});

test("settings of the user that change how git packs, checks and counts", async () => {
  const both = await begin();
  const settings = [
    "pack.indexVersion=1",
    "pack.packSizeLimit=1m",
    "fetch.fsckObjects=true",
    "fetch.unpackLimit=1",
    "transfer.unpackLimit=1000",
    "core.logAllRefUpdates=always",
    "fetch.writeCommitGraph=true",
    "repack.writeBitmaps=true",
    "core.quotePath=false",
    "log.showSignature=true",
    "color.ui=always",
    "fetch.output=compact",
    "push.default=nothing",
    "diff.noprefix=true",
    "core.abbrev=7",
  ];
  await both.run(
    localInput("work", "", "config", "user.useConfigOnly", "true"),
    ...settings.map((setting) => local("work", "config", ...(setting.split("=") as [string, string]))),
    row("work", "refs/heads/dev", 3, { from: "refs/heads/main" }),
    push("work", "origin", "dev"),
    clone("clone", ...settings.flatMap((setting) => ["-c", setting])),
    row("clone", "refs/heads/other", 3, { from: "refs/heads/main" }),
    push("clone", "origin", "other"),
    fetch("work", "fetch", "-q"),
    clone("loose", "-c", "fetch.unpackLimit=1000"),
    row("work", "refs/heads/dev", 1, { from: "refs/heads/dev", tag: "more" }),
    push("work", "origin", "dev"),
    fetch("loose", "fetch", "-q"),
    fetch("clone", "fetch", "-q"),
  );
});
