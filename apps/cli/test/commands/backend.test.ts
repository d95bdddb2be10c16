import { afterEach, beforeEach, expect, test } from "vitest";
import { Sandbox } from "../support/sandbox.ts";
import { trunks, trunksJson, trunksText } from "../support/trunks.ts";
import { installVault } from "../support/vault.ts";

let sandbox: Sandbox;

beforeEach(() => {
  sandbox = new Sandbox();
});

/** Nothing here is on a registry. */
const offline = { environment: { npm_config_offline: "true" } };

afterEach(() => sandbox.remove());

interface BackendList {
  readonly data: readonly { readonly schemes: readonly string[]; readonly installed: boolean }[];
}

test("list tells what is built in, and what stands beside the program", async () => {
  const { data } = await trunksJson<BackendList>(sandbox, ["backend", "list"]);
  const of = (scheme: string) => data.find(({ schemes }) => schemes.includes(scheme));
  expect(of("local")).toMatchObject({ object: "backend", package: null, installed: true });
  expect(of("s3")).toMatchObject({ package: "@trunks/backend-s3", installed: true, version: "0.0.0" });
  expect(await trunksText(sandbox, ["backend", "list"])).toMatch(/^s3:\/\/.* @trunks\/backend-s3 +0\.0\.0$/m);
});

test("add installs a package into the managed folder, where it is found from then on", async () => {
  installVault(sandbox);
  const url = `vault://${sandbox.path}/store`;
  const missing = await trunks(sandbox, ["verify", url, "--probe"]);
  expect(missing.stdout).toContain("needs the package trunks-backend-vault, which is not installed");
  expect(await trunksJson(sandbox, ["backend", "add", "./backends/trunks-backend-vault"], offline)).toMatchObject({
    object: "backend",
  });
  expect(sandbox.names("home/data/trunks/backends/node_modules")).toContain("trunks-backend-vault");
  const { status } = await trunks(sandbox, ["verify", url, "--probe", "--secret-key", "hunter2"]);
  expect(status).toBe(0);
});

test("add runs no install scripts", async () => {
  const scripts = { preinstall: "touch ran", install: "touch ran", postinstall: "touch ran" };
  sandbox.write("package/package.json", JSON.stringify({ name: "trunks-backend-x", version: "1.0.0", scripts }));
  await trunksText(sandbox, ["backend", "add", "./package"], offline);
  expect([sandbox.exists("package/ran"), sandbox.exists("ran")]).toEqual([false, false]);
});

test("add asks npm for the right package, and tells when npm fails", async () => {
  sandbox.installProgram("npm", 'printf "%s\\n" "$@" >&2; exit 1');
  const environment = { PATH: `${sandbox.path}/bin:${process.env.PATH}` };
  const asked = async (word: string) => {
    const { status, stderr } = await trunks(sandbox, ["backend", "add", word], { environment });
    expect(status).toBe(1);
    return stderr.split("\n").find((_, index, lines) => lines[index - 1] === "--");
  };
  expect(await asked("s3")).toMatch(/^@trunks\/backend-s3(@|$)/);
  expect(await asked("gs")).toMatch(/^@trunks\/backend-gcs(@|$)/);
  expect(await asked("webdav")).toBe("trunks-backend-webdav");
  expect(await asked("trunks-backend-webdav@2")).toBe("trunks-backend-webdav@2");
  expect(await asked("@company/store")).toBe("@company/store");
  expect(await trunksJson(sandbox, ["backend", "add", "local"], { environment })).toMatchObject({
    code: "ALREADY_EXISTS",
  });
  expect(await trunksJson(sandbox, ["backend", "add", "https"], { environment })).toMatchObject({
    code: "CONFIG_INVALID",
  });
  expect(await trunksJson(sandbox, ["backend", "add", "s3"], { environment })).toMatchObject({
    code: "UNAVAILABLE",
    message: expect.stringContaining("npm could not install @trunks/backend-s3"),
  });
});
