import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { HelperConversation } from "../support/helper-conversation.ts";
import { makeTrunk } from "../support/repository.ts";
import { Sandbox } from "../support/sandbox.ts";

let sandbox: Sandbox;
let id: string;
let url: string;

beforeAll(async () => {
  sandbox = new Sandbox();
  id = await makeTrunk(sandbox);
  url = sandbox.trunkUrl();
});
afterAll(() => sandbox.remove());

/** The helper as git starts it in `work`. */
function helper(args: readonly string[] = ["origin", url], gitDir: string | undefined = ".git"): HelperConversation {
  return new HelperConversation(sandbox, args, { folder: "work", gitDir });
}

describe("what it is started with", () => {
  test.each([
    ["a remote's name and the URL", () => ["origin", url]],
    ["the URL twice", () => [url, url]],
    ["the URL without its prefix, as git gives it", () => ["origin", url.replace("trunks::", "")]],
    ["the URL alone", () => [url]],
  ])("%s", async (_, args) => {
    const git = helper(args());
    expect(await git.ask("list")).toEqual(["@refs/heads/main HEAD", `${id} refs/heads/main`]);
    expect(await git.end()).toEqual({ status: 0, rest: "", messages: "" });
  });

  test("no arguments: it says what it is for", async () => {
    const { status, messages } = await helper([]).end();
    expect(status).toBe(128);
    expect(messages).toMatch(/^fatal: git starts this program by itself/);
  });

  test("GIT_DIR relative to the current folder, absolute, or not at all", async () => {
    for (const gitDir of [".git", `${sandbox.path}/work/.git`, undefined]) {
      const git = new HelperConversation(sandbox, [url, url], { folder: "work", gitDir });
      expect(await git.ask("list")).toContain(`${id} refs/heads/main`);
      expect((await git.end()).status).toBe(0);
    }
    expect(sandbox.names("work")).toEqual([".git", "README.md", "src"]);
  });

  test("without GIT_DIR nothing can be fetched, and it says so", async () => {
    const git = new HelperConversation(sandbox, [url, url]);
    await git.ask("list");
    git.say(`fetch ${id} refs/heads/main`, "");
    const { status, messages } = await git.end();
    expect(status).toBe(128);
    expect(messages).toMatch(/needs a Git repository/);
  });
});

describe("the conversation", () => {
  test("capabilities: none of them mandatory", async () => {
    expect(await helper().ask("capabilities")).toEqual([
      "fetch",
      "push",
      "option",
      "object-format",
      "check-connectivity",
      "stateless-connect",
    ]);
  });

  test("an empty line ends it, though its input stays open", async () => {
    const git = helper();
    git.say("");
    expect(await git.ended()).toEqual({ status: 0, rest: "", messages: "" });
  });

  test("the end of input ends it, between commands and within a batch", async () => {
    expect(await helper().end()).toEqual({ status: 0, rest: "", messages: "" });
    const git = helper();
    git.say("list");
    expect((await git.end()).status).toBe(0);
  });

  test("a command that it does not know: a message and a status", async () => {
    const git = helper();
    git.say("import refs/heads/main");
    expect(await git.ended()).toMatchObject({
      status: 128,
      rest: "",
      messages: 'fatal: git asked for "import", which this helper does not know\n',
    });
  });

  test("another command in the middle of a batch: a message and a status", async () => {
    const git = helper();
    git.say(`fetch ${id} refs/heads/main`, "push refs/heads/main:refs/heads/x", "");
    const { status, messages } = await git.ended();
    expect(status).toBe(128);
    expect(messages).toMatch(/git sent "push" within a fetch/);
  });

  test("nobody reads its answers: it ends without a crash", async () => {
    const git = helper();
    git.stopListening();
    git.say("capabilities", "list", "list", "");
    const { messages } = await git.ended();
    expect(messages).not.toMatch(/Error|EPIPE|at /);
  });

  test("a trunk that is not there: a message, a hint and a status", async () => {
    const git = helper(["origin", sandbox.trunkUrl("new")]);
    git.say("list");
    expect(await git.ended()).toMatchObject({
      status: 128,
      rest: "",
      messages: expect.stringMatching(/^fatal: there is no trunk here\nhint: the first `git push` makes one/),
    });
  });
});

describe("list", () => {
  test("HEAD is listed for a fetch, and never for a push", async () => {
    expect(await helper().ask("list")).toEqual(["@refs/heads/main HEAD", `${id} refs/heads/main`]);
    expect(await helper().ask("list for-push")).toEqual([`${id} refs/heads/main`]);
  });

  test("HEAD is not listed when its branch does not exist", async () => {
    await sandbox.git(["push", "-q", sandbox.trunkUrl("other"), "main:refs/tags/only"], { folder: "work" });
    expect(await helper(["origin", sandbox.trunkUrl("other")]).ask("list")).toEqual([`${id} refs/tags/only`]);
  });

  test("the object format comes first once it was asked for, in the old way and in the new", async () => {
    for (const option of ["object-format", "object-format true"]) {
      for (const list of ["list", "list for-push"]) {
        const git = helper();
        expect(await git.option(option)).toBe("ok");
        expect((await git.ask(list))[0]).toBe(":object-format sha1");
      }
    }
  });

  test("an annotated tag is followed by what it points to", async () => {
    await sandbox.git(["tag", "-a", "-m", "one", "v1"], { folder: "work" });
    await sandbox.git(["push", "-q", sandbox.trunkUrl("tagged"), "v1"], { folder: "work" });
    const tag = await sandbox.git(["rev-parse", "v1"], { folder: "work" });
    expect(await helper(["origin", sandbox.trunkUrl("tagged")]).ask("list")).toEqual([
      `${tag} refs/tags/v1`,
      `${id} refs/tags/v1^{}`,
    ]);
  });

  test("a push to a trunk that is not there yet sees no refs", async () => {
    expect(await helper(["origin", sandbox.trunkUrl("new")]).ask("list for-push")).toEqual([]);
    expect(sandbox.names("store/trunks")).not.toContain("new.trunk");
  });
});

