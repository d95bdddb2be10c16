import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Sandbox } from "../support/sandbox.ts";
import { needStore, startStore, storeNames } from "../support/stores.ts";

/** The packages as a user gets them: packed, and installed by npm in an empty folder. */
const root = join(import.meta.dirname, "..", "..", "..", "..");
const sandbox = new Sandbox("trunks-packed-");
const tarballs = join(sandbox.path, "tarballs");
const node = dirname(process.execPath);
const system = `${node}:${process.env.PATH?.split(":")
  .filter((folder) => !folder.includes("node_modules"))
  .join(":")}`;

/** Of the store in use. */
let credentials: Readonly<Record<string, string>> = {};

beforeAll(() => {
  mkdirSync(tarballs);
  const backends = readdirSync(join(root, "packages")).filter((name) => name.startsWith("backend-"));
  for (const folder of ["apps/cli", "packages/core", ...backends.map((name) => `packages/${name}`)]) {
    execFileSync("pnpm", ["--silent", "pack", "--pack-destination", tarballs], {
      cwd: join(root, folder),
      stdio: "ignore",
    });
  }
  mkdirSync(join(sandbox.path, "work"));
  run("", "work", "git", "init", "-q", "-b", "main");
  const author = ["-c", "user.name=A", "-c", "user.email=a@example.org"];
  run("", "work", "git", ...author, "commit", "-q", "--allow-empty", "-m", "one");
});
afterAll(() => sandbox.remove());

/** Installs the tarballs whose names fit. */
function install(folder: string, flags: readonly string[], names = /-(cli|core|backend-s3)-/): string {
  const target = join(sandbox.path, folder);
  mkdirSync(target);
  const packed = readdirSync(tarballs)
    .filter((name) => names.test(name))
    .map((name) => join(tarballs, name));
  // npm keeps its own settings: where it installs from is the machine's matter.
  execFileSync("npm", ["install", "--no-audit", "--no-fund", "--prefix", target, ...flags, ...packed], {
    cwd: target,
    stdio: "ignore",
  });
  return target;
}

function run(path: string, folder: string, program: string, ...args: string[]): string {
  const environment = { ...sandbox.environment, ...credentials, PATH: `${path}:${system}` };
  return execFileSync(program, args, {
    cwd: join(sandbox.path, folder),
    env: environment,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
}

test("installed in an empty folder, `trunks` brings the helper to the git that it starts", () => {
  const programs = join(install("project", []), "node_modules", ".bin");
  const trunks = join(programs, "trunks");
  run("", "work", trunks, "init", "--name", "app");
  run("", "work", trunks, "storage", "add", "--name", "primary", "--url", `local://${sandbox.path}/store`);
  run("", "work", trunks, "push");
  run("", ".", trunks, "clone", `local://${sandbox.path}/store/app`, "copy");
  expect(run("", "copy", "git", "log", "--format=%s")).toBe("one\n");
});

test("`backend list` tells what is installed beside the program, what in the managed folder, and what is not", () => {
  const trunks = join(sandbox.path, "project", "node_modules", ".bin", "trunks");
  const managed = "home/data/trunks/backends/node_modules/@trunks/backend-azure";
  sandbox.write(`${managed}/package.json`, JSON.stringify({ name: "@trunks/backend-azure", version: "9.8.7" }));
  const { data } = JSON.parse(run("", ".", trunks, "backend", "list", "--json")) as {
    data: { schemes: string[] }[];
  };
  const of = (scheme: string) => data.find(({ schemes }) => schemes.includes(scheme));
  expect(of("s3")).toMatchObject({
    installed: true,
    folder: join(sandbox.path, "project/node_modules/@trunks/backend-s3"),
  });
  expect(of("azure")).toMatchObject({ installed: true, version: "9.8.7", folder: join(sandbox.path, managed) });
  expect(of("postgres")).toEqual({
    object: "backend",
    schemes: expect.arrayContaining(["postgres"]),
    package: "@trunks/backend-postgres",
    installed: false,
  });
  expect(run("", ".", trunks, "backend", "list")).toMatch(/^azure:\/\/ +@trunks\/backend-azure +9\.8\.7$/m);
});

test("installed globally, plain git finds the helper", () => {
  const programs = join(install("global", ["--global"]), "bin");
  expect(existsSync(join(programs, "git-remote-trunks"))).toBe(true);
  run(programs, ".", "git", "clone", "-q", `trunks::local://${sandbox.path}/store/app`, "plain");
  expect(run(programs, "plain", "git", "ls-remote", "origin")).toMatch(/HEAD\n.*refs\/heads\/main\n/);
  expect(run(programs, "plain", "trunks", "version")).toMatch(/^trunks /);
});

test.for(storeNames)("%s: the published backend opens it, and plain git pushes and clones", async (name, context) => {
  const programs = join(sandbox.path, "all", "node_modules", ".bin");
  if (!existsSync(programs)) install("all", [], /./);
  const store = needStore(context, await startStore(name, sandbox));
  credentials = store.environment;
  try {
    run(programs, "work", "git", "push", "-q", store.url("packed"), "main");
    run(programs, ".", "git", "clone", "-q", store.url("packed"), `copy-${name}`);
    expect(run(programs, `copy-${name}`, "git", "log", "--format=%s")).toBe("one\n");
  } finally {
    credentials = {};
    await store.stop();
  }
});
