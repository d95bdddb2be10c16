import { randomBytes } from "node:crypto";
import { chmodSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { commit } from "../support/repository.ts";
import { Sandbox } from "../support/sandbox.ts";
import { initialise, trunks, trunksJson, trunksText } from "../support/trunks.ts";

interface CheckAnswer {
  readonly ok: boolean;
  readonly problems: readonly { readonly severity: string; readonly code: string; readonly subject: string }[];
}

let sandbox: Sandbox;
const folder = "work";
const trunk = "store/trunks/app.trunk";

/** A trunk with a segment and two inline packs. */
async function makeTrunk(args: readonly string[] = []): Promise<void> {
  sandbox = new Sandbox();
  await sandbox.git(["init", "-q", ...args, folder]);
  await initialise(sandbox);
  await commit(sandbox, folder, "large", { large: randomBytes(3 << 20).toString("hex") });
  await sandbox.git(["push", "-q"], { folder });
  for (const message of ["second", "third"]) {
    await commit(sandbox, folder, message);
    await sandbox.git(["push", "-q"], { folder });
  }
}

const check = (...args: string[]) => trunksJson<CheckAnswer>(sandbox, ["check", ...args], { folder });
const found = ({ problems }: CheckAnswer) =>
  problems.map(({ severity, code, subject }) => `${severity} ${code} ${subject}`);
const segment = (ending: string) => {
  const name = sandbox.names(`${trunk}/objects`).find((each) => each.endsWith(ending));
  return { key: `objects/${name}`, path: join(sandbox.path, trunk, "objects", String(name)) };
};

/** Stores protect what they hold from accidents; these are none. */
function change(path: string, how: (path: string) => void): void {
  chmodSync(path, 0o644);
  how(path);
}

beforeEach(() => makeTrunk());
afterEach(() => sandbox.remove());

test("a trunk that is older than this clone has seen it, because its store was restored from a backup", async () => {
  const [newest] = sandbox.names(`${trunk}/journal`);
  rmSync(join(sandbox.path, trunk, "journal", String(newest)));
  expect(found(await check())).toEqual(["error ROLLED_BACK "]);
  expect(found(await check("origin"))).toEqual(["error ROLLED_BACK "]);
});

test("a sound trunk passes every check", async () => {
  for (const args of [[], ["--remote"], ["--remote", "--full"], ["origin"]]) {
    expect(await check(...args)).toMatchObject({
      object: "check",
      trunk: "app",
      refs: 1,
      packs: 3,
      records: 3,
      ok: true,
      problems: [],
    });
  }
  const { status, stdout, stderr } = await trunks(sandbox, ["check", "--remote"], { folder });
  expect([status, stderr]).toEqual([0, ""]);
  expect(stdout).toMatch(/^app at local:.*: 1 refs, 3 packs, [0-9]+ bytes, 3 records\nno damage found\n$/);
});

test("a URL can be checked from anywhere", async () => {
  const url = `local://${sandbox.path}/store/app`;
  expect(await trunksJson(sandbox, ["check", url, "--remote"])).toMatchObject({ ok: true });
  expect(await trunksJson(sandbox, ["check", `${url}2`])).toMatchObject({ object: "error", code: "NOT_FOUND" });
});

test("a trunk in SHA-256 passes", async () => {
  await sandbox.remove();
  await makeTrunk(["--object-format=sha256"]);
  expect(await check("--remote", "--full")).toMatchObject({ ok: true, problems: [] });
});

test("temporary files are removed", async () => {
  sandbox.write("temporary/keep", "");
  const environment = { TMPDIR: join(sandbox.path, "temporary") };
  await trunksText(sandbox, ["check", "--remote"], { folder, environment });
  expect(sandbox.names("temporary").filter((name) => name.startsWith("trunks-check"))).toEqual([]);
});

describe("finds", () => {
  test("a pack or an index that is gone", async () => {
    rmSync(segment(".pack").path, { force: true });
    const { key } = segment(".idx");
    expect(found(await check())).toEqual([`error MISSING ${key.replace(".idx", ".pack")}`]);
    const remote = found(await check("--remote"));
    expect(remote[1]).toBe(`error MISSING segment ${key.slice("objects/".length, -".idx".length)}`);
    expect(remote.some((problem) => problem.startsWith("error CONNECTIVITY"))).toBe(true);
  });

  test("a pack that is too short", async () => {
    const { key, path } = segment(".pack");
    change(path, (file) => truncateSync(file, 1000));
    expect(found(await check())).toEqual([`error WRONG_SIZE ${key}`]);
  });

  test("a byte that has changed, only where everything is read", async () => {
    const { path } = segment(".pack");
    change(path, (file) => {
      const bytes = readFileSync(file);
      bytes[5000] = (bytes[5000] as number) ^ 1;
      writeFileSync(file, bytes);
    });
    expect(found(await check())).toEqual([]);
    expect(found(await check("--remote"))[0]).toMatch(/^error CORRUPT segment/);
  });

  test("a changed record, at once", async () => {
    const name = sandbox.names(`${trunk}/journal`)[1];
    change(join(sandbox.path, trunk, "journal", String(name)), (file) => {
      const bytes = readFileSync(file);
      bytes[bytes.length - 30] = (bytes[bytes.length - 30] as number) ^ 1;
      writeFileSync(file, bytes);
    });
    expect(await check()).toMatchObject({ object: "error", code: "CORRUPT" });
  });

  test("keys that are no part of a trunk, and segments that nobody names: warnings", async () => {
    const id = "0".repeat(32);
    sandbox.write(`${trunk}/objects/${id}.pack`, "");
    sandbox.write(`${trunk}/notes.txt`, "");
    const { status, stdout } = await trunks(sandbox, ["check", "--json"], { folder });
    expect(status).toBe(0);
    expect(found(JSON.parse(stdout)).sort()).toEqual([
      "warning UNKNOWN_KEY notes.txt",
      `warning UNREFERENCED objects/${id}.pack`,
    ]);
  });

  test("objects that are missing here", async () => {
    const blob = await sandbox.git(["hash-object", "-w", "--stdin"], { folder, input: "will be lost\n" });
    sandbox.write("work/lost", "will be lost\n");
    await commit(sandbox, folder, "lost", { lost: "will be lost\n" });
    const loose = join(sandbox.path, folder, ".git/objects", blob.slice(0, 2), blob.slice(2));
    change(loose, (file) => rmSync(file));
    expect(found(await check()).some((problem) => problem === `error LOCAL ${blob}`)).toBe(true);
    expect(await check("--remote")).toMatchObject({ ok: true });
  });
});