const sent = [
  "verbosity 0",
  "verbosity 2",
  "progress true",
  "progress false",
  "dry-run true",
  "atomic true",
  "push-option ci skip",
  "cas refs/heads/main:0000000000000000000000000000000000000000",
  "force-if-includes true",
  "followtags true",
  "depth 1",
  "depth 2147483647",
  "deepen-since 2 weeks ago",
  'deepen-not "refs/heads/a\\tb"',
  "deepen-relative true",
  "update-shallow true",
  "filter blob:none",
  "from-promisor true",
  "no-dependents true",
  "refetch true",
  "cloning true",
  "check-connectivity true",
  "object-format",
];

describe("options", () => {
  test("those that git may send are understood", async () => {
    const git = helper();
    for (const option of sent) expect([option, await git.option(option)]).toEqual([option, "ok"]);
  });

  test("a signed push is not pretended", async () => {
    expect(await helper().option("pushcert true")).toBe("unsupported");
  });

  test("what it does not know is unsupported, and no error", async () => {
    const git = helper();
    expect(await git.option("family ipv4")).toBe("unsupported");
    expect(await git.option("no-such-option 1")).toBe("unsupported");
    expect(await git.ask("capabilities")).toContain("fetch");
  });
});

describe("a connection for another protocol", () => {
  test("falls back when nothing needs it, and the conversation goes on", async () => {
    for (const service of ["git-upload-pack", "git-receive-pack", "git-upload-archive"]) {
      const git = helper();
      git.say(`stateless-connect ${service}`);
      expect(await git.line()).toBe("fallback");
      expect(await git.ask("list")).toContain(`${id} refs/heads/main`);
    }
  });

  test.each(["depth 1", "filter blob:none", "deepen-since 1", "deepen-not refs/heads/x"])(
    "is taken when git sent %s before",
    async (option) => {
      const git = helper();
      await git.option(option);
      git.say("stateless-connect git-upload-pack");
      expect(await git.line()).toBe("");
      expect(await git.line()).toMatch(/^[0-9a-f]{4}version 2$/);
    },
  );

  test("falls back outside a repository, whatever was sent", async () => {
    const git = new HelperConversation(sandbox, [url, url]);
    await git.option("depth 1");
    git.say("stateless-connect git-upload-pack");
    expect(await git.line()).toBe("fallback");
  });
});

describe("a batch", () => {
  test("of fetches may name objects twice", async () => {
    await sandbox.git(["init", "-q", "clone"]);
    const git = new HelperConversation(sandbox, [url, url], { folder: "clone", gitDir: ".git" });
    await git.ask("list");
    expect(await git.ask(`fetch ${id} refs/heads/main`, `fetch ${id} HEAD`, `fetch ${id} refs/heads/main`, "")).toEqual(
      [],
    );
    expect((await git.end()).status).toBe(0);
    expect(await sandbox.git(["cat-file", "-t", id], { folder: "clone" })).toBe("commit");
  });

  test("of pushes is answered ref by ref, with an empty line at its end", async () => {
    const target = ["origin", sandbox.trunkUrl("batch")];
    await sandbox.git(["push", "-q", sandbox.trunkUrl("batch"), "main"], { folder: "work" });
    const git = helper(target);
    await git.ask("list for-push");
    const pushes = ["push refs/heads/main:refs/heads/a", `push +${id}:refs/heads/b`, "push HEAD:refs/tags/c"];
    expect(await git.ask(...pushes, "")).toEqual(["ok refs/heads/a", "ok refs/heads/b", "ok refs/tags/c"]);
    await git.ask("list for-push");
    expect(await git.ask("push :refs/heads/a", "push :refs/heads/main", "")).toEqual([
      "ok refs/heads/a",
      "error refs/heads/main deletion of the current branch prohibited",
    ]);
    expect((await git.end()).status).toBe(0);
    const refs = ["refs/heads/b", "refs/heads/main", "refs/tags/c"].map((name) => `${id} ${name}`);
    expect(await helper(target).ask("list for-push")).toEqual(refs);
  });

  test("of pushes that no object answers to: a message and a status", async () => {
    const git = helper();
    await git.ask("list for-push");
    git.say("push refs/heads/none:refs/heads/a", "");
    const { status, messages } = await git.ended();
    expect(status).toBe(128);
    expect(messages).toMatch(/there is no object "refs\/heads\/none"/);
  });
});
