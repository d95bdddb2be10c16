import { copyFileSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openTrunk } from "../../src/trunk/open-trunk.ts";
import { type Contents, checkedClone, contents } from "../support/clone.ts";
import { ending } from "../support/ending.ts";
import { FaultySandbox } from "../support/faulty-sandbox.ts";
import { noise } from "../support/noise.ts";
import { commit, makeTrunk } from "../support/repository.ts";
import { trunks } from "../support/trunks.ts";

type Kind =
  | "trunk.json"
  | "latest"
  | "the snapshot"
  | "the first record"
  | "the record that names the segment"
  | "the newest record"
  | "the segment's pack"
  | "the segment's index";

const kinds: readonly Kind[] = [
  "trunk.json",
  "latest",
  "the snapshot",
  "the first record",
  "the record that names the segment",
  "the newest record",
  "the segment's pack",
  "the segment's index",
];

let sandbox: FaultySandbox;
/** What the trunk holds; and what it held when it was one record shorter. */
let whole: Contents;
let former: Contents;
const trunk = "store/trunks/app.trunk";
const stranger = "store/trunks/stranger.trunk";

/**
 * Four records, a segment, two snapshots and a pointer to the newer one. `reader` knows the first two records, and has a
 * branch of its own; `writer` knows all, and has a commit more.
 */
beforeAll(async () => {
  sandbox = new FaultySandbox();
  for (const name of ["app", "stranger"]) {
    await makeTrunk(sandbox, name, name);
    await commit(sandbox, name, `second of ${name}`, { large: noise(1_200_000, name.length) });
    await sandbox.git(["push", "-q", "origin", "main"], { folder: name });
    await snapshot(name);
    if (name === "app") await sandbox.git(["clone", "-q", sandbox.trunkUrl(), "reader"]);
    await commit(sandbox, name, `third of ${name}`);
    await sandbox.git(["push", "-q", "origin", "main"], { folder: name });
    copyFileSync(path(name, "latest"), join(sandbox.path, `${name}-latest`));
    await snapshot(name);
    if (name === "app") former = await checkedClone(sandbox);
    await commit(sandbox, name, `fourth of ${name}`);
    await sandbox.git(["push", "-q", "origin", "main"], { folder: name });
  }
  whole = await checkedClone(sandbox);
  await sandbox.git(["checkout", "-q", "-b", "mine"], { folder: "reader" });
  await commit(sandbox, "reader", "mine");
  renameSync(join(sandbox.path, "app"), join(sandbox.path, "writer"));
  await commit(sandbox, "writer", "fifth");
  sandbox.keep("store", "reader", "writer");
});
afterAll(() => sandbox.remove());

async function snapshot(name: string): Promise<void> {
  const { repository, close } = await openTrunk(sandbox.trunkUrl(name));
  await repository.readExisting();
  await repository.snapshot();
  await close();
}

function path(name: string, kind: Kind): string {
  const folder = `store/trunks/${name}.trunk`;
  const names = (below: string) => sandbox.names(`${folder}/${below}`);
  const journal = names("journal");
  const found: Record<Kind, () => string> = {
    "trunk.json": () => "trunk.json",
    latest: () => "latest",
    "the snapshot": () => `refs/${names("refs")[0]}`,
    "the first record": () => `journal/${journal.at(-1)}`,
    "the record that names the segment": () => `journal/${journal.at(-2)}`,
    "the newest record": () => `journal/${journal[0]}`,
    "the segment's pack": () => `objects/${names("objects").find((one) => one.endsWith(".pack"))}`,
    "the segment's index": () => `objects/${names("objects").find((one) => one.endsWith(".idx"))}`,
  };
  return join(sandbox.path, folder, found[kind]());
}

function older(kind: Kind): string {
  if (kind === "latest") return join(sandbox.path, "app-latest");
  if (kind === "the snapshot") return join(sandbox.path, trunk, "refs", sandbox.names(`${trunk}/refs`)[1] as string);
  return path("app", kind === "the newest record" ? "the record that names the segment" : "the first record");
}

