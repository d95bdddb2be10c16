import { existsSync, type OpenMode, type PathLike, readdirSync } from "node:fs";
import { isTrunksError } from "@trunks/core";
import { expect, test } from "vitest";
import { fileCalls } from "../src/file-calls.ts";
import { LocalBackend } from "../src/index.ts";
import { body } from "./faulty.ts";
import { temporaryRoot } from "./root.ts";

/**
 * A folder as a share has it that ignores case and keeps it: each name of a path leads to what is there under a name that
 * differs in case alone. No file system of the project's machines is like that.
 */
function caseBlind(root: string) {
  const there = (given: PathLike): string => {
    const path = String(given);
    if (!path.startsWith(`${root}/`)) return path;
    return path
      .slice(root.length + 1)
      .split("/")
      .reduce((parent, name) => {
        const names = existsSync(parent) ? readdirSync(parent) : [];
        return `${parent}/${names.find((other) => other.toLowerCase() === name.toLowerCase()) ?? name}`;
      }, root);
  };
  const { open, stat, folder, link, rename, unlink, makeFolder, removeFolder } = fileCalls;
  return {
    ...fileCalls,
    open: (path: PathLike, flags: OpenMode) => open(there(path), flags),
    stat: (path: string) => stat(there(path)),
    folder: (path: string) => folder(there(path)),
    link: (source: PathLike, target: PathLike) => link(there(source), there(target)),
    rename: (source: PathLike, target: PathLike) => rename(there(source), there(target)),
    unlink: (path: PathLike) => unlink(there(path)),
    makeFolder: (path: string) => makeFolder(there(path)),
    removeFolder: (path: PathLike) => removeFolder(there(path)),
  };
}

const [lower, upper] = ["trunks/app.trunk/", "trunks/App.trunk/"];

test("on a file system that ignores case a second name is refused, not taken for the first", async () => {
  const root = temporaryRoot();
  const open = () => new LocalBackend({ root }, caseBlind(root));
  const first = open();
  expect(await first.create(`${lower}trunk.json`, body)).toBe(true);
  // The same process, and another one that has seen nothing yet.
  for (const client of [first, open()]) {
    for (const call of [
      () => client.get(`${upper}trunk.json`),
      () => client.get(`${upper}journal/1`),
      () => client.create(`${upper}journal/1`, body),
      () => client.put(`${upper}latest`, body),
      () => client.list(upper),
      () => client.delete([`${upper}trunk.json`]),
    ]) {
      const error = await call().catch((refusal: unknown) => refusal);
      expect(isTrunksError(error, "CONFIG_INVALID"), String(error)).toBe(true);
      expect(error).toMatchObject({
        message: `${root}/trunks/App.trunk is called app.trunk there, and case makes no difference`,
        hint: expect.stringMatching(/^write app, /),
      });
    }
  }
  expect((await open().list(lower)).keys.map(({ key }) => key)).toEqual([`${lower}trunk.json`]);
});

test("on a file system that ignores case names that differ in more are different, whatever their case", async () => {
  const root = temporaryRoot();
  const open = () => new LocalBackend({ root }, caseBlind(root));
  for (const name of ["App", "other", "UPPER-2", "22"]) {
    const key = `trunks/${name}.trunk/trunk.json`;
    expect(await open().create(key, body)).toBe(true);
    expect(await open().create(key, body)).toBe(false);
    expect((await open().get(key))?.size).toBe(body.length);
    expect((await open().list(`trunks/${name}.trunk/`)).keys).toHaveLength(1);
  }
  await open().delete(["trunks/App.trunk/trunk.json"]);
  // The name is free again, in any spelling.
  expect(await open().create(`${lower}trunk.json`, body)).toBe(true);
});

test("of two who make both names at once, one is refused", async () => {
  const root = temporaryRoot();
  const keys = Array.from({ length: 8 }, (_, index) => `${index % 2 ? upper : lower}journal/1`);
  const backends = keys.map(() => new LocalBackend({ root }, caseBlind(root)));
  const outcomes = await Promise.allSettled(
    backends.map((backend, index) => backend.create(keys[index] as string, body)),
  );
  expect(outcomes.filter((outcome) => outcome.status === "fulfilled" && outcome.value)).toHaveLength(1);
  const reads = await Promise.allSettled(backends.map((backend, index) => backend.get(keys[index] as string)));
  expect(reads.filter(({ status }) => status === "fulfilled")).toHaveLength(4);
});

test("where case counts both names are there", async () => {
  const backend = new LocalBackend({ root: temporaryRoot() });
  for (const prefix of [lower, upper]) expect(await backend.create(`${prefix}trunk.json`, body)).toBe(true);
  expect((await backend.list("")).keys).toHaveLength(2);
});
