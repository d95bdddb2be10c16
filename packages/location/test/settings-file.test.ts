import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Settings, SettingsFile } from "../src/index.ts";
import { withLock } from "../src/lock-file.ts";

const first: Settings = {
  repository: "my-app",
  defaultStorage: "primary",
  storages: { primary: { url: "s3://bucket", options: { region: "x" }, secrets: { secretKey: "hunter2" } } },
};
let top: string;
let commonDir: string;

beforeEach(async () => {
  top = await realpath(await mkdtemp(join(tmpdir(), "trunks-settings-")));
  commonDir = join(top, ".git");
  await mkdir(commonDir);
});

afterEach(() => rm(top, { recursive: true }));

test("are found again from the git folder, and changed", async () => {
  expect(await SettingsFile.find(commonDir)).toBeUndefined();
  await SettingsFile.create(commonDir, top, first);
  const file = await SettingsFile.find(commonDir);
  expect(file?.path).toBe(join(top, ".trunks", "my-app.trunk"));
  expect(await file?.read()).toEqual(first);
  const backup = { url: "local:///srv", options: {}, secrets: {}, mirror: true };
  await file?.update((settings) => ({ ...settings, storages: { ...settings.storages, backup } }));
  expect((await (await SettingsFile.find(commonDir))?.read())?.storages.backup).toEqual(backup);
});

test("only their owner can read them, and nothing else is left behind", async () => {
  const file = await SettingsFile.create(commonDir, top, first);
  await file.update((settings) => settings);
  expect((await stat(file.path)).mode & 0o777).toBe(0o600);
  expect((await stat(join(top, ".trunks"))).mode & 0o777).toBe(0o700);
  expect((await stat(join(commonDir, "trunks", "settings"))).mode & 0o777).toBe(0o600);
  expect(await readdir(join(top, ".trunks"))).toEqual(["my-app.trunk"]);
  expect(await readdir(join(commonDir, "trunks"))).toEqual(["settings"]);
});

test("a file that others can read is closed to them, once, and nothing else changes", async () => {
  const file = await SettingsFile.create(commonDir, top, first);
  expect(await file.restrict()).toBe(false);
  for (const mode of [0o644, 0o640, 0o602]) {
    await chmod(file.path, mode);
    expect(await file.restrict()).toBe(true);
    expect((await stat(file.path)).mode & 0o777).toBe(0o600);
    expect(await file.restrict()).toBe(false);
  }
  expect(await file.read()).toEqual(first);
});

test("a file that came with a commit is refused as it is, whoever can read it", async () => {
  const file = await SettingsFile.create(commonDir, top, first);
  const written = JSON.parse(await readFile(file.path, "utf8"));
  await writeFile(file.path, JSON.stringify({ ...written, key: "guessed" }));
  await chmod(file.path, 0o644);
  await expect(file.restrict()).rejects.toMatchObject({ code: "CONFIG_INVALID" });
  expect((await stat(file.path)).mode & 0o777).toBe(0o644);
});

test("a file that came with a commit is refused", async () => {
  const file = await SettingsFile.create(commonDir, top, first);
  const written = JSON.parse(await readFile(file.path, "utf8"));
  await writeFile(file.path, JSON.stringify({ ...written, key: "guessed" }));
  await expect(file.read()).rejects.toMatchObject({ code: "CONFIG_INVALID" });
  await expect(file.update((settings) => settings)).rejects.toMatchObject({ code: "CONFIG_INVALID" });
});

test("a file that nobody set up here is not used, and not overwritten", async () => {
  await mkdir(join(top, ".trunks"));
  await writeFile(join(top, ".trunks", "my-app.trunk"), "theirs");
  expect(await SettingsFile.find(commonDir)).toBeUndefined();
  await expect(SettingsFile.create(commonDir, top, first)).rejects.toMatchObject({ code: "ALREADY_EXISTS" });
  expect(await readFile(join(top, ".trunks", "my-app.trunk"), "utf8")).toBe("theirs");
});

test("are found through a link to the git folder, and after a move of everything", async () => {
  await SettingsFile.create(commonDir, top, first);
  await mkdir(join(top, "far", "away"), { recursive: true });
  await symlink(commonDir, join(top, "far", "away", "git"));
  expect(await (await SettingsFile.find(join(top, "far", "away", "git")))?.read()).toEqual(first);
  const moved = await mkdtemp(join(tmpdir(), "trunks-settings-"));
  await rename(top, moved);
  expect(await (await SettingsFile.find(join(moved, ".git")))?.read()).toEqual(first);
  await rename(moved, top);
});

