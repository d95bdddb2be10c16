import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { checkedClone } from "../support/clone.ts";
import { ending } from "../support/ending.ts";
import { FaultySandbox } from "../support/faulty-sandbox.ts";
import { HelperConversation } from "../support/helper-conversation.ts";
import { commit, makeTrunk } from "../support/repository.ts";

let sandbox: FaultySandbox;
let url: string;

/** In `work` there is something large to push that builds on what is there, in `clone` something to fetch. */
beforeAll(async () => {
  sandbox = new FaultySandbox();
  url = sandbox.trunkUrl();
  // When the file `last` names one of git's commands, the helper that runs it is killed at that.
  const isLast = `[ -e "${sandbox.path}/last" ] && case " $* " in *" $(cat "${sandbox.path}/last") "*) ;; *) false ;; esac`;
  const realGit = `"$(PATH="${process.env.PATH}" command -v git)"`;
  sandbox.installProgram("git", `if ${isLast}; then kill -9 $PPID; else exec ${realGit} "$@"; fi`);
  await makeTrunk(sandbox);
  await sandbox.git(["clone", "-q", url, "clone"]);
  await commitLarge("second");
  await sandbox.git(["push", "-q", "origin", "main"], { folder: "work" });
  await commit(sandbox, "work", "third");
  await sandbox.git(["push", "-q", "origin", "main"], { folder: "work" });
  await commitLarge("fourth");
  sandbox.keep("store", "work", "clone");
});
beforeEach(() => sandbox.restore("store", "work", "clone"));
afterAll(() => sandbox.remove());

async function commitLarge(message: string): Promise<void> {
  sandbox.write("work/large", randomBytes(1_200_000));
  await sandbox.git(["add", "large"], { folder: "work" });
  await commit(sandbox, "work", message);
}

/** Has the helper killed when it runs a command of git's in the middle of `lines`. */
async function killAt(name: string, folder: string, list: string, ...lines: string[]): Promise<void> {
  const helper = new HelperConversation(sandbox, [url, url], { folder, gitDir: ".git" });
  await helper.ask(list);
  sandbox.write("last", name);
  helper.say(...lines, "");
  const { status, rest } = await helper.ended();
  rmSync(join(sandbox.path, "last"));
  expect({ status, rest }).toEqual({ status: null, rest: "" });
}

describe("the helper is killed while git works for it", () => {
  test.each(["config", "cat-file", "pack-objects", "index-pack"])("a push, in %s", async (name) => {
    await killAt(name, "work", "list for-push", "push refs/heads/main:refs/heads/main");
    const left = sandbox.names("work/.git/trunks/tmp");
    expect(left.length).toBeLessThan(2);
    expect((await checkedClone(sandbox)).refs[0]).toBe(`${await idOf("work", "main^")} refs/heads/main`);
    // The next push clears away what is older than a day.
    sandbox.age("work/.git/trunks/tmp");
    expect(await ending(sandbox, ["push", "-q", "origin", "main"], { folder: "work" })).toEqual(wentWell);
    expect(sandbox.names("work/.git/trunks/tmp")).toEqual([]);
    expect((await checkedClone(sandbox)).refs[0]).toBe(`${await idOf("work", "main")} refs/heads/main`);
  });

  test.each(["config", "unpack-objects", "rev-list"])("a fetch, in %s", async (name) => {
    const tip = await idOf("work", "origin/main");
    await killAt(name, "clone", "list", `fetch ${tip} refs/heads/main`);
    expect(await ending(sandbox, ["fetch", "-q"], { folder: "clone" })).toEqual(wentWell);
    expect(await idOf("clone", "origin/main")).toBe(tip);
    await sandbox.git(["fsck", "--full", "--strict", "--no-dangling"], { folder: "clone" });
  });

  test("half a pack is left in the clone: git's own housekeeping removes it", async () => {
    await sandbox.git(["remote", "set-url", "origin", sandbox.faultyUrl()], { folder: "clone" });
    sandbox.plan([
      { key: "\\.pack$", fault: { kind: "cut", afterBytes: 600_000 } },
      { key: "\\.pack$", fault: { kind: "crash", when: "before" } },
    ]);
    expect((await ending(sandbox, ["fetch", "-q"], { folder: "clone" })).status).toBe(128);
    expect(temporaries()).toEqual(expect.arrayContaining([expect.stringMatching(/tmp_pack_/)]));
    sandbox.plan();
    expect(await ending(sandbox, ["fetch", "-q"], { folder: "clone" })).toEqual(wentWell);
    await sandbox.git(["prune", "--expire=now"], { folder: "clone" });
    expect(temporaries()).toEqual([]);
    await sandbox.git(["fsck", "--full", "--strict", "--no-dangling"], { folder: "clone" });
  });
});

const wentWell = { status: 0, messages: "" };

function temporaries(): string[] {
  return sandbox.names("clone/.git/objects/pack").filter((name) => name.startsWith("tmp_"));
}

function idOf(folder: string, name: string): Promise<string> {
  return sandbox.git(["rev-parse", name], { folder });
}
