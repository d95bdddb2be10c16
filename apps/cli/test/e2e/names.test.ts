import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ending } from "../support/ending.ts";
import { makeTrunk } from "../support/repository.ts";
import { Sandbox } from "../support/sandbox.ts";

let sandbox: Sandbox;
let id: string;
beforeAll(async () => {
  sandbox = new Sandbox();
  id = await makeTrunk(sandbox);
});
afterAll(() => sandbox.remove());

describe("names of refs that git allows", () => {
  const names = [
    "ü",
    "u\u0308", // The same letter for people, another name for git.
    "日本/語",
    "😀",
    "a#b",
    "a%20b",
    "a%2Fb",
    "a+b",
    "a&b=c",
    "a;b,c",
    "-a",
    "(a)'\"$`!|<>{}",
    "a.b",
    "a.b.c-_",
    "@",
    "HEAD",
    "a@b",
    "A",
    "a",
    "\xff\xfe not utf-8".replaceAll(" ", "_"),
    `${"long/".repeat(20)}${"x".repeat(200)}`,
  ];

  test("are pushed, listed, cloned, moved and deleted byte for byte", async () => {
    const bytes = (name: string) => Buffer.from(name, name.startsWith("\xff") ? "latin1" : "utf8");
    const folder = "named";
    await sandbox.git(["init", "-q", "--bare", folder]);
    await sandbox.git(["fetch", "-q", sandbox.trunkUrl(), "main:refs/heads/main"], { folder });
    const update = (verb: (name: Buffer) => (string | Buffer)[]) => ({
      folder,
      input: Buffer.concat(names.flatMap((name) => verb(bytes(name))).map((part) => Buffer.from(part))),
    });
    await sandbox.git(
      ["update-ref", "--stdin", "-z"],
      update((name) => ["create refs/heads/n/", name, `\0${id}\0`]),
    );
    const push = ["push", "-q", sandbox.trunkUrl("named"), "+refs/heads/*:refs/heads/*"];
    expect(await ending(sandbox, push, { folder })).toEqual({ status: 0, messages: expect.any(String) });
    expect(await refsOf(folder)).toHaveLength(names.length + 1);
    await expectSame(folder);

    const other = await sandbox.git(["commit-tree", "-m", "other", "-p", id, `${id}^{tree}`], { folder });
    await sandbox.git(
      ["update-ref", "--stdin", "-z"],
      update((name) => ["update refs/heads/n/", name, `\0${other}\0\0`]),
    );
    expect(await ending(sandbox, push, { folder })).toEqual({ status: 0, messages: "" });
    await expectSame(folder);

    await sandbox.git(
      ["update-ref", "--stdin", "-z"],
      update((name) => ["delete refs/heads/n/", name, "\0\0"]),
    );
    expect(await ending(sandbox, ["push", "-q", "--prune", ...push.slice(2)], { folder })).toEqual({
      status: 0,
      messages: "",
    });
    expect(await refsOf(folder)).toHaveLength(1);
    await expectSame(folder);
  });

  async function refsOf(folder: string): Promise<string[]> {
    const { stdout } = await sandbox.tryGit(["for-each-ref", "--format=%(objectname) %(refname)"], { folder });
    return stdout.toString("latin1").trimEnd().split("\n");
  }

  async function expectSame(folder: string): Promise<void> {
    const expected = await refsOf(folder);
    const { stdout } = await sandbox.tryGit(["ls-remote", "--heads", sandbox.trunkUrl("named")]);
    expect(stdout.toString("latin1").trimEnd().replaceAll("\t", " ").split("\n")).toEqual(expected);
    await sandbox.git(["clone", "-q", "--mirror", sandbox.trunkUrl("named"), "clone"]);
    expect(await refsOf("clone")).toEqual(expected);
    await sandbox.run("rm", ["-r", "clone"]);
  }
});

describe("URLs", () => {
  const list = (url: string) => sandbox.tryGit(["ls-remote", `trunks::${url}`, "refs/heads/main"]);

  test.each([
    ["with a slash at the end", (path: string) => `local://${path}/store/app/`],
    ["with a scheme in upper case", (path: string) => `LOCAL://${path}/store/app`],
    ["with file: for local:", (path: string) => `file://${path}/store/app`],
    ["with the exact trunk", (path: string) => `local://${path}/store/trunks/app.trunk`],
    ["with the exact trunk and a slash at the end", (path: string) => `local://${path}/store/trunks/app.trunk/`],
    ["with letters encoded", (path: string) => `local://${path}/s%74ore/%61pp`],
  ])("%s name the trunk", async (_, url) => {
    const { status, stdout } = await list(url(sandbox.path));
    expect([status, stdout.toString()]).toEqual([0, `${id}\trefs/heads/main\n`]);
  });

  test.each(["my store", "ü", "a+b", "a%25b", "A"])("a folder %j is a store like others", async (encoded) => {
    mkdirSync(join(sandbox.path, decodeURIComponent(encoded)));
    const url = `local://${sandbox.path}/${encoded}/app`;
    await sandbox.git(["push", "-q", `trunks::${url}`, "main"], { folder: "work" });
    expect((await list(url)).stdout.toString()).toBe(`${id}\trefs/heads/main\n`);
    expect(sandbox.names(`${decodeURIComponent(encoded)}/trunks`)).toEqual(["app.trunk"]);
  });

  test("names of upper and of lower case are two trunks", async () => {
    const { status, stderr } = await list(`local://${sandbox.path}/store/App`);
    expect([status, stderr.toString()]).toEqual([128, expect.stringMatching(/^fatal: there is no trunk here\n/)]);
  });

  test.each([
    ["..", (path: string) => `local://${path}/store/../store/app`, /has a \. or \.\. in its path/],
    [".. encoded", (path: string) => `local://${path}/store/%2e%2e/store/app`, /has a \. or \.\. in its path/],
    ["an encoded slash", (path: string) => `local://${path}/store%2Fapp`, /has an encoded slash/],
    ["two slashes", (path: string) => `local://${path}//store/app`, /has an empty part/],
    ["two slashes at the end", (path: string) => `local://${path}/store/app//`, /has an empty part/],
    ["a fragment", (path: string) => `local://${path}/store/app#main`, /has a part behind #/],
    ["a query that nobody knows", (path: string) => `local://${path}/store/app?x=y`, /has no options/],
    ["a broken percent sign", (path: string) => `local://${path}/store/a%zz`, /percent sign/],
    ["a backslash", (path: string) => `local://${path}/store\\app`, /backslash/],
    ["a name with a space", (path: string) => `local://${path}/store/my app`, /cannot be a repository's name/],
    ["a name that begins with a dot", (path: string) => `local://${path}/store/.git`, /cannot be a repository's name/],
    ["no name", () => "local:///", /names no repository/],
    ["a relative path", () => "local://store/app", /names a host/],
    ["no scheme", (path: string) => `${path}/store/app`, /is not a URL/],
    ["a scheme that git speaks", () => "https://example.org/app", /is not a store/],
  ])("with %s are refused, with what to write instead, and nothing is made", async (_, url, what) => {
    const files = sandbox.names("store/trunks");
    for (const args of [
      ["ls-remote", `trunks::${url(sandbox.path)}`],
      ["push", `trunks::${url(sandbox.path)}`, "main"],
    ]) {
      const { status, messages } = await ending(sandbox, args, { folder: "work" });
      expect([status, messages]).toEqual([128, expect.stringMatching(/^fatal: [^\n]+\n(hint: [^\n]+\n)?$/)]);
      expect(messages).toMatch(what);
    }
    expect(sandbox.names("store/trunks")).toEqual(files);
  });
});
