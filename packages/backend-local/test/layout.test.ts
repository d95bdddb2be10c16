import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { expect, it } from "vitest";
import { fileCalls } from "../src/file-calls.ts";
import { LocalBackend } from "../src/index.ts";
import { temporaryRoot } from "./root.ts";

const body = new TextEncoder().encode("body");

async function keysOf(backend: LocalBackend, prefix = "", after?: string): Promise<string[]> {
  return (await backend.list(prefix, { after })).keys.map(({ key }) => key);
}

it("keeps a key as a file of that path, and its temporary files out of sight", async () => {
  const root = temporaryRoot();
  const backend = new LocalBackend({ root });
  await backend.create("a/b/c", body);
  await backend.put("a/d", body);
  await backend.create("a/d", body);
  expect(readFileSync(`${root}/a/b/c`, "utf8")).toBe("body");
  expect(readdirSync(root).sort()).toEqual([".trunks-tmp", "a"]);
  expect(readdirSync(`${root}/.trunks-tmp`)).toEqual([]);
  expect(await keysOf(backend)).toEqual(["a/b/c", "a/d"]);
});

it("removes folders that a delete has left empty, and no others", async () => {
  const root = temporaryRoot();
  const backend = new LocalBackend({ root });
  await backend.create("a/b/c/d", body);
  await backend.create("a/x", body);
  await backend.delete(["a/b/c/d"]);
  expect(readdirSync(`${root}/a`)).toEqual(["x"]);
  await backend.delete(["a/x"]);
  expect(readdirSync(root)).toEqual([".trunks-tmp"]);
});

it("does not list what is no key, and follows links as reads do", async () => {
  const root = temporaryRoot();
  const backend = new LocalBackend({ root });
  await backend.create("a/key", body);
  for (const name of [".hidden", "lost+found", "Icon\r", "ä", "a b", "_x", "x".repeat(201)]) {
    writeFileSync(`${root}/${name}`, "");
  }
  mkdirSync(`${root}/.git/objects`, { recursive: true });
  writeFileSync(`${root}/.git/objects/x`, "");
  mkdirSync(`${root}/empty/er`, { recursive: true });
  symlinkSync(`${root}/a`, `${root}/linked`);
  symlinkSync(`${root}/a/key`, `${root}/link`);
  symlinkSync(`${root}/nothing`, `${root}/dangling`);
  expect(await keysOf(backend)).toEqual(["a/key", "link", "linked/key"]);
  expect(await backend.get("dangling")).toBeUndefined();
  expect((await backend.get("linked/key"))?.size).toBe(4);
});

it("ends where links go in circles", async () => {
  const root = temporaryRoot();
  const backend = new LocalBackend({ root });
  await backend.create("a/key", body);
  symlinkSync(`${root}/a`, `${root}/a/circle`);
  const keys = await keysOf(backend);
  expect(keys.slice(-2)).toEqual(["a/circle/key", "a/key"]);
});

it("reads no folder that lies wholly before `after`, behind the page, or outside the prefix", async () => {
  const root = temporaryRoot();
  const read: string[] = [];
  const backend = new LocalBackend(
    { root },
    {
      ...fileCalls,
      folder: (path) => {
        read.push(path.slice(root.length));
        return fileCalls.folder(path);
      },
    },
  );
  for (const key of ["a-b/x", "a/1/x", "a/2/x", "a/2/y", "a0/x", "b/x"]) await backend.create(key, body);
  const readsOf = async (list: () => Promise<unknown>) => {
    read.length = 0;
    await list();
    return [...read];
  };
  expect(await readsOf(() => backend.list("", { after: "a/2/x" }))).toEqual(["", "/a", "/a/2", "/a0", "/b"]);
  expect(await readsOf(() => backend.list("", { after: "a0/x" }))).toEqual(["", "/a0", "/b"]);
  expect(await readsOf(() => backend.list("a/", { after: "a/1/x", limit: 1 }))).toEqual(["/a", "/a/1", "/a/2"]);
  expect(await readsOf(() => backend.list("a/2/"))).toEqual(["/a/2"]);
  expect(await readsOf(() => backend.list("a/", { after: "b" }))).toEqual([]);
});

it("lists on when a folder or a file disappears under it", async () => {
  const root = temporaryRoot();
  const backend = new LocalBackend(
    { root },
    {
      ...fileCalls,
      folder(path) {
        const entries = fileCalls.folder(path);
        if (path.endsWith("/a")) rmSync(`${path}/folder`, { recursive: true });
        if (path.endsWith("/b")) rmSync(`${path}/file`);
        return entries;
      },
    },
  );
  for (const key of ["a/folder/x", "a/key", "b/file", "b/key", "c"]) await backend.create(key, body);
  expect(await keysOf(backend)).toEqual(["a/key", "b/key", "c"]);
});

it("answers a page that has a key when all it had chosen have disappeared", async () => {
  const root = temporaryRoot();
  let doomed = ["k0", "k1"];
  const backend = new LocalBackend(
    { root },
    {
      ...fileCalls,
      folder(path) {
        const entries = fileCalls.folder(path);
        for (const key of doomed.splice(0)) rmSync(`${path}/${key}`);
        return entries;
      },
    },
  );
  doomed = [];
  for (const key of ["k0", "k1", "k2", "k3"]) await backend.create(key, body);
  doomed = ["k0", "k1"];
  expect(await backend.list("", { limit: 1 })).toMatchObject({ keys: [{ key: "k2" }], more: true });
});

it("does not take a folder for a key, nor a key for a folder", async () => {
  const root = temporaryRoot();
  const backend = new LocalBackend({ root });
  await backend.create("a/b", body);
  for (const write of [() => backend.create("a", body), () => backend.put("a", body)]) {
    await expect(write()).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  }
  for (const write of [() => backend.create("a/b/c", body), () => backend.put("a/b/c", body)]) {
    await expect(write()).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  }
  expect(readdirSync(`${root}/.trunks-tmp`)).toEqual([]);
  expect(existsSync(`${root}/a/b`)).toBe(true);
});

it("writes where an empty folder was left", async () => {
  const root = temporaryRoot();
  const backend = new LocalBackend({ root });
  mkdirSync(`${root}/a/created`, { recursive: true });
  mkdirSync(`${root}/a/put`);
  expect(await backend.create("a/created", body)).toBe(true);
  await backend.put("a/put", body);
  expect(await keysOf(backend)).toEqual(["a/created", "a/put"]);
});
