import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import type { Workspace } from "./workspace.ts";

/**
 * The repository that large operations are measured with, bare and in one pack: a copy of the branch `master` of
 * `TRUNKS_BENCH_REPOSITORY` (meant for a clone of Git's own), or else a generated one of 60,000 commits.
 */
export function sourceRepository(workspace: Workspace): string {
  const target = workspace.path("source.git");
  const given = process.env.TRUNKS_BENCH_REPOSITORY;
  if (given === undefined) generate(workspace, target);
  else
    workspace.runGit(
      workspace.folder,
      "clone",
      "-q",
      "--bare",
      "--no-local",
      "--single-branch",
      "--branch",
      "master",
      `file://${given}`,
      target,
    );
  return target;
}

/** A line of history over a tree of 2,000 files, one changed by each commit. */
function generate(workspace: Workspace, target: string): void {
  mkdirSync(target);
  workspace.runGit(target, "init", "-q", "--bare", "-b", "master");
  const parts: string[] = [];
  for (let number = 1; number <= 60_000; number++) {
    const file = (number * 7919) % 2000;
    const text = `file ${file}\n${Array.from({ length: 40 }, (_, line) => `line ${line} as of ${line % 8 === number % 8 ? number : "before"}\n`).join("")}`;
    parts.push(
      `commit refs/heads/master\ncommitter Bench <bench@example.org> ${1_600_000_000 + number} +0000\ndata 8\ncommit \n\n`,
    );
    parts.push(`M 100644 inline src/${file % 40}/${file}.txt\ndata ${text.length}\n${text}\n`);
  }
  const { status, stderr } = spawnSync("git", ["fast-import", "--quiet"], {
    cwd: target,
    env: workspace.environment,
    input: parts.join(""),
  });
  if (status !== 0) throw new Error(`git fast-import failed: ${stderr}`);
  workspace.runGit(target, "repack", "-adq");
}
