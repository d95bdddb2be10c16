import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { commit } from "../support/repository.ts";
import { Sandbox } from "../support/sandbox.ts";
import { initialise } from "../support/trunks.ts";
import { worktreeFiles } from "../support/worktree-files.ts";

const root = join(import.meta.dirname, "..", "..", "..", "..");
const page = readFileSync(join(root, "docs", "checkpoints.md"), "utf8");
const blocks = [...page.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block = ""]) => block);

let sandbox: Sandbox;
const folder = "work";

beforeEach(async () => {
  sandbox = new Sandbox();
  await initialise(sandbox, folder);
  const program = join(root, "apps", "cli", "src", "trunks.ts");
  sandbox.installProgram("trunks", `exec "${process.execPath}" "${program}" "$@"`);
});
afterEach(() => sandbox.remove());

async function follow(block: string): Promise<string> {
  const { status, stdout, stderr } = await sandbox.run("sh", ["-ec", block], { folder });
  expect([status, stderr.toString()]).toEqual([0, expect.any(String)]);
  return stdout.toString();
}

test("docs/checkpoints.md can be followed", async () => {
  await commit(sandbox, folder, "first", { "README.md": "hello\n" });
  sandbox.write("work/new", "");
  const [checkpoints = "", saved = "", branches = "", ...others] = blocks;
  expect(others).toEqual([]);
  const told = await follow(checkpoints);
  expect(told).toMatch(/what the agent did\s+not pushed\n.*before the agent/);
  expect(worktreeFiles(`${sandbox.path}/work`)).toEqual({
    "README.md": "hello\n",
    new: "",
    "notes.md": "and a new file\n",
  });
  expect(await follow(saved)).toMatch(/half an idea\n$/);
  const listed = await follow(branches);
  expect(listed).toMatch(/^created agent\/run-7 at [0-9a-f]{12} in the trunk\n/);
  expect(listed).toMatch(/^created before-agents at/m);
  expect(await sandbox.git(["symbolic-ref", "HEAD"], { folder })).toBe("refs/heads/main");
});
