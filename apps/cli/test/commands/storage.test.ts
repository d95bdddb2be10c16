import { mkdirSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Sandbox } from "../support/sandbox.ts";
import { trunks, trunksJson, trunksText } from "../support/trunks.ts";
import { installVault } from "../support/vault.ts";

let sandbox: Sandbox;
let store: string;
let vault: string;
let environment: Record<string, string>;

beforeEach(async () => {
  sandbox = new Sandbox();
  store = `local://${sandbox.path}/store`;
  vault = `vault://${sandbox.path}/store`;
  environment = installVault(sandbox);
  await sandbox.git(["init", "-q"]);
});

afterEach(() => sandbox.remove());

const secrets = ["--access-key", "AKIDEXAMPLE", "--secret-key", "hunter2"];

function settings(): { defaultStorage?: string; storages: Record<string, object> } {
  const [name] = sandbox.names(".trunks");
  return JSON.parse(sandbox.read(`.trunks/${name}`));
}

describe("storage add", () => {
  test("tries the store out, saves it, and leaves nothing in it", async () => {
    const args = [
      "storage",
      "add",
      "--name",
      "primary",
      "--url",
      vault,
      "--region",
      "here",
      "--option",
      "pathStyle=true",
    ];
    expect(await trunksJson(sandbox, [...args, ...secrets], { environment })).toEqual({
      object: "storage",
      name: "primary",
      url: vault,
      options: { region: "here", pathStyle: "true" },
      secrets: { accessKey: "***", secretKey: "***" },
      mirror: false,
      default: true,
    });
    expect(settings()).toMatchObject({
      defaultStorage: "primary",
      storages: { primary: { url: vault, secrets: { accessKey: "AKIDEXAMPLE", secretKey: "hunter2" } } },
    });
    expect(sandbox.names("store").filter((name) => name.startsWith("contract"))).toEqual([]);
  });

  test("reads secrets from standard input, a line each", async () => {
    const args = ["storage", "add", "primary", "--backend", vault, "--secret-key", "-", "--password", "-"];
    await trunksText(sandbox, args, { environment, input: "hunter2\nhunter3\n" });
    expect(settings().storages.primary).toMatchObject({ secrets: { secretKey: "hunter2", password: "hunter3" } });
    const { status, stderr } = await trunks(sandbox, ["storage", "add", "other", "--url", store, "--secret-key", "-"]);
    expect([status, stderr]).toEqual([
      2,
      "trunks: --secret-key is empty\nhint: standard input holds the secrets, one a line\n",
    ]);
  });

  test("puts options with names of secrets among the secrets", async () => {
    const options = ["--option", "secret-key=hunter2", "--option", "path-style=yes"];
    await trunksText(sandbox, ["storage", "add", "primary", "--url", vault, ...options], { environment });
    const expected = { options: { pathStyle: "yes" }, secrets: { secretKey: "hunter2" } };
    expect(settings().storages.primary).toMatchObject(expected);
  });

  test("the first is the default, unless it is a mirror or another is asked for", async () => {
    await trunksText(sandbox, ["storage", "add", "copy", "--url", store, "--mirror"]);
    expect(settings().defaultStorage).toBeUndefined();
    await trunksText(sandbox, ["storage", "add", "one", "--url", store]);
    expect(settings().defaultStorage).toBe("one");
    await trunksText(sandbox, ["storage", "add", "two", "--url", store, "--default"]);
    expect(settings().defaultStorage).toBe("two");
    const list = await trunksText(sandbox, ["storage", "list"]);
    expect(list.split("\n").map((line) => line.split(/ +/).slice(2).join(" "))).toEqual(["mirror", "", "default", ""]);
  });

  test("saves nothing when the store cannot be used", async () => {
    const answer = await trunksJson(sandbox, ["storage", "add", "primary", "--url", `${store}/missing`]);
    expect(answer).toMatchObject({ object: "error", code: "NOT_FOUND" });
    const needed = await trunksJson(sandbox, ["storage", "add", "primary", "--url", "nosuch://account/container"]);
    expect(needed).toMatchObject({
      code: "CONFIG_INVALID",
      hint: expect.stringContaining("trunks backend add nosuch"),
    });
    expect(sandbox.names(".trunks")).toEqual([]);
  });

  test("refuses a name that is taken, and names and URLs that cannot be", async () => {
    await trunksText(sandbox, ["storage", "add", "primary", "--url", store]);
    const add = (...args: string[]) => trunksJson(sandbox, ["storage", "add", ...args]);
    expect(await add("primary", "--url", store)).toMatchObject({ code: "ALREADY_EXISTS" });
    expect(await add("Primary", "--url", store)).toMatchObject({ code: "CONFIG_INVALID" });
    expect(await add("two", "--url", `${store}/trunks/app.trunk`)).toMatchObject({ code: "CONFIG_INVALID" });
    expect(await add("two", "--url", "/srv")).toMatchObject({ code: "CONFIG_INVALID" });
    expect(await add("two")).toMatchObject({ code: "INVALID_ARGUMENT", message: "--backend or --url is missing" });
    expect(await add("--url", store)).toMatchObject({ code: "INVALID_ARGUMENT", message: "--name is missing" });
    expect(Object.keys(settings().storages)).toEqual(["primary"]);
  });
});

