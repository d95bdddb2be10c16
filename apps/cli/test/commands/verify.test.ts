import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Sandbox } from "../support/sandbox.ts";
import { initialise, trunks, trunksJson } from "../support/trunks.ts";
import { installVault } from "../support/vault.ts";

interface List<Item> {
  readonly data: readonly Item[];
}

interface Case {
  readonly object: string;
  readonly id: string;
  readonly status: string;
  readonly reason?: string;
}

interface Finding {
  readonly name: string;
  readonly status: string;
  readonly detail: string;
}

let sandbox: Sandbox;
let environment: Record<string, string>;

beforeEach(() => {
  sandbox = new Sandbox();
  environment = installVault(sandbox);
});

afterEach(() => sandbox.remove());

describe("verify", () => {
  test("an honest store keeps every promise, and nothing is left in it", async () => {
    const { data } = await trunksJson<List<Case>>(sandbox, [
      "verify",
      `local://${sandbox.path}/store`,
      "--rounds",
      "1",
    ]);
    expect(data.filter(({ status }) => status === "failed")).toEqual([]);
    expect(data.length).toBeGreaterThan(20);
    expect(data.at(-1)).toMatchObject({ object: "contract_case", id: "cleanup", status: "passed" });
    expect(sandbox.names("store").filter((name) => name.startsWith("contract"))).toEqual([]);
  });

  test("prints a table and a verdict", async () => {
    const { status, stdout, stderr } = await trunks(sandbox, ["verify", `local://${sandbox.path}/store`, "--probe"]);
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^passed +race\/16-small +[0-9]+ ms +\S/m);
    expect(stdout).toMatch(/: [0-9]+ passed, 0 failed, 0 skipped\nIt keeps what trunks need\.\n$/);
  });

  test("a store that lets everybody win is found out, and refused by storage add", async () => {
    const url = `vault://${sandbox.path}/store?liar=yes`;
    const secret = ["--secret-key", "hunter2"];
    const { status, stdout } = await trunks(sandbox, ["verify", url, "--probe", ...secret], { environment });
    expect(status).toBe(1);
    expect(stdout).toMatch(/^failed +race\/16-small .* 16 creates of one key had 16 winners/m);
    expect(stdout).toContain("do not keep trunks in it");
    await sandbox.git(["init", "-q"]);
    const answer = await trunksJson(sandbox, ["storage", "add", "primary", "--url", url, ...secret], { environment });
    expect(answer).toMatchObject({ code: "NOT_SUPPORTED", message: expect.stringContaining("cannot carry trunks") });
    expect(sandbox.exists(".trunks")).toBe(false);
  });

  test("takes a storage's name", async () => {
    await initialise(sandbox);
    const { data } = await trunksJson<List<Case>>(sandbox, ["verify", "primary", "--probe"], { folder: "work" });
    expect(data.every(({ status }) => status === "passed")).toBe(true);
    expect(await trunksJson(sandbox, ["verify", "other"], { folder: "work" })).toMatchObject({ code: "NOT_FOUND" });
  });

  test("a store that cannot be used fails case by case", async () => {
    const url = `local://${sandbox.path}/missing`;
    const { status, stdout } = await trunks(sandbox, ["verify", url, "--probe", "--json"]);
    expect(status).toBe(1);
    const { data } = JSON.parse(stdout) as List<Case>;
    expect(data[0]).toMatchObject({
      status: "failed",
      reason: expect.stringMatching(/^NOT_FOUND: there is no folder/),
    });
  });
});

describe("doctor", () => {
  const findings = async (options: { folder?: string; environment?: Record<string, string> } = {}) => {
    const { data } = await trunksJson<List<Finding>>(sandbox, ["doctor"], options);
    return Object.fromEntries(data.map(({ name, status, detail }) => [name, [status, detail]]));
  };

  test("outside a repository", async () => {
    expect(await findings()).toEqual({
      node: ["ok", process.versions.node],
      git: ["ok", expect.stringMatching(/^[0-9]+\./)],
      helper: ["warning", "git-remote-trunks is not on PATH"],
      settings: ["warning", "this is not a git repository"],
      remote: ["warning", "this is not a git repository"],
    });
  });

  test("in a healthy clone", async () => {
    await initialise(sandbox);
    const environment = { PATH: `${sandbox.path}/bin:${process.env.PATH}` };
    expect(await findings({ folder: "work", environment })).toMatchObject({
      helper: ["ok", `${sandbox.path}/bin/git-remote-trunks`],
      settings: ["ok", "this clone is of app"],
      remote: ["ok", "origin is trunks://primary/app"],
      "storage primary": ["ok", "answers, and keeps its promises"],
    });
    expect(sandbox.names("store").filter((name) => /^(doctor|contract)/.test(name))).toEqual([]);
  });

  test("finds storages that do not answer or break promises, and damaged settings", async () => {
    await initialise(sandbox);
    const more = {
      ...environment,
      TRUNKS_STORAGE_GONE_URL: `local://${sandbox.path}/missing`,
      TRUNKS_STORAGE_LIAR_URL: `vault://${sandbox.path}/store?liar=yes`,
      TRUNKS_STORAGE_LIAR_SECRET_KEY: "hunter2",
    };
    sandbox.write("work/.trunks/app.trunk", "{}");
    expect(await findings({ folder: "work", environment: more })).toMatchObject({
      settings: ["failed", expect.stringContaining("cannot be read")],
      "storage gone": ["failed", expect.stringContaining("there is no folder")],
      "storage liar": ["failed", expect.stringContaining("cannot carry trunks")],
    });
    const { status } = await trunks(sandbox, ["doctor"], { folder: "work", environment: more });
    expect(status).toBe(1);
  });
});
