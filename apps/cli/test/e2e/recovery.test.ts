import { createHash, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { encodeText } from "@trunks/repo";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { checkedClone } from "../support/clone.ts";
import { headerDigest, putTogether, takeApart } from "../support/headed-file.ts";
import { HelperConversation } from "../support/helper-conversation.ts";
import { manyCommits, pushOneByOne } from "../support/many-pushes.ts";
import { noise } from "../support/noise.ts";
import { commit, makeRepository, makeTrunk } from "../support/repository.ts";
import { Sandbox } from "../support/sandbox.ts";

const root = join(import.meta.dirname, "..", "..", "..", "..");

/** The shell blocks of docs/recovery.md, in their order. */
const recipe = [...readFileSync(join(root, "docs", "recovery.md"), "utf8").matchAll(/^```sh\n(.*?)^```$/gms)]
  .map(([, block]) => block)
  .join("");

let sandbox: Sandbox;
beforeEach(() => {
  sandbox = new Sandbox();
});
afterEach(() => sandbox.remove());

/** Follows the recipe for the trunk in a folder; answers what it says on standard error. */
async function recover(trunk: string, restored: string): Promise<string> {
  const environment = { trunk, restored: join(sandbox.path, restored) };
  const { status, stdout, stderr } = await sandbox.run("sh", ["-c", recipe], { environment });
  expect([status, stdout.toString("latin1"), stderr.toString()]).toEqual([0, expect.any(String), expect.any(String)]);
  return stderr.toString();
}

/** Everything that a repository is: HEAD, refs in bytes, and all objects that they reach. */
async function everything(folder: string) {
  const lines = async (...args: string[]) => {
    const { status, stdout } = await sandbox.tryGit(args, { folder });
    expect([args, status]).toEqual([args, 0]);
    return stdout.toString("latin1").trimEnd().split("\n");
  };
  return {
    head: await lines("symbolic-ref", "HEAD"),
    refs: await lines("for-each-ref", "--format=%(objectname) %(refname)"),
    objects: (await lines("rev-list", "--objects", "--no-object-names", "--all")).toSorted(),
  };
}

describe("docs/recovery.md restores, with stock git and a shell", () => {
  const trunk = () => join(sandbox.path, "store", "trunks", "app.trunk");

  test("a trunk without a push", async () => {
    const url = sandbox.trunkUrl();
    await makeRepository(sandbox, "work");
    await sandbox.git(["push", "-q", url, "main"], { folder: "work" });
    await sandbox.run("rm", ["-r", join(trunk(), "journal")]);
    await recover(trunk(), "restored");
    expect(await sandbox.git(["for-each-ref"], { folder: "restored" })).toBe("");
  });

  test.each(["sha1", "sha256"])(
    "what git pushed, %s",
    async (objects) => {
      const url = sandbox.trunkUrl();
      const git = (...args: string[]) => sandbox.git(args, { folder: "work" });
      await makeRepository(sandbox, "work", [`--object-format=${objects}`, "--initial-branch=trunk"]);
      await git("remote", "add", "origin", url);
      // The first push makes HEAD name the branch that it brings.
      await git("push", "-q", "origin", "trunk");
      await git("branch", "-m", "trunk", "main");
      sandbox.write("work/large", randomBytes(1_500_000));
      await git("add", "large");
      await commit(sandbox, "work", "large");
      await git("tag", "light");
      await git("tag", "-a", "-m", "heavy", "heavy");
      await git(
        "push",
        "-q",
        "--atomic",
        "origin",
        "main",
        "light",
        "heavy",
        "main:refs/heads/gone",
        "main:refs/notes/x",
      );
      await git("push", "-q", "origin", ":gone", "+main:trunk");
      await pushOneByOne(sandbox, "work", url, await manyCommits(sandbox, "work", 63), "refs/heads/main");
      expect(sandbox.names("store/trunks/app.trunk/refs")).toHaveLength(1);
      await git("reset", "-q", "--hard");
      await commit(sandbox, "work", "behind the snapshot");
      await git("push", "-q", "origin", "main", "+heavy^{commit}:refs/heads/trunk");
      await pushOddly();
      await git("push", "-q", "origin", ":light", "main:refs/heads/topic/new");
      await checkedClone(sandbox, url);
      expect(await recover(trunk(), "restored")).toBe("");
      expect(await everything("restored")).toEqual(await everything("checked"));
      // And without the snapshot, from the journal alone.
      await sandbox.run("rm", ["-r", join(trunk(), "refs"), join(trunk(), "latest")]);
      expect(await recover(trunk(), "replayed")).toBe("");
      expect(await everything("replayed")).toEqual(await everything("checked"));
    },
    120_000,
  );

  /** A name that is no UTF-8. */
  async function pushOddly(): Promise<void> {
    const helper = new HelperConversation(sandbox, [sandbox.trunkUrl()], { folder: "work", gitDir: ".git" });
    await helper.ask("list for-push");
    expect(await helper.ask("push HEAD:refs/heads/caf\xe9", "")).toEqual(["ok refs/heads/caf\xe9"]);
    await helper.end();
  }

  test.each(["sha1", "sha256"])("large files that are kept in chunks, %s", async (objects) => {
    const url = sandbox.trunkUrl();
    await makeRepository(sandbox, "work", [`--object-format=${objects}`]);
    const first = Buffer.concat([noise(2 ** 21), new Uint8Array(2 ** 20)]);
    const second = Buffer.concat([first.subarray(0, 2 ** 20), noise(2 ** 21, 2)]);
    for (const [message, large] of Object.entries({ first, second })) {
      await commit(sandbox, "work", message, { large });
      await sandbox.git(["-c", "trunks.chunkThreshold=1m", "push", "-q", url, "main"], { folder: "work" });
    }
    expect(sandbox.names("store/trunks/app.trunk/chunks").length).toBeGreaterThan(2);
    await checkedClone(sandbox, url);
    expect(await recover(trunk(), "restored")).toBe("");
    expect(await everything("restored")).toEqual(await everything("checked"));
    expect(sandbox.names("restored")).not.toContain("chunks");
  });

  test("what was carried, taken into a segment, swept, deleted, and carried again by somebody slow", async () => {
    const url = sandbox.trunkUrl();
    const main = await makeTrunk(sandbox);
    const topic = await commit(sandbox, "work", "carried");
    const id = randomBytes(16).toString("hex");
    const pack = await packOf(`${topic}\n^${main}\n`, "--thin", "--stdout");
    const carried = [
      `carried ${id}`,
      "basis 0",
      "last 4000",
      "time 0",
      `assume ${main}`,
      `move ${"0".repeat(40)} ${topic} - refs/heads/topic`,
      `inline ${pack.length} ${sha256(pack)} ${pack.readUInt32BE(8)}`,
    ];
    append(1, carried);
    const whole = await packOf(`${topic}\n`, join(trunk(), "whole"));
    const part = (ending: string): Buffer => {
      const bytes = readFileSync(join(trunk(), `whole-${whole.toString().trim()}.${ending}`));
      sandbox.write(`store/trunks/app.trunk/objects/${id}.${ending}`, bytes);
      return bytes;
    };
    const files = ["pack", "idx"].map((ending) => `${part(ending).length} ${sha256(part(ending))}`);
    append(2, [`retire intent ${id}`, `segment ${id} ${files.join(" ")} ${part("pack").readUInt32BE(8)}`]);
    // A client's own view is a snapshot, too.
    await sandbox.git(["clone", "-q", url, "view"]);
    const [view = ""] = sandbox
      .names("view/.git/trunks")
      .filter((name) => sandbox.exists(`view/.git/trunks/${name}/state`));
    sandbox.write(`store/trunks/app.trunk/refs/999999999999997-${id}`, sandbox.read(`view/.git/trunks/${view}/state`));
    await sandbox.git(["push", "-q", url, ":topic"], { folder: "work" });
    append(4, carried);
    expect((await checkedClone(sandbox, url)).refs).toEqual([`${main} refs/heads/main`]);
    expect(await recover(trunk(), "restored")).toMatch(/^left out: .*\nleft out: .*\n$/);
    expect(await everything("restored")).toEqual(await everything("checked"));
  });

  async function packOf(revisions: string, ...args: string[]): Promise<Buffer> {
    const all = ["pack-objects", "-q", "--revs", ...args];
    return (await sandbox.tryGit(all, { folder: "work", input: revisions })).stdout;
  }

  /** Writes a record behind the last one. */
  function append(slot: number, lines: readonly string[]): void {
    const file = (place: number) => `store/trunks/app.trunk/journal/${999_999_999_999_999 - place}`;
    const last = takeApart(sandbox.read(file(slot - 1)));
    const opening = [...last.lines.slice(0, 2), `slot ${slot}`, `previous ${headerDigest(last.lines)}`];
    sandbox.write(file(slot), putTogether({ opening: last.opening, lines: [...opening, ...lines], body: "" }));
  }

  test.each(["sha1", "sha256", "thin"])("the golden trunk of version 1, %s", async (objects) => {
    const golden = join(root, "packages", "repo", "test", "golden");
    const expected = JSON.parse(readFileSync(join(golden, `${objects}.json`), "utf8")) as {
      readonly state: { readonly head: string; readonly refs: readonly string[] };
      readonly objects: readonly string[];
    };
    await recover(join(golden, objects), "restored");
    expect(await everything("restored")).toEqual({
      head: [expected.state.head],
      refs: expected.state.refs.map((line) => Buffer.from(encodeText(line.replace(/ \S+/, ""))).toString("latin1")),
      objects: expected.objects,
    });
  });
});

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
