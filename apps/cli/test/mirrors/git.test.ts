import { renameSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ending } from "../support/ending.ts";
import { GitMirrorSandbox } from "../support/git-mirror.ts";
import { commit, makeRepository } from "../support/repository.ts";
import { trunksText } from "../support/trunks.ts";

const wentWell = { status: 0, messages: "" };

let sandbox: GitMirrorSandbox;
beforeEach(() => {
  sandbox = new GitMirrorSandbox();
});
afterEach(() => sandbox.remove());

function hub(state: "away" | "back"): void {
  const [there, aside] = [join(sandbox.path, "hub.git"), join(sandbox.path, "aside.git")];
  if (state === "away") renameSync(there, aside);
  else renameSync(aside, there);
}

const work = { folder: "work" };

describe("a strict mirror that is a Git repository", () => {
  test("gets what the trunk has, and then each push: branches and tags, forced moves and deletions, nothing else", async () => {
    await sandbox.begin({});
    await sandbox.git(["init", "-q", "--bare", "hub.git"]);
    await sandbox.git(["push", "-q", "origin", "main:topic", "main:refs/notes/own"], work);
    expect(await sandbox.addHub()).toBe(`added hub: git+${sandbox.hubUrl} takes pushes; it is a strict mirror now\n`);
    expect(await sandbox.refsOf()).toEqual(await sandbox.trunkRefs());
    await sandbox.git(["tag", "-a", "-m", "one", "v1"], work);
    expect(await sandbox.push()).toEqual(wentWell);
    await commit(sandbox, "work", "second");
    expect(
      await ending(sandbox, ["push", "-q", "--atomic", "origin", "main", "v1", ":topic", "main:other"], work),
    ).toEqual(wentWell);
    await sandbox.git(["commit", "-q", "--amend", "-m", "another second"], work);
    expect(await ending(sandbox, ["push", "-q", "--force", "origin", "main"], work)).toEqual(wentWell);
    // A name that becomes a folder, in one push.
    const folders = ["push", "-q", "--atomic", "origin", ":other", "main:other/a"];
    expect(await ending(sandbox, folders, work)).toEqual(wentWell);
    expect(await ending(sandbox, ["push", "-q", "origin", ":other/a", "main:other"], work)).toEqual(wentWell);
    const refs = await sandbox.refsOf();
    expect(refs.map((line) => line.split(" ")[1])).toEqual(["refs/heads/main", "refs/heads/other", "refs/tags/v1"]);
    expect(refs).toEqual(await sandbox.trunkRefs());
    expect(await sandbox.git(["for-each-ref", "--format=%(refname)"], { folder: "hub.git" })).not.toContain("notes");
    expect(await sandbox.mirrors()).toMatchObject({ hub: { mode: "strict", behind: 0, error: null } });
  });

  test("shows how far a push to it is where git shows that, and fails without it in the message", async () => {
    await sandbox.beginWithHub();
    await commit(sandbox, "work", "second");
    const shown = await ending(sandbox, ["push", "--progress", "origin", "main"], work);
    expect([shown.status, shown.messages]).toEqual([0, expect.stringMatching(/^hub: Writing objects: 100% /m)]);
    sandbox.write("hub.git/hooks/pre-receive", "#!/bin/sh\nexit 1\n");
    await sandbox.run("chmod", ["+x", "hub.git/hooks/pre-receive"]);
    await commit(sandbox, "work", "third");
    const { messages } = await ending(sandbox, ["push", "--progress", "origin", "main"], work);
    const told = messages.split("\n").filter((line) => line.startsWith("error: the push is in the trunk"));
    expect(told).toEqual([expect.stringContaining("pre-receive hook declined")]);
    expect(told[0]).not.toMatch(/objects|Total|Delta/);
  });

  test("away stops a push before anything is written, and the push goes in when it is back", async () => {
    await sandbox.beginWithHub();
    const before = sandbox.content("primary");
    hub("away");
    const { status, messages } = await sandbox.pushCommit("second");
    expect(status).not.toBe(0);
    expect(messages).toMatch(
      /^fatal: the mirror hub \(git\+file:\/\/\S+\): .*hub\.git.*\nhint: .*`trunks storage sync hub`/,
    );
    expect(sandbox.content("primary")).toEqual(before);
    hub("back");
    expect(await sandbox.push()).toEqual(wentWell);
    expect(await sandbox.refsOf()).toEqual(await sandbox.trunkRefs());
  });

  test("that refuses what the trunk took is named; every later push stops until it takes it", async () => {
    await sandbox.beginWithHub();
    sandbox.write("hub.git/hooks/pre-receive", "#!/bin/sh\necho protected by a rule >&2\nexit 1\n");
    await sandbox.run("chmod", ["+x", "hub.git/hooks/pre-receive"]);
    const refused = await sandbox.pushCommit("second");
    expect(refused.status).toBe(1);
    expect(refused.messages).toMatch(
      /^error: the push is in the trunk, but did not reach its mirror hub \(.*\): it refuses refs\/heads\/main \[remote rejected\] \(pre-receive hook declined\).*protected by a rule/,
    );
    expect(await sandbox.trunkRefs()).not.toEqual(await sandbox.refsOf());
    expect(await sandbox.mirrors()).toMatchObject({ hub: { behind: 1 } });
    expect((await sandbox.pushCommit("third")).messages).toMatch(/^fatal: the mirror hub .*pre-receive hook declined/);
    sandbox.discard("hub.git/hooks/pre-receive");
    // Even one that has nothing to push repairs.
    await sandbox.git(["reset", "-q", "--hard", "HEAD~1"], work);
    expect(await sandbox.push()).toEqual(wentWell);
    expect(await sandbox.refsOf()).toEqual(await sandbox.trunkRefs());
  });

  test("that protects a branch takes what came with it, and a push that moves the branch back", async () => {
    await sandbox.beginWithHub();
    const before = await sandbox.git(["rev-parse", "main"], work);
    sandbox.write("hub.git/hooks/pre-receive", "#!/bin/sh\nif grep -q refs/heads/main; then exit 1; fi\n");
    await sandbox.run("chmod", ["+x", "hub.git/hooks/pre-receive"]);
    await commit(sandbox, "work", "second");
    const both = await ending(sandbox, ["push", "-q", "origin", "main", "main:topic"], work);
    expect([both.status, both.messages]).toEqual([1, expect.stringMatching(/hint: .*move the branch back/)]);
    // What leaves the branch as it is, or has nothing to push, stops.
    for (const refs of ["main:other", "main"]) {
      const stopped = await ending(sandbox, ["push", "-q", "origin", refs], work);
      expect([stopped.status === 0, stopped.messages]).toEqual([
        false,
        expect.stringMatching(/the mirror hub .*it refuses refs\/heads\/main .*pre-receive hook declined/),
      ]);
    }
    const back = ["push", "-q", "--force-with-lease", "origin", `${before}:main`];
    expect(await ending(sandbox, back, work)).toEqual(wentWell);
    expect(await sandbox.refsOf()).toEqual(await sandbox.trunkRefs());
    expect((await sandbox.refsOf()).map((line) => line.split(" ")[1])).toContain("refs/heads/topic");
    expect(await ending(sandbox, ["push", "-q", "origin", "main:other"], work)).toEqual(wentWell);
    expect(await sandbox.mirrors()).toMatchObject({ hub: { mode: "strict", behind: 0, error: null } });
  });

  test("in which somebody moved a branch stops pushes that do not take that up, and nothing is overwritten", async () => {
    await sandbox.beginWithHub();
    const theirs = await sandbox.commitAtHub("from there");
    const before = await sandbox.trunkRefs();
    const { status, messages } = await sandbox.pushCommit("second");
    expect(status).not.toBe(0);
    expect(messages).toMatch(
      new RegExp(
        `^fatal: the mirror hub \\(.*\\): somebody has moved refs/heads/main \\(${theirs.slice(0, 12)}\\) there\nhint: take it up: git pull file://`,
      ),
    );
    expect(await sandbox.trunkRefs()).toEqual(before);
    expect((await sandbox.refsOf())[0]).toBe(`${theirs} refs/heads/main`);
    expect((await sandbox.mirrors()).hub?.error).toContain("somebody has moved refs/heads/main");
    const idle = await ending(sandbox, ["push", "-q", "origin", "origin/main:main"], work);
    expect([idle.status !== 0, idle.messages]).toEqual([true, expect.stringContaining("error: the mirror hub")]);
    // What the hint says.
    await sandbox.git(["pull", "-q", "--no-rebase", "--no-edit", sandbox.hubUrl, "refs/heads/main"], work);
    expect(await sandbox.push()).toEqual(wentWell);
    expect(await sandbox.refsOf()).toEqual(await sandbox.trunkRefs());
  });

  test("may have branches of its own; one that the trunk deletes while it was moved there stays", async () => {
    await sandbox.beginWithHub();
    await sandbox.git(["push", "-q", "origin", "main:topic"], work);
    await sandbox.git(["push", "-q", sandbox.hubUrl, "main:pages"], work);
    const theirs = await sandbox.commitAtHub("on topic", "topic");
    expect((await ending(sandbox, ["push", "-q", "origin", ":topic"], work)).messages).toContain(
      "somebody has moved refs/heads/topic",
    );
    expect(await sandbox.refsOf()).toContain(`${theirs} refs/heads/topic`);
    await sandbox.git(["push", "-q", sandbox.hubUrl, "+main:topic"], work);
    expect(await ending(sandbox, ["push", "-q", "origin", ":topic"], work)).toEqual(wentWell);
    expect((await sandbox.refsOf()).map((line) => line.split(" ")[1])).toEqual(["refs/heads/main", "refs/heads/pages"]);
    expect(await sandbox.pushCommit("second")).toEqual(wentWell);
  });

  test("of two clones that push at once, both reach it", async () => {
    await sandbox.beginWithHub();
    await sandbox.git(["clone", "-q", sandbox.placeUrl("primary"), "other"]);
    const environment = { TRUNKS_STORAGE_HUB_URL: sandbox.hubUrl };
    for (let round = 0; round < 3; round++) {
      await commit(sandbox, "work", `mine-${round}`);
      await commit(sandbox, "other", `theirs-${round}`);
      const pushes = await Promise.all([
        sandbox.push(),
        sandbox.push({ folder: "other", environment, ...{} }).then(async (ended) =>
          // On one branch one wins.
          ended.status === 0
            ? ended
            : ending(sandbox, ["push", "-q", "origin", `main:theirs-${round}`], { folder: "other", environment }),
        ),
      ]);
      if (pushes[0]?.status !== 0) {
        pushes[0] = await ending(sandbox, ["push", "-q", "origin", `main:mine-${round}`], work);
      }
      expect(pushes).toEqual([wentWell, wentWell]);
      expect(await sandbox.refsOf()).toEqual(await sandbox.trunkRefs());
    }
  });
});

