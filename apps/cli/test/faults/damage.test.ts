import { randomBytes } from "node:crypto";
import { copyFileSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Contents, checkedClone, contents } from "../support/clone.ts";
import { ending } from "../support/ending.ts";
import { FaultySandbox } from "../support/faulty-sandbox.ts";
import { manyCommits, pushOneByOne } from "../support/many-pushes.ts";
import { commit, makeTrunk } from "../support/repository.ts";

/** One test is some dozen clones. */
const timeoutMs = 300_000;

let sandbox: FaultySandbox;
/** What a trunk holds, and what it held before its newest record. */
const whole: Record<string, Contents> = {};
const former: Record<string, Contents> = {};

/** Trunks of two sorts, `young` and `old` (with a snapshot); and of each a stranger with the same names of files. */
beforeAll(async () => {
  sandbox = new FaultySandbox();
  for (const name of ["young", "old", "young-stranger", "old-stranger"]) {
    await makeTrunk(sandbox, name, name);
    sandbox.write(`${name}/large`, randomBytes(1_200_000));
    await sandbox.git(["add", "large"], { folder: name });
    await commit(sandbox, name, "second");
    await sandbox.git(["tag", "-a", "-m", "one", "v1"], { folder: name });
    await sandbox.git(["push", "-q", "--atomic", "origin", "main", "v1"], { folder: name });
    if (name.startsWith("old")) {
      await pushOneByOne(sandbox, name, sandbox.trunkUrl(name), await manyCommits(sandbox, name, 63));
      await sandbox.git(["reset", "-q", "--hard"], { folder: name });
    }
    former[name] = await checkedClone(sandbox, sandbox.trunkUrl(name));
    await commit(sandbox, name, "last");
    await sandbox.git(["push", "-q", "origin", "main"], { folder: name });
    whole[name] = await checkedClone(sandbox, sandbox.trunkUrl(name));
  }
  sandbox.keep("store");
}, timeoutMs);
afterAll(() => sandbox.remove());

function trunkFolder(trunk: string): string {
  return join(sandbox.path, "store", "trunks", `${trunk}.trunk`);
}

/** Some of a trunk's files by what they are; keys may differ from trunk to trunk. */
function fileOf(trunk: string, kind: Kind): string {
  const names = (folder: string) => sandbox.names(`store/trunks/${trunk}.trunk/${folder}`);
  const [newest, older] = names("journal");
  const found = {
    "trunk.json": "trunk.json",
    latest: "latest",
    "the newest record": `journal/${newest}`,
    "the record before it": `journal/${older}`,
    "the first record": `journal/${names("journal").at(-1)}`,
    "the record that names the segment": `journal/${names("journal").at(-2)}`,
    "the segment's pack": `objects/${names("objects").find((name) => name.endsWith(".pack"))}`,
    "the segment's index": `objects/${names("objects").find((name) => name.endsWith(".idx"))}`,
    "the snapshot": `refs/${names("refs")[0]}`,
  }[kind];
  return join(trunkFolder(trunk), found);
}

type Kind =
  | "trunk.json"
  | "latest"
  | `the ${"newest record" | "record before it" | "first record" | "record that names the segment"}`
  | `the ${"segment's pack" | "segment's index" | "snapshot"}`;

function flipped(path: string, part: number): void {
  const bytes = readFileSync(path);
  const at = Math.floor((bytes.length - 1) * part);
  bytes[at] = (bytes[at] as number) ^ 0x01;
  writeFileSync(path, bytes);
}

function shortened(path: string, size: (bytes: number) => number): void {
  const bytes = readFileSync(path);
  writeFileSync(path, bytes.subarray(0, size(bytes.length)));
}

function swapped(path: string, other: string): void {
  renameSync(path, `${path}.way`);
  renameSync(other, path);
  renameSync(`${path}.way`, other);
}

