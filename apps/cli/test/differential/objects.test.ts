import { expect, test } from "vitest";
import { noise } from "../support/noise.ts";
import { comparisons } from "./begin.ts";
import { type CommitPlan, commits, row } from "./history.ts";
import { ask, clone, fetch, local, localInput, push } from "./step.ts";

const begin = comparisons();
const root: CommitPlan = { ref: "refs/heads/main", message: "root\n", parents: [], date: "1500000000 +0200" };

test("files of every kind: modes, links, submodules, names and contents that are no text", async () => {
  const both = await begin({ empty: true });
  const files: CommitPlan["files"] = [
    { path: "plain", content: "x" },
    { path: "run.sh", mode: "100755", content: "#!/bin/sh\n" },
    { path: "link", mode: "120000", content: "../out of here" },
    { path: "sub", mode: "160000", content: "1234567890123456789012345678901234567890" },
    { path: "\xff\xfe latin \xe4", content: "\x00\x01\xff" },
    { path: 'quo"te\\back\ttab\nline', content: "" },
    { path: "a-b", content: "1" },
    { path: "a/b", content: "2" },
    { path: "a.b", content: "3" },
    { path: "deep/er/and/deep/er/file", content: "4" },
    { path: "crlf", content: "one\r\ntwo\r\n" },
    { path: ".gitattributes", content: "* -text\ncrlf eol=crlf\n" },
  ];
  await both.run(
    commits("work", [{ ...root, files }]),
    push("work", "origin", "main"),
    clone("clone"),
    local("clone", "-c", "core.quotePath=true", "ls-tree", "-r", "HEAD"),
    commits("work", [
      {
        ...root,
        parents: ["refs/heads/main"],
        message: "turned around\n",
        files: [
          { path: "run.sh", content: "#!/bin/sh\n" },
          { path: "link", content: "a file now" },
          { path: "a/b" },
          { path: "a", content: "a file where a folder was" },
          { path: "plain/inside", content: "a folder where a file was" },
        ],
      },
    ]),
    push("work", "origin", "main"),
    fetch("clone", "pull", "-q"),
  );
});

test("commits as odd as git writes them", async () => {
  const both = await begin({ empty: true });
  await both.run(
    commits("work", [
      { ...root, message: "no newline at the end" },
      { ...root, parents: ["refs/heads/main"], message: "" },
      { ...root, parents: ["refs/heads/main"], message: "gr\xfc\xdfe\n", encoding: "ISO-8859-1" },
      {
        ...root,
        parents: ["refs/heads/main"],
        message: "bytes \xff\xfe that are no text\n",
        author: "\xe4\xf6 <\xfc@example.org>",
      },
      { ...root, parents: ["refs/heads/main"], message: "long ago\n", date: "0 -1200" },
      { ...root, parents: ["refs/heads/main"], message: "far ahead\n", date: "9999999999 +1445" },
      { ...root, parents: ["refs/heads/main"], message: "a strange zone\n", date: "1500000000 +051800" },
      { ...root, parents: ["refs/heads/main"], message: "back in time\n", date: "1000000000 -0030" },
    ]),
    push("work", "origin", "main"),
    clone("clone"),
    clone("mirror", "--mirror"),
  );
});

test("histories of every shape: roots, merges, an octopus, criss-cross", async () => {
  const both = await begin();
  const on = (ref: string, ...parents: string[]): CommitPlan => ({
    ...root,
    ref,
    parents,
    message: `${ref} ${parents.join(" ")}\n`,
    files: [{ path: ref, content: parents.join(" ") }],
  });
  const [a, b, c] = ["refs/heads/a", "refs/heads/b", "refs/heads/c"] as const;
  await both.run(
    commits("work", [on(a, "refs/heads/main"), on(b, "refs/heads/main~1"), on(c)]),
    push("work", "origin", "a", "b", "c"),
    commits("work", [on(a, a, b), on(b, b, a), on("refs/heads/octopus", a, b, c, "refs/heads/main")]),
    push("work", "origin", "octopus", "a"),
    clone("clone"),
    push("work", "origin", "--all"),
    fetch("clone", "fetch", "-q"),
  );
});

