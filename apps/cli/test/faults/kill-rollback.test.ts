import { createHash } from "node:crypto";
import { chmodSync, cpSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, expect, test } from "vitest";
import { commit } from "../support/repository.ts";
import { Sandbox } from "../support/sandbox.ts";
import { trunks } from "../support/trunks.ts";
import { worktreeFiles } from "../support/worktree-files.ts";

/** One test is some hundred runs of git and of the command. */
const timeoutMs = 900_000;

let sandbox: Sandbox;
let realGit: string;

beforeEach(async () => {
  sandbox = new Sandbox();
  realGit = (await sandbox.run("sh", ["-c", "command -v git"])).stdout.toString().trim();
});
afterEach(() => sandbox.remove());

/** Makes a git that kills the program that runs it, before or behind the so-manieth call. */
function installKillingGit(): void {
  sandbox.write(
    "killing/git",
    `#!/bin/sh
n=$(cat "$KILL_COUNT"); echo $((n + 1)) > "$KILL_COUNT"
[ "$n" = "$KILL_AT" ] && [ "$KILL_WHEN" = before ] && kill -9 $PPID && exit 1
"${realGit}" "$@"; status=$?
[ "$n" = "$KILL_AT" ] && kill -9 $PPID
exit $status
`,
  );
  chmodSync(`${sandbox.path}/killing/git`, 0o755);
}

test.each([
  ["rollback", ["rollback", "--to", "HEAD~1"]],
  ["rollback of paths", ["rollback", "--to", "HEAD~1", "a", "src"]],
  ["switch", ["branch", "switch", "side"]],
  ["checkpoint", ["checkpoint", "-m", "kept"]],
])(
  "a %s that is killed at each of its calls of git loses nothing, and runs again",
  async (_, args) => {
    installKillingGit();
    const dirty = await prepare("work");
    const count = `${sandbox.path}/count`;
    for (let at = 0, more = true; more; at++) {
      for (const when of ["before", "behind"]) {
        const folder = `work-${at}-${when}`;
        cpSync(`${sandbox.path}/work`, `${sandbox.path}/${folder}`, { recursive: true, preserveTimestamps: true });
        writeFileSync(count, "0");
        const environment = {
          PATH: `${sandbox.path}/killing:${process.env.PATH}`,
          KILL_COUNT: count,
          KILL_AT: String(at),
          KILL_WHEN: when,
        };
        const killed = await trunks(sandbox, args, { folder, environment });
        more = killed.status === "SIGKILL";
        const where = `${when} call ${at}: ${killed.stderr}`;
        if (!more) expect([where, killed.status]).toEqual([where, 0]);
        expect([where, await isKept(folder, dirty)]).toEqual([where, true]);
        const again = await trunks(sandbox, args, { folder });
        expect([where, again.status, again.stderr]).toEqual([where, 0, ""]);
        expect([where, await isKept(folder, dirty)]).toEqual([where, true]);
        expect([where, await git(folder, "fsck", "--strict", "--no-dangling")]).toEqual([where, ""]);
        if (!more) break;
      }
      expect(at).toBeLessThan(60);
    }
  },
  timeoutMs,
);

/** A clone with two commits, one of them not pushed anywhere, and files that are not committed; answers its files. */
async function prepare(folder: string): Promise<Record<string, string>> {
  await sandbox.run(realGit, ["init", "-q", folder]);
  await commit(sandbox, folder, "first", { a: "1\n", "src/b": "1\n" });
  await git(folder, "branch", "-q", "side");
  await commit(sandbox, folder, "second", { a: "2\n", "src/b": "2\n", "src/c": "2\n" });
  sandbox.write(`${folder}/a`, "dirty\n");
  sandbox.write(`${folder}/src/untracked`, "untracked\n");
  return worktreeFiles(`${sandbox.path}/${folder}`);
}

/** Whether the files are where they were, or in what some ref leads to; and so is the commit that is not pushed. */
async function isKept(folder: string, dirty: Record<string, string>): Promise<boolean> {
  const isHere = JSON.stringify(worktreeFiles(`${sandbox.path}/${folder}`)) === JSON.stringify(dirty);
  const wanted = Object.entries(dirty).map(([path, content]) => `${blobId(content)} ${path}`);
  const commits = (await git(folder, "log", "--all", "--format=%H %s")).split("\n").map((line) => line.split(" "));
  if (!commits.some(([, subject]) => subject === "second")) return false;
  if (isHere) return true;
  for (const [id = ""] of commits) {
    const names = await git(folder, "ls-tree", "-r", "--format=%(objectname) %(path)", id);
    if (names === wanted.join("\n")) return true;
  }
  return false;
}

function blobId(content: string): string {
  return createHash("sha1").update(`blob ${content.length}\0${content}`).digest("hex");
}

async function git(folder: string, ...args: string[]): Promise<string> {
  const { stdout } = await sandbox.run(realGit, args, { folder });
  return stdout.toString().replace(/\n$/, "");
}
