import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { reference } from "../../scripts/reference.ts";
import { catalog as entries } from "../../src/catalog.ts";
import { Sandbox } from "../support/sandbox.ts";
import { trunks, trunksJson, trunksText } from "../support/trunks.ts";

const catalog = entries.filter(({ name }) => name !== "");
let sandbox: Sandbox;

beforeAll(() => {
  sandbox = new Sandbox();
});

afterAll(() => sandbox.remove());

test("docs/cli.md is what the commands say of themselves", async () => {
  const written = readFileSync(join(import.meta.dirname, "../../../../docs/cli.md"), "utf8");
  expect(written === (await reference()), "run: node apps/cli/scripts/write-reference.ts").toBe(true);
});

describe("help", () => {
  test("lists every command", async () => {
    const text = await trunksText(sandbox, ["help"]);
    for (const { name, summary } of catalog)
      expect(text).toMatch(new RegExp(`^ {2}${name} +${summary.slice(0, 10)}`, "m"));
    expect(await trunksText(sandbox, ["--help"])).toBe(text);
  });

  test.each(["init", "storage add", "push"])("of %s", async (name) => {
    const words = name.split(" ");
    const [asked, told] = await Promise.all([
      trunksText(sandbox, [...words, "--help"]),
      trunksText(sandbox, ["help", ...words]),
    ]);
    expect(asked).toBe(told);
    expect(asked).toMatch(new RegExp(`^Usage: trunks ${name}`));
    expect(asked).toContain("--json");
  });

  test("of a group, of URLs, and in JSON", async () => {
    const group = await trunksText(sandbox, ["help", "storage"]);
    expect(group.match(/^Usage: trunks storage \w+/gm)).toHaveLength(8);
    expect(await trunksText(sandbox, ["help", "urls"])).toContain("trunks://primary/my-app");
    expect(await trunksJson(sandbox, ["init", "--help"])).toMatchObject({
      object: "help",
      text: expect.stringContaining("Usage: trunks init"),
    });
  });
});

describe("a wrong command line ends with status 2, one line and a hint", () => {
  test.each([
    [["nope"], "trunks: no such command: nope\nhint: `trunks help` lists them all\n"],
    [
      ["storage"],
      "trunks: trunks storage is followed by add, list, show, ping, update, remove, sync, promote\nhint: trunks help\n",
    ],
    [["--nope"], "trunks: Unknown option '--nope'\nhint: see `trunks --help`\n"],
    [["init", "--nope"], "trunks: Unknown option '--nope'\nhint: see `trunks init --help`\n"],
    [["init", "word"], 'trunks: too much: "word"\nhint: see `trunks init --help`\n'],
    [["verify"], "trunks: something is missing\nhint: see `trunks verify --help`\n"],
    [["clone"], "trunks: the URL is missing\nhint: see `trunks clone --help`\n"],
    [
      ["storage", "list", "--limit", "many"],
      'trunks: --limit takes a number, not "many"\nhint: see `trunks storage list --help`\n',
    ],
    [["init", "--name", "a", "--name", "b"], "trunks: --name was given twice\nhint: see `trunks init --help`\n"],
    [
      ["completion", "tcsh"],
      "trunks: no completions for tcsh; there are bash, zsh and fish\nhint: see `trunks completion --help`\n",
    ],
    [["help", "nope"], "trunks: there is no help on nope\nhint: `trunks help` lists what there is\n"],
  ])("%j", async (args, stderr) => {
    expect(await trunks(sandbox, args)).toEqual({ status: 2, stdout: "", stderr });
  });

  test("in JSON on standard output", async () => {
    const { status, stdout, stderr } = await trunks(sandbox, ["nope", "--json"]);
    expect([status, stderr]).toEqual([2, ""]);
    expect(JSON.parse(stdout)).toEqual({
      object: "error",
      code: "INVALID_ARGUMENT",
      message: "no such command: nope",
      hint: "`trunks help` lists them all",
    });
  });
});

test("a failure ends with status 1; its stack is shown only on request", async () => {
  const brief = await trunks(sandbox, ["status"]);
  expect(brief).toEqual({
    status: 1,
    stdout: "",
    stderr: "trunks: this is not a git repository\nhint: run `trunks init` to make one\n",
  });
  const verbose = await trunks(sandbox, ["status", "--verbose"]);
  expect(verbose.stderr).toMatch(/^ {4}at /m);
});

test("without git the message says so", async () => {
  const { status, stderr } = await trunks(sandbox, ["status"], { environment: { PATH: "/nowhere" } });
  expect(status).toBe(1);
  expect(stderr).toMatch(/^trunks: git was not found\nhint: install git/);
});

test("version", async () => {
  const { version } = JSON.parse(readFileSync(join(import.meta.dirname, "../../package.json"), "utf8"));
  expect(await trunksText(sandbox, ["version"])).toMatch(`trunks ${version}\nnode ${process.versions.node}\ngit 2.`);
  expect(await trunksText(sandbox, ["--version"])).toMatch(`trunks ${version}\n`);
  expect(await trunksJson(sandbox, ["version"])).toMatchObject({
    object: "version",
    version,
    node: process.versions.node,
  });
});

describe("completions", () => {
  test.each(["bash", "zsh", "fish"])("%s: every command is in them", async (shell) => {
    const script = await trunksText(sandbox, ["completion", shell]);
    for (const { name } of catalog) for (const word of name.split(" ")) expect(script).toContain(word);
    expect(script).toContain("install-helper");
  });

  test.each([
    [
      ["trunks", "st"],
      ["status", "storage"],
    ],
    [
      ["trunks", "storage", ""],
      ["add", "list", "ping", "promote", "remove", "show", "sync", "update"],
    ],
    [["trunks", "init", "--inst"], ["--install-helper"]],
    [["trunks", "storage", "add", "--mi"], ["--mirror"]],
    [
      ["trunks", "check", "--"],
      ["--clean", "--force", "--full", "--grace", "--help", "--json", "--remote", "--retention", "--verbose"],
    ],
  ])("bash completes %j", async (words, candidates) => {
    const script = await trunksText(sandbox, ["completion", "bash"]);
    const quoted = words.map((word) => `'${word}'`).join(" ");
    const run = `${script}\nCOMP_WORDS=(${quoted}); COMP_CWORD=${words.length - 1}; _trunks; printf '%s\\n' "\${COMPREPLY[@]}" | sort`;
    const { stdout, stderr } = await sandbox.run("bash", ["-c", run]);
    expect(stderr.toString()).toBe("");
    expect(stdout.toString().trim().split("\n")).toEqual(candidates);
  });
});

test("a reader that goes away is no error", async () => {
  const program = join(import.meta.dirname, "../../src/trunks.ts");
  const { stderr } = await sandbox.run("bash", [
    "-c",
    `set -o pipefail; "$0" "$1" help | head -1; echo "$?" >&2`,
    process.execPath,
    program,
  ]);
  expect(stderr.toString()).toBe("0\n");
});