describe("a lagging mirror that is a Git repository", () => {
  test("follows each push; away it holds nobody up, is told of, counted, and brought up by `storage sync`", async () => {
    await sandbox.beginWithHub("lagging");
    expect(await sandbox.pushCommit("second")).toEqual(wentWell);
    expect(await sandbox.refsOf()).toEqual(await sandbox.trunkRefs());
    hub("away");
    for (const message of ["one", "two", "three"]) {
      expect(await sandbox.pushCommit(message)).toEqual({
        status: 0,
        messages: expect.stringMatching(/^warning: the mirror hub .*; it is lagging, and gets this push later\n$/),
      });
    }
    expect(await sandbox.mirrors()).toMatchObject({ hub: { mode: "lagging", behind: null } });
    hub("back");
    expect(await sandbox.mirrors()).toMatchObject({ hub: { mode: "lagging", behind: 3, error: null } });
    expect(await sandbox.trunks("storage", "list")).toMatch(/^hub .*mirror: lagging, 3 pushes behind$/m);
    expect(await sandbox.trunks("storage", "show", "hub")).toMatch(/^mirror +lagging, 3 pushes behind$/m);
    expect(await sandbox.json("storage", "ping", "hub")).toMatchObject({ object: "ping", mirror_state: { behind: 3 } });
    expect(await sandbox.trunks("status")).toMatch(/^ {2}mirror hub: lagging, 3 pushes behind$/m);
    expect(await sandbox.json("status")).toMatchObject({ mirrors: [{ name: "hub", mode: "lagging", behind: 3 }] });
    expect(await sandbox.trunks("storage", "sync")).toBe("hub: lagging, even\n");
    expect(await sandbox.refsOf()).toEqual(await sandbox.trunkRefs());
  });

  test("in which somebody moved a branch holds nobody up, and the other branches follow", async () => {
    await sandbox.beginWithHub("lagging");
    const theirs = await sandbox.commitAtHub("from there");
    await commit(sandbox, "work", "second");
    const { status, messages } = await ending(sandbox, ["push", "-q", "origin", "main", "main:topic"], work);
    expect([status, messages]).toEqual([0, expect.stringContaining("somebody has moved refs/heads/main")]);
    expect((await sandbox.refsOf()).map((line) => line.split(" ")[1])).toEqual(["refs/heads/main", "refs/heads/topic"]);
    expect((await sandbox.refsOf())[0]).toBe(`${theirs} refs/heads/main`);
    expect((await sandbox.tryTrunks("storage", "sync")).stderr).toContain("somebody has moved refs/heads/main");
  });
});

