import { randomBytes } from "node:crypto";
import { copyFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { ending, startGit } from "../support/ending.ts";
import { FaultySandbox } from "../support/faulty-sandbox.ts";
import { headerDigest, putTogether, takeApart } from "../support/headed-file.ts";
import { commit, makeTrunk } from "../support/repository.ts";

const trunk = "store/trunks/app.trunk";

let sandbox: FaultySandbox;
let tip: string;

beforeAll(async () => {
  sandbox = new FaultySandbox();
  await makeTrunk(sandbox);
  await sandbox.git(["clone", "-q", sandbox.trunkUrl(), "clone"]);
  await sandbox.git(["remote", "set-url", "origin", sandbox.faultyUrl()], { folder: "clone" });
  sandbox.write("work/large", randomBytes(1_200_000));
  await sandbox.git(["add", "large"], { folder: "work" });
  tip = await commit(sandbox, "work", "second");
  await sandbox.git(["push", "-q", "origin", "main"], { folder: "work" });
  sandbox.keep("store", "clone");
});
beforeEach(() => sandbox.restore("store", "clone", "new"));
afterAll(() => sandbox.remove());

/** Puts another segment in the place of the trunk's only one, as compaction does when the grace time is over. */
function replaceSegment(): void {
  const last = takeApart(sandbox.read(`${trunk}/journal/999999999999998`));
  const line = last.lines.find((one) => one.startsWith("segment ")) ?? "";
  const [, id, ...described] = line.split(" ");
  const newId = randomBytes(16).toString("hex");
  const files = ["pack", "idx"].map(
    (part) => [id, newId].map((name) => join(sandbox.path, trunk, "objects", `${name}.${part}`)) as [string, string],
  );
  for (const [from, to] of files) copyFileSync(from, to);
  const [trunkLine = "", objectsLine = ""] = last.lines;
  const lines = [
    trunkLine,
    objectsLine,
    "slot 2",
    `previous ${headerDigest(last.lines)}`,
    `retire segment ${id}`,
    `segment ${newId} ${described.join(" ")}`,
  ];
  sandbox.write(`${trunk}/journal/999999999999997`, putTogether({ opening: "trunks record 1", lines, body: "" }));
  for (const [from] of files) rmSync(from);
}

const commands: [string, string[], string][] = [
  ["a fetch", ["-C", "clone", "fetch", "-q"], "clone"],
  ["a clone", ["clone", "-q"], "new"],
];

describe.each(commands)("a segment goes when %s has read its name", (_, args, folder) => {
  const command = () => (folder === "new" ? [...args, sandbox.faultyUrl(), folder] : args);

  test.each(["\\.pack$", "\\.idx$"])("at its %s: the state is read again, and the new one taken", async (key) => {
    sandbox.plan([{ operation: "get", key, fault: { kind: "delay", when: "before", ms: 0 } }]);
    const { ended } = startGit(sandbox, command());
    await sandbox.begun(({ keys }) => keys.search(key) !== -1);
    replaceSegment();
    sandbox.openGate();
    expect(await ended).toEqual({ status: 0, messages: "" });
    expect(await sandbox.git(["rev-parse", "origin/main"], { folder })).toBe(tip);
    await sandbox.git(["fsck", "--full", "--strict"], { folder });
    expect(sandbox.names(`${folder}/.git/objects/pack`).filter((name) => /^tmp_|\.keep$/.test(name))).toEqual([]);
  });

  test("nothing came in its place: it says what is missing", async () => {
    for (const path of sandbox.files(`${trunk}/objects`)) rmSync(join(sandbox.path, path));
    expect(await ending(sandbox, command())).toEqual({
      status: 128,
      messages: expect.stringMatching(
        /^fatal: objects\/[0-9a-f]*\.(pack|idx) is missing from the store\nhint: [^\n]+\n$/,
      ),
    });
  });
});
