import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

const program = join(import.meta.dirname, "..", "src", "main.ts");
const { INIT_CWD: _, ...environment } = process.env;
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "trunks-create-"));
});

afterEach(() => rmSync(folder, { recursive: true }));

const create = (...args: string[]) =>
  spawnSync(process.execPath, [program, ...args], { cwd: folder, env: environment, encoding: "utf8" });

const read = (path: string) => readFileSync(join(folder, path), "utf8");

test("the skeleton has the name everywhere, and asks for this version", () => {
  expect(create("web-vault").stdout).toContain(join(folder, "trunks-backend-web-vault"));
  const files = readdirSync(join(folder, "trunks-backend-web-vault"), { recursive: true, withFileTypes: true });
  const text = files
    .filter((file) => file.isFile())
    .map((file) => readFileSync(join(file.parentPath, file.name), "utf8"))
    .join("\n");
  expect(text).not.toMatch(/mystore/i);
  expect(text).toContain("export class WebVaultBackend implements Backend");
  const manifest = JSON.parse(read("trunks-backend-web-vault/package.json"));
  const { version } = JSON.parse(readFileSync(join(import.meta.dirname, "..", "package.json"), "utf8"));
  expect(manifest).toMatchObject({
    name: "trunks-backend-web-vault",
    trunks: { schemes: ["web-vault"] },
    peerDependencies: { "@trunks/core": `^${version}` },
  });
});

test("a second folder may be named; nothing is written over", () => {
  expect(create("vault", "mine").status).toBe(0);
  expect(read("mine/package.json")).toContain('"trunks-backend-vault"');
  expect(create("vault", "mine")).toMatchObject({ status: 1, stderr: expect.stringContaining("is there already") });
});

test.each([
  ["s3", "opened by Trunks itself"],
  ["https", "is not a store"],
  ["Vault", "cannot be a scheme"],
  ["../x", "cannot be a scheme"],
])("%s is no name for a backend", (name, message) => {
  expect(create(name)).toMatchObject({ status: 1, stderr: expect.stringContaining(message) });
  expect(readdirSync(folder)).toEqual([]);
});

test("without a name it says how it is called", () => {
  expect(create()).toMatchObject({ status: 2, stderr: expect.stringContaining("usage: create-backend NAME") });
  expect(execFileSync(process.execPath, [program, "--version"], { encoding: "utf8" })).toMatch(/^\d+\.\d+\.\d+\n$/);
});
