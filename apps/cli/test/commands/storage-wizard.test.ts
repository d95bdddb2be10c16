import { afterEach, beforeEach, expect, test } from "vitest";
import { Sandbox } from "../support/sandbox.ts";
import { Terminal } from "../support/terminal.ts";
import { trunksText } from "../support/trunks.ts";
import { installVault } from "../support/vault.ts";

let sandbox: Sandbox;
let environment: Record<string, string>;

beforeEach(async () => {
  sandbox = new Sandbox();
  environment = installVault(sandbox);
  await sandbox.git(["init", "-q"]);
});

afterEach(() => sandbox.remove());

function stored(): Record<string, object> {
  const [name] = sandbox.names(".trunks");
  return name === undefined ? {} : JSON.parse(sandbox.read(`.trunks/${name}`)).storages;
}

test("asks for what a folder needs, and for nothing else", async () => {
  const terminal = new Terminal(sandbox, ["storage", "add"]);
  await terminal.answer("name [primary]: ", "");
  await terminal.answer("kind of store", "local");
  await terminal.answer("path, ", `${sandbox.path}/store`);
  expect(await terminal.end()).toBe(0);
  expect(terminal.shown).toContain("added primary");
  expect(terminal.shown).not.toMatch(/bucket,|key/);
  expect(stored()).toEqual({ primary: { url: `local://${sandbox.path}/store`, options: {}, secrets: {} } });
});

test("asks again when an answer cannot be, and gives up after three", async () => {
  const terminal = new Terminal(sandbox, ["storage", "add"]);
  await terminal.answer("name [primary]: ", "Not A Name");
  await terminal.answer("name [primary]: ", "work");
  await terminal.answer("kind of store", "https");
  await terminal.answer("kind of store", "memory");
  await terminal.answer("kind of store", "");
  expect(await terminal.end()).toBe(1);
  expect(terminal.shown).toContain('"Not A Name" cannot be a storage\'s name');
  expect(terminal.shown).toContain("https:// is not a store");
  expect(terminal.shown).toContain("memory is described by a URL alone");
  expect(stored()).toEqual({});
});

test("asks for the fields of S3 in turn, and shows no secret that is typed", async () => {
  const terminal = new Terminal(sandbox, ["storage", "add", "primary", "--backend", "s3", "--region", "here"]);
  await terminal.answer("bucket, ", "my-bucket");
  await terminal.answer("path, ", "");
  // Nothing listens there: what matters is what was asked.
  await terminal.answer("endpoint, ", "http://127.0.0.1:1");
  await terminal.answer("access-key, ", "AKIDEXAMPLE");
  await terminal.answer("secret-key, ", "hunter2");
  expect(await terminal.end()).toBe(1);
  expect(terminal.shown).toContain('bucket "my-bucket" at 127.0.0.1:1');
  expect(terminal.shown).not.toContain("region, ");
  expect(terminal.shown).not.toContain("hunter2");
});

test("an access key that stays empty needs no secret", async () => {
  const args = ["storage", "add", "primary", "--backend", "minio", "--bucket", "my-bucket"];
  const terminal = new Terminal(sandbox, args, {
    AWS_ACCESS_KEY_ID: "of-the-environment",
    AWS_SECRET_ACCESS_KEY: "hunter2",
  });
  await terminal.answer("path, ", "");
  await terminal.answer("endpoint, ", "http://127.0.0.1:1");
  await terminal.answer("access-key, ", "");
  expect(await terminal.end()).toBe(1);
  expect(terminal.shown).not.toContain("secret-key, ");
  expect(terminal.shown).toMatch(/at 127.0.0.1:1/);
});

test("nothing is asked when everything needed is there; a secret given as - is", async () => {
  const url = `vault://${sandbox.path}/store`;
  const terminal = new Terminal(sandbox, ["storage", "add", "primary", "--url", url, "--secret-key", "-"], environment);
  await terminal.answer("secret-key (not shown): ", "hunter2");
  expect(await terminal.end()).toBe(0);
  expect(terminal.shown).not.toContain("hunter2");
  expect(terminal.shown).not.toContain("may be empty");
  expect(stored().primary).toMatchObject({ url, secrets: { secretKey: "hunter2" } });
});

test("a Git repository is a kind too: it is asked whether pushes must reach it, and shows the first one", async () => {
  await sandbox.git(["init", "-q", "--bare", "hub.git"]);
  await trunksText(sandbox, ["init", "--name", "app", "--url", `local://${sandbox.path}/store`]);
  await sandbox.git(["commit", "-q", "--allow-empty", "-m", "one"]);
  await trunksText(sandbox, ["push"]);
  const terminal = new Terminal(sandbox, ["storage", "add"]);
  await terminal.answer("name [primary]: ", "hub");
  await terminal.answer(", git), or its URL: ", "git");
  await terminal.answer("url, ", "git@github.com:me/app.git");
  await terminal.answer("url, ", `file://${sandbox.path}/hub.git`);
  await terminal.answer("[strict]: ", "often");
  await terminal.answer("[strict]: ", "");
  expect(await terminal.end()).toBe(0);
  expect(terminal.shown).toContain("spell it out: ssh://git@github.com/me/app.git");
  expect(terminal.shown).toContain("it is a strict mirror now");
  expect(terminal.shown).toContain("hub: Writing objects: 100%");
  expect(terminal.shown).not.toContain("token");
  expect(stored().hub).toMatchObject({ url: `git+file://${sandbox.path}/hub.git`, mirror: true });
});

test("the token of a Git host is asked for, and not shown; of a URL nothing else is", async () => {
  const args = ["storage", "add", "hub", "--url", "http://127.0.0.1:1/me/app.git"];
  const terminal = new Terminal(sandbox, args);
  await terminal.answer("[strict]: ", "lagging");
  await terminal.answer("token (", "hunter2");
  // Nothing listens there: what matters is what was asked.
  expect(await terminal.end()).toBe(1);
  expect(terminal.shown).not.toMatch(/hunter2|url, |kind of store/);
  expect(stored()).toEqual({});
});

test("an interruption saves nothing", async () => {
  const terminal = new Terminal(sandbox, ["storage", "add"]);
  await terminal.answer("name [primary]: ", "work");
  await terminal.answer("kind of store", "local");
  await terminal.answer("path, ", "\u0003");
  expect(await terminal.end()).toBe(130);
  expect(stored()).toEqual({});
});