describe("the other storage commands", () => {
  const text = (args: readonly string[]) => trunksText(sandbox, args, { environment });
  const json = (args: readonly string[]) => trunksJson(sandbox, args, { environment });

  beforeEach(async () => {
    const url = `${vault}?token=hunter2`;
    await text(["storage", "add", "primary", "--url", url, "--region", "here", ...secrets]);
  });

  test("list pages", async () => {
    for (const name of ["a", "b"]) await text(["storage", "add", name, "--url", store]);
    expect(await json(["storage", "list", "--limit", "1", "--offset", "1"])).toMatchObject({
      object: "list",
      data: [{ object: "storage", name: "b" }],
      limit: 1,
      offset: 1,
      total_count: 3,
      has_more: true,
    });
  });

  test("show and ping take the default storage unless one is named", async () => {
    expect(await text(["storage", "show"])).toBe(
      `name       primary\nurl        ${vault}?token=***\nregion     here\naccessKey  ***\nsecretKey  ***\ndefault    yes\n`,
    );
    expect(await json(["storage", "ping", "--name", "primary"])).toEqual({
      object: "ping",
      storage: "primary",
      elapsed_ms: expect.any(Number),
      findings: [],
    });
    expect(await json(["storage", "show", "other"])).toMatchObject({ code: "NOT_FOUND" });
  });

  test("ping fails when the store is gone", async () => {
    const gone = { ...environment, TRUNKS_STORAGE_PRIMARY_URL: `${vault}/missing` };
    const { status, stderr } = await trunks(sandbox, ["storage", "ping"], { environment: gone });
    expect(status).toBe(1);
    expect(stderr).toMatch(/^trunks: there is no folder .*\nhint: .*\n$/);
  });

  test("update changes what it is told to, after trying it out", async () => {
    mkdirSync(`${sandbox.path}/other`);
    const url = `vault://${sandbox.path}/other`;
    const moved = ["--url", url, "--unset", "region", "--unset", "access-key"];
    await text(["storage", "update", "primary", ...moved, "--password", "hunter3"]);
    const changed = { url, options: {}, secrets: { secretKey: "hunter2", password: "hunter3" } };
    expect(settings().storages.primary).toEqual(changed);
    const refused = await json(["storage", "update", "primary", "--secret-key", "wrong"]);
    expect(refused).toMatchObject({ code: "UNAUTHENTICATED" });
    expect(settings().storages.primary).toEqual(changed);
    expect(await json(["storage", "update", "primary", "--mirror"])).toMatchObject({ code: "ALREADY_EXISTS" });
    expect(settings().storages.primary).toEqual(changed);
    const unset = await json(["storage", "update", "primary", "--unset", "nope"]);
    expect(unset).toMatchObject({ code: "INVALID_ARGUMENT" });
  });

  test("remove forgets it, and says which remote still needs it", async () => {
    await sandbox.git(["remote", "add", "origin", "trunks://primary/app"]);
    const { stdout, stderr } = await trunks(sandbox, ["storage", "remove", "primary"]);
    expect([stdout, stderr]).toEqual(["removed primary\n", "hint: the remote origin still points to it\n"]);
    expect(settings()).toMatchObject({ storages: {} });
    expect(settings().defaultStorage).toBeUndefined();
    expect(await json(["storage", "remove", "primary"])).toMatchObject({ code: "NOT_FOUND" });
  });

  test("the environment goes before the settings, and makes storages of its own", async () => {
    environment = {
      ...environment,
      TRUNKS_STORAGE_PRIMARY_SECRET_KEY: "wrong",
      TRUNKS_STORAGE_IN_CI_URL: vault,
      TRUNKS_STORAGE_IN_CI_SECRET_KEY: "hunter2",
    };
    expect(await json(["storage", "list"])).toMatchObject({
      data: [{ name: "in-ci", url: vault, secrets: { secretKey: "***" } }, { name: "primary" }],
    });
    await text(["storage", "ping", "in-ci"]);
    expect(await json(["storage", "ping", "primary"])).toMatchObject({ code: "UNAUTHENTICATED" });
    expect(await json(["storage", "remove", "in-ci"])).toMatchObject({ code: "NOT_FOUND" });
  });

  test("no output of any command shows a secret", async () => {
    await sandbox.git(["remote", "add", "origin", "trunks://primary/app"]);
    // In each of its errors this backend writes out its URL.
    environment = { ...environment, TRUNKS_STORAGE_IN_CI_URL: "vault://id:hunter2@host/x?sig=hunter2" };
    const commands = [
      ["storage", "list"],
      ["storage", "show"],
      ["storage", "show", "in-ci"],
      ["storage", "ping"],
      ["storage", "ping", "in-ci"],
      ["storage", "update", "primary", "--password", "hunter2"],
      ["storage", "update", "primary", "--url", "s3://id:hunter2@bad bucket/x"],
      ["storage", "add", "primary", "--url", "s3://id:hunter2@bucket//x"],
      ["init"],
      ["status"],
      ["check"],
      ["doctor"],
      ["verify", "vault://id:hunter2@host/?secret=hunter2"],
      ["clone", "s3://id:hunter2@bucket/../x"],
      ["storage", "remove", "primary"],
    ];
    for (const args of commands) {
      // What follows `clone` is git's.
      const forms =
        args[0] === "clone"
          ? [args]
          : [
              [...args, "--json"],
              [...args, "--verbose"],
            ];
      for (const form of forms) {
        const { stdout, stderr } = await trunks(sandbox, form, { environment });
        expect(`${stdout}${stderr}`, form.join(" ")).not.toContain("hunter");
        expect(`${stdout}${stderr}`, form.join(" ")).not.toBe("");
      }
    }
  });
});