describe("the storage of such a mirror", () => {
  test("takes over a repository that the trunk has gone on from, and refuses one that holds something else", async () => {
    await sandbox.begin({});
    await sandbox.git(["init", "-q", "--bare", "hub.git"]);
    await sandbox.git(["push", "-q", sandbox.hubUrl, "main"], work);
    expect(await sandbox.pushCommit("second")).toEqual(wentWell);
    await sandbox.addHub();
    expect(await sandbox.refsOf()).toEqual(await sandbox.trunkRefs());
    await makeRepository(sandbox, "strange");
    await commit(sandbox, "strange", "strange");
    await sandbox.git(["init", "-q", "--bare", "second.git"]);
    await sandbox.git(["push", "-q", `file://${sandbox.path}/second.git`, "main"], { folder: "strange" });
    const second = ["--backend", "git", "--url", `file://${sandbox.path}/second.git`, "--mirror"];
    const refused = await sandbox.tryTrunks("storage", "add", "second", ...second);
    expect(refused).toMatchObject({ status: 1, stderr: expect.stringContaining("somebody has moved refs/heads/main") });
    expect(Object.keys(await sandbox.mirrors())).toEqual(["hub"]);
  });

  test("is a mirror and nothing else: no store, no default, no primary", async () => {
    await sandbox.beginWithHub();
    const git = ["--backend", "git", "--url", sandbox.hubUrl];
    for (const [args, what] of [
      [["storage", "add", "two", ...git], /can be a mirror only/],
      [["storage", "add", "two", "--backend", "git", "--mirror"], /--backend git needs --url/],
      [["storage", "add", "two", "--url", "https://github.com/me/app"], /can be a mirror only/],
      [
        ["storage", "add", "two", "--backend", "git", "--url", "git@github.com:me/app.git", "--mirror"],
        /ssh:\/\/git@github\.com\/me\/app\.git/,
      ],
      [
        ["storage", "add", "two", "--backend", "git", "--url", "https://t0ken@github.com/me/app", "--mirror"],
        /https:\/\/\*\*\*@github/,
      ],
      [["storage", "promote", "hub"], /hub is a Git repository, and cannot be the primary/],
      [["verify", `git+${sandbox.hubUrl}`], /is a Git repository, not a store/],
    ] as const) {
      const { status, stdout, stderr } = await sandbox.tryTrunks(...args);
      expect([args, status !== 0, stdout + stderr]).toEqual([args, true, expect.stringMatching(what)]);
      expect(stderr).not.toContain("t0ken");
    }
    expect(await sandbox.trunks("doctor")).toMatch(/ok +storage hub +answers, and takes pushes/);
  });

  test("asks less and more of it, forgets it, and is repaired where it was emptied", async () => {
    await sandbox.beginWithHub();
    expect(await sandbox.trunks("storage", "update", "hub", "--mirror=lagging")).toContain(
      "it is a lagging mirror now",
    );
    hub("away");
    expect((await sandbox.pushCommit("second")).status).toBe(0);
    await sandbox.git(["init", "-q", "--bare", "hub.git"]);
    expect(await sandbox.trunks("storage", "update", "hub", "--mirror=strict")).toContain("it is a strict mirror now");
    expect(await sandbox.refsOf()).toEqual(await sandbox.trunkRefs());
    sandbox.discard("hub.git");
    expect((await sandbox.pushCommit("third")).status).not.toBe(0);
    expect(await sandbox.trunks("storage", "remove", "hub")).toContain("it is no mirror of the trunk any more");
    expect(await sandbox.push()).toEqual(wentWell);
    expect(await sandbox.mirrors()).toEqual({});
  });
});

