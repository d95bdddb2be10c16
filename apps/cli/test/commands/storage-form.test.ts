import { once } from "node:events";
import { mkdirSync, readFileSync } from "node:fs";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { maskArguments } from "../../src/storage/exposed-secrets.ts";
import { Sandbox } from "../support/sandbox.ts";
import { trunks, trunksJson, trunksText } from "../support/trunks.ts";
import { installVault } from "../support/vault.ts";

let sandbox: Sandbox;

beforeEach(async () => {
  sandbox = new Sandbox();
  await sandbox.git(["init", "-q"]);
});

afterEach(() => sandbox.remove());

const add = (...args: string[]) => trunksJson(sandbox, ["storage", "add", ...args]);

describe("a store described by fields", () => {
  test("a folder, from where the user stands", async () => {
    const url = `local://${sandbox.path}/store`;
    expect(await add("primary", "--backend", "local", "--path", "store")).toMatchObject({ url });
    mkdirSync(`${sandbox.path}/other place`);
    const moved = await trunksJson(sandbox, ["storage", "update", "primary", "--path", "other place"]);
    expect(moved).toMatchObject({ url: `local://${sandbox.path}/other%20place` });
    const renamed = await trunksJson(sandbox, ["storage", "update", "primary", "--backend", "file", "--path", "store"]);
    expect(renamed).toMatchObject({ url: `file://${sandbox.path}/store` });
  });

  test("a third party's, where an update keeps what is not named", async () => {
    const environment = installVault(sandbox);
    const options = { environment: { ...environment, TRUNKS_STORAGE_PRIMARY_SECRET_KEY: "hunter2" } };
    const path = `${sandbox.path}/store`;
    const args = ["storage", "add", "primary", "--backend", "vault", "--path", path];
    await trunksText(sandbox, args, options);
    await trunksText(sandbox, ["storage", "update", "primary", "--url", `vault://u@host:1${path}?x=1`], options);
    expect(await trunksJson(sandbox, ["storage", "update", "primary", "--user", "v"], options)).toMatchObject({
      url: `vault://v@host:1${path}?x=1`,
    });
    // The secret of the environment served to try the store out; it was not saved.
    expect(sandbox.read(`.trunks/${sandbox.names(".trunks")[0]}`)).not.toContain("hunter2");
  });

  test.each([
    [["--backend", "s3"], "--bucket is missing"],
    [["--backend", "r2", "--bucket", "b"], "--account-id is missing"],
    [["--backend", "b2", "--bucket", "b"], "--region is missing"],
    [["--backend", "azure", "--account", "a"], "--container is missing"],
    [["--backend", "sftp", "--path", "/srv"], "--host is missing"],
    [["--backend", "local", "--bucket", "b"], "--bucket is not for local"],
    [["--backend", "postgres", "--database", "d", "--region", "r"], "--region is not for postgres"],
    [["--bucket", "b"], "--bucket needs --backend beside it"],
    [["--url", "s3://b", "--path", "p"], "--path is for --backend; a URL says it all"],
    [["--url", "s3://b", "--backend", "s3"], "--url and --backend say the same: give one"],
  ])("%j is wrong usage", async (args, message) => {
    expect(await add("primary", ...args)).toMatchObject({ code: "INVALID_ARGUMENT", message });
  });

  test("values that belong into no URL are refused", async () => {
    const s3 = ["primary", "--backend", "s3", "--bucket"];
    for (const bucket of ["a/b", "a?endpoint=http://x", "user@host", "a#b"]) {
      expect(await add(...s3, bucket)).toMatchObject({
        code: "CONFIG_INVALID",
        message: expect.stringMatching("name"),
      });
    }
    expect(await add("primary", "--backend", "sftp", "--host", "h", "--path", "/x", "--port", "ssh")).toMatchObject({
      code: "CONFIG_INVALID",
      message: 'not a port: "ssh"',
    });
    expect(await add("primary", "--backend", "https", "--host", "h")).toMatchObject({ code: "CONFIG_INVALID" });
  });
});

describe("secrets in the command line", () => {
  const exposing = ["--access-key", "AKIDEXAMPLE", "--secret-key", "hunter2", "--option=session-token=hunter3"];

  test("are warned of, and are not in what `ps` shows", async () => {
    let reached: (socket: Socket) => void = () => {};
    const connection = new Promise<Socket>((resolve) => {
      reached = resolve;
    });
    const silent = createServer((socket) => reached(socket.on("error", () => {}))).listen(0, "127.0.0.1");
    await once(silent, "listening");
    const endpoint = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const place = ["--backend", "s3", "--bucket", "bucket", "--endpoint", endpoint];
    const program = new URL("../../src/trunks.ts", import.meta.url).pathname;
    const child = sandbox.start(process.execPath, [program, "storage", "add", "primary", ...place, ...exposing]);
    let stderr = "";
    child.stderr.on("data", (chunk: Buffer) => {
      stderr += chunk;
    });
    const socket = await connection;
    const commandLine = readFileSync(`/proc/${child.pid}/cmdline`, "utf8");
    expect(commandLine).toContain("storage add primary --backend s3 --bucket bucket");
    expect(commandLine).not.toContain("hunter");
    child.kill("SIGKILL");
    await once(child, "close");
    socket.destroy();
    silent.close();
    expect(stderr).toMatch(/^warning: others can see --secret-key and --option in the command line/);
    expect(stderr).not.toContain("hunter");
  });

  test("are not there when they come from standard input", async () => {
    const environment = installVault(sandbox);
    const args = ["storage", "add", "primary", "--url", `vault://${sandbox.path}/store`, "--secret-key", "-"];
    const { stderr } = await trunks(sandbox, args, { environment, input: "hunter2\n" });
    expect(stderr).toBe("");
  });

  test("are masked in each way to write them", () => {
    const secret = (...args: string[]) => maskArguments(["storage", "add", ...args]);
    expect(secret("--password", "x y").args.slice(2)).toEqual(["--password", "***"]);
    expect(secret("--password=x").args.slice(2)).toEqual(["--password=***"]);
    expect(secret("--option", "keyFile=x").args.slice(2)).toEqual(["--option", "keyFile=***"]);
    expect(secret("--url", "sftp://me:x@host/y?sig=x").args.slice(2)).toEqual([
      "--url",
      "sftp://me:***@host/y?sig=***",
    ]);
    const harmless = ["--password", "-", "--access-key", "AKID", "--option", "table=x", "--name", "password"];
    expect(secret(...harmless)).toEqual({ args: ["storage", "add", ...harmless], exposed: [] });
  });
});