test("a creation that was cut short can be repeated", async () => {
  const file = await SettingsFile.create(commonDir, top, first);
  await rm(file.path); // Written last.
  expect(await SettingsFile.find(commonDir)).toBeUndefined();
  await SettingsFile.create(commonDir, top, first);
  expect(await (await SettingsFile.find(commonDir))?.read()).toEqual(first);
});

test("a link in place of their folder is refused", async () => {
  await mkdir(join(top, "elsewhere"));
  await symlink("elsewhere", join(top, ".trunks"));
  await expect(SettingsFile.create(commonDir, top, first)).rejects.toMatchObject({ code: "CONFIG_INVALID" });
  expect(await readdir(join(top, "elsewhere"))).toEqual([]);
});

test.each([
  ['{ "secret": hunter2', "it is not JSON"],
  ['["hunter2"]', "it is not an object"],
  ['{"version":2,"key":"hunter2","repository":"a","storages":{}}', "its version is not 1"],
  ['{"version":1,"key":"hunter2","storages":{}}', "missing"],
  ['{"version":1,"key":"k","repository":"a","storages":{"primary":{"secrets":{"a":"hunter2"}}}}', "has no url"],
  [
    '{"version":1,"key":"k","repository":"a","storages":{"primary":{"url":"x","secrets":{"a":["hunter2"]}}}}',
    "no text",
  ],
])("damage is told without what is in the file: %s", async (text, message) => {
  const file = await SettingsFile.create(commonDir, top, first);
  await writeFile(file.path, text);
  const error = await file.read().catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: "CONFIG_INVALID", message: expect.stringContaining(message) });
  expect(String((error as Error).stack)).not.toContain("hunter2");
  expect((error as Error).cause).toBeUndefined();
});

test("processes that write at once lose nothing of each other", async () => {
  await SettingsFile.create(commonDir, top, first);
  const source = JSON.stringify(join(import.meta.dirname, "..", "src", "index.ts"));
  const script = `
    const { SettingsFile } = await import(${source});
    const [commonDir, writer] = process.argv.slice(1);
    const file = await SettingsFile.find(commonDir);
    for (let round = 0; round < 10; round++) {
      const storage = { url: "s3://bucket", options: {}, secrets: {} };
      await file.update((settings) => ({ ...settings, storages: { ...settings.storages, [writer + "-" + round]: storage } }));
    }`;
  const writers = ["a", "b", "c", "d"].map((writer) =>
    spawn(process.execPath, ["--input-type=module", "-e", script, commonDir, writer], {
      stdio: ["ignore", "ignore", "inherit"],
    }),
  );
  const ends = await Promise.all(writers.map((writer) => once(writer, "exit")));
  expect(ends.map(([code]) => code)).toEqual([0, 0, 0, 0]);
  const settings = await (await SettingsFile.find(commonDir))?.read();
  expect(Object.keys(settings?.storages ?? {})).toHaveLength(1 + 4 * 10);
});

test("the lock of a process that died is taken away, by one of many", async () => {
  const file = await SettingsFile.create(commonDir, top, first);
  const child = spawn(process.execPath, ["-e", ""]);
  await once(child, "exit");
  const nonce = "11111111-2222-4333-8444-555555555555";
  await writeFile(`${file.path}.lock`, JSON.stringify({ host: hostname(), pid: child.pid, nonce }));
  const storage = { url: "s3://bucket", options: {}, secrets: {} };
  await Promise.all(
    ["a", "b", "c"].map((name) =>
      file.update((settings) => ({ ...settings, storages: { ...settings.storages, [name]: storage } })),
    ),
  );
  expect(Object.keys((await file.read()).storages).sort()).toEqual(["a", "b", "c", "primary"]);
  expect(await readdir(join(top, ".trunks"))).toEqual(["my-app.trunk"]);
});

test("the lock of a living process, or of another machine, ends the wait with an error", async () => {
  const nonce = "11111111-2222-4333-8444-555555555555";
  const holders = [
    { host: hostname(), pid: process.pid, nonce },
    { host: "another", pid: 1, nonce },
  ];
  const waits = holders.map(async (holder, index) => {
    const path = join(top, `lock-${index}`);
    await writeFile(path, JSON.stringify(holder));
    await expect(withLock(path, () => expect.unreachable())).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect(JSON.parse(await readFile(path, "utf8"))).toEqual(holder);
  });
  await Promise.all(waits);
});