describe("another machine", () => {
  test("has to name a folder that only the trunk names; then its pushes reach it", async () => {
    await sandbox.beginWithHub();
    await sandbox.git(["clone", "-q", sandbox.placeUrl("primary"), "fresh"]);
    await commit(sandbox, "fresh", "from elsewhere");
    const { status, messages } = await sandbox.push({ folder: "fresh" });
    expect([status !== 0, messages]).toEqual([
      true,
      expect.stringMatching(/names a folder of its own choice for hub.*\nhint: .*TRUNKS_STORAGE_HUB_URL/),
    ]);
    const environment = { TRUNKS_STORAGE_HUB_URL: sandbox.hubUrl };
    expect(await sandbox.push({ folder: "fresh", environment })).toEqual(wentWell);
    expect(await sandbox.refsOf()).toEqual(await sandbox.trunkRefs());
  });

  test.for([
    ["a whole clone", []],
    ["a shallow one", ["--depth=1"]],
    ["one without blobs", ["--filter=blob:none"]],
  ] as const)("that is %s brings along what others have pushed, and its own", async ([, how]) => {
    await sandbox.beginWithHub("lagging");
    await sandbox.pushCommit("second");
    await sandbox.git(["clone", "-q", ...how, sandbox.placeUrl("primary"), "fresh"]);
    hub("away");
    await sandbox.git(["checkout", "-q", "-b", "topic"], work);
    await commit(sandbox, "work", "third");
    await sandbox.git(["push", "-q", "origin", "topic"], work);
    hub("back");
    await commit(sandbox, "fresh", "from elsewhere");
    const environment = { TRUNKS_STORAGE_HUB_URL: sandbox.hubUrl };
    expect(await sandbox.push({ folder: "fresh", environment })).toEqual(wentWell);
    expect(await sandbox.refsOf()).toEqual(await sandbox.trunkRefs());
    await sandbox.git(["fsck", "--full", "--strict"], { folder: "hub.git" });
    // Made anew there, it gets everything from a clone that never had it.
    sandbox.discard("hub.git");
    await sandbox.git(["init", "-q", "--bare", "hub.git"]);
    await trunksText(sandbox, ["storage", "sync", "hub"], { folder: "fresh", environment });
    expect(await sandbox.refsOf()).toEqual(await sandbox.trunkRefs());
    await sandbox.git(["fsck", "--full", "--strict"], { folder: "hub.git" });
  });
});