/** What is done to a file. */
const damages: Record<string, (file: string, kind: Kind) => void> = {
  "is missing": (file) => rmSync(file),
  "is cut in half": (file) => truncateSync(file, readFileSync(file).length >> 1),
  "is wrong in a byte": (file) => {
    const bytes = readFileSync(file);
    const at = bytes.length >> 1;
    writeFileSync(file, bytes.with(at, (bytes[at] as number) ^ 1));
  },
  "is another trunk's": (file, kind) => copyFileSync(path("stranger", kind), file),
  "is an older one": (file, kind) => copyFileSync(older(kind), file),
};

/** A fresh sandbox in which the file is damaged; answers how to repair it. */
function damaged(kind: Kind, damage: string): () => void {
  sandbox.restore("store", "reader", "writer");
  const file = path("app", kind);
  const bytes = readFileSync(file);
  damages[damage]?.(file, kind);
  return () => writeFileSync(file, bytes);
}

/** Refused, with one line that says why, and one that says what to do. */
function expectRefusal(messages: string): void {
  expect(messages).toMatch(/(^|\n)(fatal|error): [^\n]+\n/);
  expect(messages).toMatch(/(^|\n)hint: [^\n]+\n/);
  expect(messages).not.toMatch(/INTERNAL|at .*\.ts:/);
}

async function refsOf(folder: string): Promise<readonly string[]> {
  return (await contents(sandbox, folder)).refs.filter((ref) => ref.includes("refs/remotes/origin/main"));
}

const cases = kinds.flatMap((kind) => Object.keys(damages).map((damage) => [kind, damage] as const));

describe.each(cases)("%s %s:", (kind, damage) => {
  /** Who does not know the newest record cannot know that it is missing. */
  const isHidden = kind === "the newest record" && damage === "is missing";

  test("a fetch brings what is right, or is refused and changes nothing", async () => {
    damaged(kind, damage);
    const before = await refsOf("reader");
    const { status, messages } = await ending(sandbox, ["fetch", "-q", "origin"], { folder: "reader" });
    if (status !== 0) {
      expectRefusal(messages);
      expect(await refsOf("reader")).toEqual(before);
    } else {
      const [right] = (isHidden ? former : whole).refs;
      expect(await refsOf("reader")).toEqual([right?.replace("refs/heads", "refs/remotes/origin")]);
    }
    await sandbox.git(["fsck", "--full", "--strict", "--no-dangling"], { folder: "reader" });
  });

  test.each([
    ["knows all", "writer", "main"],
    ["knows little", "reader", "mine"],
  ])("a push of one who %s is in the trunk that is repaired, or left no trace", async (_, folder, branch) => {
    const repair = damaged(kind, damage);
    const { status, messages } = await ending(sandbox, ["push", "-q", "origin", branch], { folder });
    if (status !== 0) expectRefusal(messages);
    // In the slot of the record that nobody knew of stands another now.
    if (isHidden && folder === "reader") return;
    repair();
    const pushed = `${await sandbox.git(["rev-parse", branch], { folder })} refs/heads/${branch}`;
    const refs = whole.refs.filter((ref) => !ref.endsWith(`refs/heads/${branch}`));
    const expected = status === 0 ? [...refs, pushed] : whole.refs;
    expect([...(await checkedClone(sandbox)).refs].sort()).toEqual([...expected].sort());
  });

  test("`trunks check --remote` finds it, or finds all that the refs reach", async () => {
    damaged(kind, damage);
    const { status, stdout } = await trunks(sandbox, ["check", "--remote", "--json", sandbox.trunkUrl().slice(8)]);
    const answer = JSON.parse(stdout);
    if (status === 0) {
      expect(answer).toMatchObject({ ok: true, refs: whole.refs.length });
      // The state is had without these; that of the records before a snapshot only the log of refs needs.
      const harmless = [
        "trunk.json",
        "latest",
        "the snapshot",
        "the first record",
        "the record that names the segment",
      ];
      expect(isHidden || harmless.includes(kind)).toBe(true);
    } else if (answer.object === "error") {
      expect(answer).toMatchObject({ code: "CORRUPT", message: expect.any(String), hint: expect.any(String) });
    } else expect(answer).toMatchObject({ object: "check", ok: false });
  });
});

test("the trunks are two", () => {
  expect(sandbox.files(trunk).length).toBe(sandbox.files(stranger).length);
});
