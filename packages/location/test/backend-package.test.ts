import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { backendPackages, backendsFolder, findBackendPackage, loadPackage, openLocation } from "../src/index.ts";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "trunks-packages-"));
});

afterEach(() => rm(folder, { recursive: true }));

/** Installs a package that opens `scheme` and calls its backend `name`. */
async function install(modules: string, name: string, scheme: string, exported: unknown = "./main.js"): Promise<void> {
  const path = join(modules, name);
  await mkdir(path, { recursive: true });
  await writeFile(join(path, "package.json"), JSON.stringify({ name, type: "module", exports: exported }));
  const code = `export const schemes = [${JSON.stringify(scheme)}];
    export async function openBackend(url, options) { return { name: ${JSON.stringify(name)}, url, options, close: async () => {} }; }`;
  await writeFile(join(path, "main.js"), code);
}

const open = (url: string, environment: Record<string, string>, installations: string[] = []) =>
  openLocation(url, { environment, installations });

test("schemes and their packages", () => {
  expect(backendPackages("s3")).toEqual(["@trunks/backend-s3"]);
  expect(backendPackages("minio")).toEqual(["@trunks/backend-s3"]);
  expect(backendPackages("gs")).toEqual(["@trunks/backend-gcs"]);
  expect(backendPackages("postgresql")).toEqual(["@trunks/backend-postgres"]);
  expect(backendPackages("local")).toEqual([]);
  expect(backendPackages("webdav")).toEqual(["@trunks/backend-webdav", "trunks-backend-webdav"]);
  expect(() => backendPackages("https")).toThrow("https:// is not a store");
  expect(() => backendPackages("a+b")).toThrow("a+b:// is not a store");
});

describe("a third party's package is found", () => {
  test("in a folder of TRUNKS_BACKEND_PATH, or its node_modules", async () => {
    await install(join(folder, "one"), "trunks-backend-one", "one");
    await install(join(folder, "two", "node_modules"), "@trunks/backend-two", "two");
    const environment = {
      HOME: folder,
      TRUNKS_BACKEND_PATH: [join(folder, "one"), join(folder, "two")].join(delimiter),
    };
    expect((await open("one://x/app", environment)).backend.name).toBe("trunks-backend-one");
    expect((await open("two://x/app", environment)).backend.name).toBe("@trunks/backend-two");
  });

  test("in the managed folder", async () => {
    await install(join(folder, ".local/share/trunks/backends/node_modules"), "trunks-backend-one", "one");
    expect((await open("one://x/app", { HOME: folder })).backend.name).toBe("trunks-backend-one");
    await install(join(folder, "data/trunks/backends/node_modules"), "trunks-backend-two", "two");
    const environment = { HOME: "/nowhere", XDG_DATA_HOME: join(folder, "data") };
    expect((await open("two://x/app", environment)).backend.name).toBe("trunks-backend-two");
  });

  test("beside and above the installation", async () => {
    await install(join(folder, "lib", "node_modules"), "trunks-backend-one", "one");
    const program = join(folder, "lib", "node_modules", "@trunks", "cli", "dist");
    expect((await open("one://x/app", { HOME: "/nowhere" }, [program])).backend.name).toBe("trunks-backend-one");
  });

  test("by the entry that import would take", async () => {
    const exported = {
      "./other": "./other.js",
      ".": { types: "./x.d.ts", require: "./x.cjs", import: { default: "./main.js" } },
    };
    await install(folder, "trunks-backend-one", "one", exported);
    expect((await open("one://x/app", { HOME: "/nowhere", TRUNKS_BACKEND_PATH: folder })).name).toBe("app");
  });

  test("by a scheme that its manifest names, in a scope or not, and never by one of ours", async () => {
    const modules = join(folder, "node_modules");
    await install(modules, "@company/trunks-backend-vault", "vaults");
    await install(modules, "trunks-backend-broken", "broken");
    await writeFile(join(modules, "trunks-backend-broken", "package.json"), "{");
    await install(modules, "other", "vaults");
    for (const name of ["@company/trunks-backend-vault", "other"]) {
      const manifest = { name, type: "module", exports: "./main.js", trunks: { schemes: ["vaults", "azure"] } };
      await writeFile(join(modules, name, "package.json"), JSON.stringify(manifest));
    }
    const environment = { HOME: "/nowhere", TRUNKS_BACKEND_PATH: folder };
    expect((await open("vaults://x/app", environment)).backend.name).toBe("@company/trunks-backend-vault");
    expect(findBackendPackage("azure", environment)).toBeUndefined();
    expect(findBackendPackage("others", environment)).toBeUndefined();
  });

  test("with the URL and nothing of the trunk in it", async () => {
    await install(folder, "trunks-backend-one", "one");
    const { backend } = await open("one://u:p@x/y/app?a=b", { HOME: "/nowhere", TRUNKS_BACKEND_PATH: folder });
    expect(String((backend as unknown as { url: URL }).url)).toBe("one://u:p@x/y?a=b");
  });
});

describe("a package is refused", () => {
  test("in the current folder, or in a relative one", async () => {
    await install(join(folder, "node_modules"), "trunks-backend-one", "one");
    const before = process.cwd();
    process.chdir(folder);
    try {
      expect(findBackendPackage("one", { HOME: "/nowhere" })).toBeUndefined();
      await expect(open("one://x/app", { HOME: "/nowhere", TRUNKS_BACKEND_PATH: "node_modules" })).rejects.toThrow(
        "not absolute",
      );
      expect(backendsFolder({ HOME: "/home/u", XDG_DATA_HOME: "data" })).toBe("/home/u/.local/share/trunks/backends");
    } finally {
      process.chdir(before);
    }
  });

  test("when it opens other URLs, or cannot be loaded", async () => {
    await install(folder, "trunks-backend-one", "uno");
    const environment = { HOME: "/nowhere", TRUNKS_BACKEND_PATH: folder };
    await expect(open("one://x/app", environment)).rejects.toThrow("trunks-backend-one does not open one:// URLs");
    await install(folder, "trunks-backend-two", "two", "./missing.js");
    await expect(open("two://x/app", environment)).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringContaining("trunks-backend-two cannot be loaded"),
    });
  });
});

test("a missing package is named, with the command that installs it", async () => {
  await expect(open("azure://account/container/app", { HOME: "/nowhere" })).rejects.toMatchObject({
    code: "CONFIG_INVALID",
    message: "azure:// needs the package @trunks/backend-azure, which is not installed",
    hint: "run `trunks backend add azure`, or `npm install -g @trunks/backend-azure`",
  });
});

test("a package of ours is loaded when it is installed, and else named with the commands that install it", async () => {
  await install(join(folder, ".local/share/trunks/backends/node_modules"), "@trunks/other", "x");
  const environment = { HOME: folder };
  expect(await loadPackage("@trunks/other", "it", environment)).toMatchObject({ schemes: ["x"] });
  await expect(loadPackage("@trunks/absent", "a thing", environment)).rejects.toMatchObject({
    code: "CONFIG_INVALID",
    message: "a thing needs the package @trunks/absent, which is not installed",
    hint: "run `trunks backend add @trunks/absent`, or `npm install -g @trunks/absent`",
  });
});