/** What happens to a file. */
const damages: Record<string, (path: string, trunk: string, kind: Kind) => void> = {
  "is missing": (path) => rmSync(path),
  "is empty": (path) => writeFileSync(path, ""),
  "is cut in half": (path) => shortened(path, (size) => Math.floor(size / 2)),
  "lacks its last byte": (path) => shortened(path, (size) => size - 1),
  "has a byte too many": (path) => writeFileSync(path, "\n", { flag: "a" }),
  "is wrong in its first byte": (path) => flipped(path, 0),
  "is wrong in a byte after a tenth": (path) => flipped(path, 0.1),
  "is wrong in a byte in the middle": (path) => flipped(path, 0.5),
  "is wrong in its last byte": (path) => flipped(path, 1),
  "is a stranger's": (path, trunk, kind) => copyFileSync(fileOf(`${trunk}-stranger`, kind), path),
  "has changed places with another file": (path, trunk, kind) =>
    swapped(path, fileOf(trunk, kind === "the first record" ? "the newest record" : "the first record")),
};

/** Files, and the damage that a clone passes over, because it needs nothing of the file or finds it elsewhere. */
const subjects: [string, Kind, RegExp?][] = [
  ["young", "trunk.json", /^(?!has changed places)/],
  // Who never knew the newest record cannot know that it is missing.
  ["young", "the newest record", /is missing/],
  ["young", "the record that names the segment"],
  ["young", "the first record"],
  ["young", "the segment's pack"],
  ["young", "the segment's index"],
  ["old", "latest", /^(?!has changed places)/],
  ["old", "the snapshot", /is missing/],
  ["old", "the newest record", /is missing/],
  ["old", "the record before it"],
  // Behind a snapshot only its pack is needed.
  ["old", "the first record", /first byte|after a tenth|middle/],
];

describe("a clone when one file is damaged", () => {
  test.each(subjects)(
    "of a trunk that is %s: %s",
    async (trunk, kind, harmless) => {
      for (const [damage, apply] of Object.entries(damages)) {
        sandbox.restore("store", "clone");
        apply(fileOf(trunk, kind), trunk, kind);
        const clone = ["clone", "-q", "--mirror", sandbox.trunkUrl(trunk), "clone"];
        const { status, messages } = await ending(sandbox, clone);
        const at = `${kind} ${damage}: ${messages}`;
        expect([at, status]).toEqual([at, harmless?.test(damage) ? 0 : 128]);
        if (status !== 0) {
          expect(messages).toMatch(/^fatal: [^\n]+\nhint: [^\n]+\n$/);
          expect(sandbox.exists("clone")).toBe(false);
          continue;
        }
        await sandbox.git(["fsck", "--full", "--strict", "--no-dangling"], { folder: "clone" });
        const expected = kind === "the newest record" ? former[trunk] : whole[trunk];
        expect([at, await contents(sandbox, "clone")]).toEqual([at, expected]);
      }
    },
    timeoutMs,
  );
});

test("a damaged index ends the clone, whether its pack has come or not", async () => {
  sandbox.restore("store", "clone");
  flipped(fileOf("young", "the segment's index"), 0.5);
  sandbox.plan([{ operation: "get", key: "\\.pack$", fault: { kind: "delay", when: "before", ms: 0 } }]);
  expect(await ending(sandbox, ["clone", "-q", sandbox.faultyUrl("young"), "clone"])).toEqual({
    status: 128,
    messages: expect.stringMatching(/^fatal: objects\/[0-9a-f]*\.idx is damaged[^\n]*\nhint: [^\n]+\n$/),
  });
  expect(sandbox.exists("clone")).toBe(false);
});

describe("a clone that knows the trunk", () => {
  const damages: [string, () => void][] = [
    ["its newest record is gone", () => rmSync(fileOf("young", "the newest record"))],
    ["it is gone", () => rmSync(trunkFolder("young"), { recursive: true })],
    ["a stranger has its place", () => swapped(trunkFolder("young"), trunkFolder("young-stranger"))],
  ];

  test.each(damages)("does not push when %s", async (_, damage) => {
    sandbox.restore("store");
    await commit(sandbox, "young", randomBytes(4).toString("hex"));
    damage();
    const files = sandbox.files("store/trunks").map((path) => [path, sandbox.read(path).length]);
    const { status, messages } = await ending(sandbox, ["push", "-q", "origin", "main"], { folder: "young" });
    expect(status).toBe(128);
    expect(messages).toMatch(/^fatal: the trunk is not the one that was here before: [^\n]+\nhint: [^\n]+\n$/);
    expect(sandbox.files("store/trunks").map((path) => [path, sandbox.read(path).length])).toEqual(files);
  });
});
