import { existsSync } from "node:fs";
import { replaceMethods } from "@trunks/core";
import { MemoryBackend } from "@trunks/core/memory";
import { scope, trace } from "@trunks/layers";
import { Repository } from "@trunks/repo";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { checkAnswer } from "../../../apps/cli/test/support/answer-schema.ts";
import { isTrunksError, Repos, Trunk, Trunks } from "../src/index.ts";
import { GitSandbox } from "./support/git-sandbox.ts";

const sandbox = new GitSandbox();
const author = { name: "A Writer", email: "writer@example.org" };
let trunks: Trunks;

beforeAll(() => {
  trunks = new Trunks({ cwd: sandbox.path, url: sandbox.url("app"), create: true, author });
});
afterAll(async () => {
  await trunks.close();
  sandbox.remove();
});

const codeOf = async (work: Promise<unknown>) => {
  const error = await work.then(
    () => undefined,
    (thrown) => thrown,
  );
  return isTrunksError(error) ? error.code : error;
};

describe("checkpoints and commits of a trunk", () => {
  test("are made, listed, got and gone back to without a clone", async () => {
    const first = checkAnswer(await trunks.checkpoints.create({ message: "first", files: { a: "1", "src/b": "1" } }));
    const second = checkAnswer(
      await trunks.checkpoints.create({ branch: "main", message: "second", files: { a: "2", src: null } }),
    );
    expect(second).toMatchObject({ parents: [first.id], branch: "main", pushed: true, created: true });
    expect(checkAnswer(await trunks.checkpoints.list({ limit: 1 }))).toMatchObject({
      data: [{ object: "checkpoint", id: second.id, branch: "main" }],
      total_count: null,
      has_more: true,
    });
    expect(checkAnswer(await trunks.checkpoints.list({ path: "src" })).total_count).toBe(2);
    expect(checkAnswer(await trunks.checkpoints.get({ id: first.id.slice(0, 8) })).id).toBe(first.id);
    expect(checkAnswer(await trunks.commits.list({ ref: "main" }))).toMatchObject({ total_count: 2 });
    expect(checkAnswer(await trunks.commits.get({ id: "main~1" }))).toMatchObject({ object: "commit", id: first.id });
    const rollback = checkAnswer(await trunks.checkpoints.rollback({ to: first.id, paths: ["src"] }));
    expect(rollback).toMatchObject({ to: first.id, saved_ref: null, checkpoint: { parents: [second.id] } });
    await using trunk = await trunks.open();
    expect([await trunk.read("a"), await trunk.read("src/b")]).toEqual(["2", "1"]);
    expect(await codeOf(trunks.checkpoints.create({ branch: "nowhere", message: "x", files: {} }))).toBe("NOT_FOUND");
    expect(await codeOf(trunks.commits.get({ id: "nowhere" }))).toBe("NOT_FOUND");
    const same = await trunks.checkpoints.create({ message: "same", files: { a: "2" } });
    expect(same.created).toBe(false);
  });
});

describe("branches and tags of a trunk", () => {
  test("nobody stands on a branch here", async () => {
    const { id } = await trunks.commits.get({ id: "main" });
    expect(checkAnswer(await trunks.branches.get({ name: "main" }))).toMatchObject({ local_id: null, trunk_id: id });
    await trunks.branches.create({ name: "side", from: "main~1" });
    expect(checkAnswer(await trunks.branches.update({ name: "side", to: "main" })).trunk_id).toBe(id);
    expect(checkAnswer(await trunks.branches.list())).toMatchObject({ total_count: 2 });
    expect(await codeOf(trunks.branches.switch({ name: "side" }))).toBe("NOT_SUPPORTED");
    expect(await codeOf(trunks.branches.delete({ name: "main" }))).toBe("INVALID_ARGUMENT");
    await trunks.branches.delete({ name: "side" });
    expect(await codeOf(trunks.branches.get({ name: "side" }))).toBe("NOT_FOUND");
  });

  test("tags are updated", async () => {
    const { id } = await trunks.commits.get({ id: "main" });
    const parent = await trunks.commits.get({ id: "main~1" });
    checkAnswer(await trunks.tags.create({ name: "v1", from: parent.id }));
    expect(await trunks.tags.update({ name: "v1", to: "main" })).toMatchObject({ id, annotated: false });
    const annotated = checkAnswer(await trunks.tags.update({ name: "v1", message: "version 1" }));
    expect(annotated).toMatchObject({ target_id: id, annotated: true });
    expect(checkAnswer(await trunks.tags.list()).data).toEqual([annotated]);
    expect(await codeOf(trunks.tags.update({ name: "v2", to: "main" }))).toBe("NOT_FOUND");
  });
});