test("tags of everything, tags of tags, notes and other refs", async () => {
  const both = await begin();
  await both.run(
    local("work", "tag", "light", "main~1"),
    local("work", "tag", "-a", "-m", "a commit", "v1", "main"),
    local("work", "tag", "-a", "-m", "a tag", "v1-again", "v1"),
    local("work", "tag", "-a", "-m", "a tag's tag", "v1-and-again", "v1-again"),
    local("work", "tag", "-a", "-m", "a tree", "tree", "main^{tree}"),
    local("work", "tag", "-a", "-m", "a blob", "blob", "main:log.txt"),
    local("work", "tag", "light-tree", "main~1^{tree}"),
    local("work", "tag", "light-blob", "main~1:log.txt"),
    local("work", "notes", "add", "-m", "a note", "main"),
    local("work", "notes", "--ref", "other", "add", "-m", "another", "main~1"),
    local("work", "update-ref", "refs/pull/1/head", "main~1"),
    push("work", "origin", "v1-and-again"),
    clone("early"),
    push("work", "origin", "--tags"),
    fetch("early", "fetch", "-q"),
    push("work", "origin", "refs/notes/*:refs/notes/*", "refs/pull/*:refs/pull/*"),
    clone("clone"),
    clone("mirror", "--mirror"),
    fetch("clone", "fetch", "-q", "origin", "refs/notes/*:refs/notes/*"),
    fetch("early", "fetch", "-q", "--tags"),
    ask("work", "ls-remote", "--heads", "origin"),
    ask("work", "ls-remote", "--tags", "--refs", "origin"),
    ask("work", "ls-remote", "origin", "v1*", "main"),
    ask("work", "ls-remote", "--exit-code", "origin", "no-such"),
    ask("work", "ls-remote", "--sort=-v:refname", "origin"),
  );
});

test("ref names that are no UTF-8, and long ones", async () => {
  const both = await begin();
  const names = [
    "refs/heads/odd/\xff\xfe",
    "refs/heads/odd/\xc3\xa4",
    'refs/heads/odd/"quoted"',
    "refs/heads/odd/a'b;c",
    "refs/tags/odd/\xe9",
  ];
  const create = names.map((name) => `create ${name} refs/heads/main\n`).join("");
  const long = `refs/heads/long/${"x".repeat(200)}/${"y".repeat(200)}`;
  await both.run(
    localInput("work", Buffer.from(`${create}`, "latin1"), "update-ref", "--stdin"),
    local("work", "update-ref", long, "main"),
    push("work", "origin", "refs/heads/odd/*:refs/heads/odd/*", "refs/tags/*:refs/tags/*"),
    push("work", "origin", long),
    clone("clone"),
    clone("mirror", "--mirror"),
    push("work", "--prune", "origin", "refs/heads/none/*:refs/heads/odd/*"),
    fetch("mirror", "fetch", "-q", "--prune"),
  );
});

test("large pushes become packs of their own, on top of others and in between", async () => {
  const both = await begin();
  const bytes = Buffer.from(noise(1_500_000)).toString("latin1");
  const large = (ref: string, parents: string[], at: number): CommitPlan => ({
    ...root,
    ref,
    parents,
    files: [{ path: "large.bin", content: bytes.slice(at) }],
  });
  await both.run(
    clone("early"),
    commits("work", [large("refs/heads/main", ["refs/heads/main"], 0)]),
    push("work", "origin", "main"),
    fetch("early", "fetch", "-q"),
    row("work", "refs/heads/dev", 2, { from: "refs/heads/main" }),
    push("work", "origin", "dev"),
    commits("work", [large("refs/heads/dev", ["refs/heads/dev"], 100_000), large("refs/heads/alone", [], 200_000)]),
    push("work", "origin", "dev", "alone"),
    clone("clone"),
    fetch("early", "fetch", "-q"),
    clone("shallow", "--depth=1"),
    clone("blobless", "--filter=blob:limit=10k", "--no-checkout"),
  );
});

test("SHA-256", async () => {
  const both = await begin({ objects: "sha256" });
  await both.run(
    local("work", "tag", "-a", "-m", "one", "v1", "main~1"),
    push("work", "origin", "v1"),
    clone("clone"),
    row("work", "refs/heads/dev", 3, { from: "refs/heads/main~1" }),
    push("work", "origin", "dev"),
    fetch("clone", "fetch", "-q"),
    clone("shallow", "--depth=2", "--no-single-branch"),
    fetch("shallow", "fetch", "-q", "--unshallow"),
    clone("blobless", "--filter=blob:none"),
    push("work", "origin", ":dev"),
    fetch("clone", "fetch", "-q", "--prune"),
  );
});

test("a repository of one object format does not take objects of another", async () => {
  const both = await begin();
  await both.run(local("", "init", "-q", "--object-format=sha256", "other"), row("other", "refs/heads/main", 1));
  const { status } = await both.run(push("other", "{remote}", "main:refs/heads/other"));
  expect(status).not.toBe(0);
  await both.run(fetch("other", "fetch", "-q", "{remote}"));
});