describe("repositories of a store", () => {
  test("are made, listed, changed and deleted", async () => {
    const made = checkAnswer(
      await trunks.repos.create({ name: "new", objectFormat: "sha256", defaultBranch: "trunk" }),
    );
    expect(made).toMatchObject({
      object: "repository",
      name: "new",
      url: `local://${sandbox.path}/store/trunks/new.trunk`,
      object_format: "sha256",
      default_branch: "trunk",
      head_id: null,
      branch_count: 0,
    });
    expect(await codeOf(trunks.repos.create({ name: "new" }))).toBe("ALREADY_EXISTS");
    expect(await codeOf(trunks.repos.create({ name: "../new" }))).toBe("CONFIG_INVALID");
    const list = checkAnswer(await trunks.repos.list());
    expect(list.data.map(({ name }) => name)).toEqual(["app", "new"]);
    expect(await codeOf(trunks.repos.update({ name: "app", defaultBranch: "nowhere" }))).toBe("NOT_FOUND");
    await trunks.branches.create({ name: "next" });
    expect(await trunks.repos.update({ name: "app", defaultBranch: "next" })).toMatchObject({ default_branch: "next" });
    expect(await sandbox.git(["ls-remote", "--symref", `trunks::${sandbox.url("app")}`, "HEAD"])).toContain(
      "heads/next",
    );
    expect(checkAnswer(await trunks.repos.get({ name: "app" }))).toMatchObject({ branch_count: 2, tag_count: 1 });
    await trunks.repos.delete({ name: "new" });
    expect(existsSync(`${sandbox.path}/store/trunks/new.trunk/trunk.json`)).toBe(false);
    expect(await codeOf(trunks.repos.delete({ name: "new" }))).toBe("NOT_FOUND");
    expect(await codeOf(trunks.repos.get({ name: "new" }))).toBe("NOT_FOUND");
    await using other = new Trunks({ cwd: sandbox.path, storage: `local://${sandbox.path}/store` });
    expect((await other.repos.list()).total_count).toBe(1);
    expect(await codeOf(new Trunks({ cwd: sandbox.path }).repos.list())).toBe("NOT_FOUND");
  });

  test("are listed by their own file, however much is in them, and a half deleted one is deleted", async () => {
    const store = new MemoryBackend();
    const bytes = new Uint8Array(1);
    for (const name of ["a", "b", "c"]) await new Repository(scope(store, `trunks/${name}.trunk/`)).create();
    for (let number = 0; number < 2500; number++) await store.put(`trunks/b.trunk/objects/${number}.pack`, bytes);
    await store.put("trunks/d.trunk/objects/1.pack", bytes);
    const traced = trace(store);
    const session = { author, committer: author, memorySizeBytes: 0, warn: () => {} };
    const repos = new Repos(async () => ({
      backend: traced,
      scoped: (name) => scope(traced, `trunks/${name}.trunk/`),
      url: (name) => `memory:///${name}`,
      session,
    }));
    expect((await repos.list()).data.map(({ name }) => name)).toEqual(["a", "b", "c"]);
    expect(traced.names().length).toBeLessThanOrEqual(3);
    await store.delete(["trunks/c.trunk/trunk.json"]);
    for (const name of ["b", "d"]) await repos.delete({ name });
    expect((await store.list("trunks/")).keys.map(({ key }) => key)).toEqual(["trunks/a.trunk/trunk.json"]);
  });
});

describe("storages of a clone", () => {
  test("are proved before they are saved", async () => {
    await sandbox.git(["init", "-q", "clone"]);
    const { SettingsFile } = await import("@trunks/location");
    const own = new Trunks({ cwd: `${sandbox.path}/clone` });
    const url = `local://${sandbox.path}/store`;
    expect(await codeOf(own.storages.create({ name: "primary", url }))).toBe("NOT_FOUND");
    const far = {
      url: "s3://user:hunter2@bucket/path",
      options: { region: "here" },
      secrets: { secretKey: "hunter2" },
    };
    const settings = { repository: "app", storages: { far } };
    await SettingsFile.create(`${sandbox.path}/clone/.git`, `${sandbox.path}/clone`, settings);
    const made = checkAnswer(await own.storages.create({ name: "primary", url }));
    expect(made).toEqual({
      object: "storage",
      name: "primary",
      url,
      options: {},
      secrets: {},
      mirror: false,
      default: true,
    });
    expect(await own.storages.get({ name: "far" })).toMatchObject({
      url: expect.not.stringContaining("hunter2"),
      options: { region: "here" },
      secrets: { secretKey: "***" },
    });
    expect(await codeOf(own.storages.create({ name: "primary", url }))).toBe("ALREADY_EXISTS");
    expect(
      await codeOf(own.storages.create({ name: "gone", url: `local://${sandbox.path}/nothing` })),
    ).not.toBeUndefined();
    expect(checkAnswer(await own.storages.list())).toMatchObject({ total_count: 2 });
    expect(await codeOf(own.storages.update({ name: "primary", options: { strange: "1" } }))).toBe("CONFIG_INVALID");
    expect(await own.storages.update({ name: "primary", url: `file://${sandbox.path}/store` })).toMatchObject({
      url: `file://${sandbox.path}/store`,
      default: true,
    });
    await own.repos.create({ name: "own" });
    expect((await own.repos.list()).data.map(({ name }) => name)).toContain("own");
    await own.close();
    await own.storages.delete({ name: "primary" });
    expect(await codeOf(own.storages.get({ name: "primary" }))).toBe("NOT_FOUND");
  });
});

describe("cost", () => {
  test("creating a branch in a trunk of 100,000 files is one small record, and reads no object", async () => {
    const store = new MemoryBackend();
    const folder = replaceMethods(store, { close: async () => {} });
    await using writer = await Trunk.openBackend(folder, { create: true, author });
    for (let number = 0; number < 100_000; number++) {
      await writer.write(`folder-${number % 1000}/file-${number}`, `${number}\n`);
    }
    await writer.checkpoint({ message: "many" });
    const sizes = async () => (await store.list("")).keys.map(({ key, size }) => [key, size] as const);
    const before = new Set((await sizes()).map(([key]) => key));
    const traced = trace(folder);
    await using fresh = new Trunks({ repository: new Repository(traced), author });
    await fresh.branches.create({ name: "agent/1", from: "main" });
    const names = traced.names().map((name) => name.replace(/[0-9a-f]{32}/, "ID"));
    expect(names.sort()).toEqual([
      "create journal/999999999999998",
      "get journal/999999999999999",
      "get latest",
      "list journal/",
    ]);
    const added = (await sizes()).filter(([key]) => !before.has(key));
    expect(added).toEqual([["journal/999999999999998", expect.any(Number)]]);
    expect(added[0]?.[1]).toBeLessThan(1000);
  }, 120_000);
});
