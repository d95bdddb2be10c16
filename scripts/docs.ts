/**
 * Looks through everything that is kept in Git for what means nothing on another machine: absolute paths of somebody's
 * machine, and hosts of package registries (a registry is the reader's choice; its product's name will do).
 */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { repositoryRoot } from "./workspace.ts";

/** Written by tools, no text, or tests' made-up places. */
const exempt = /^pnpm-lock\.yaml$|\.(png|pack|idx|bin)$|(^|\/)test\//;

const patterns: readonly (readonly [what: string, pattern: RegExp])[] = [
  ["a path of somebody's machine", /(?<![\w.:/}-])\/(?:root|home|Users|work|workspace|private\/var)\/[\w.-]+/g],
  ["a path of somebody's machine", /(?<![\w])[A-Z]:\\Users\\/g],
  ["a path in somebody's temporary folder", /(?<![\w.:/}-])\/tmp\/[\w.-]+/g],
  ["a registry's host", /\b(?:(?:npm|yarn|py)[a-z]+|golang)\.(?:org|com)\b/g],
];

const options = { cwd: repositoryRoot, encoding: "utf8" } as const;
const tracked = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], options).split(
  "\0",
);
let found = 0;
for (const path of tracked.filter((path) => path !== "" && !exempt.test(path))) {
  if (!existsSync(join(repositoryRoot, path))) continue; // Removed, and not committed yet.
  for (const [index, line] of readFileSync(join(repositoryRoot, path), "utf8").split("\n").entries()) {
    for (const [what, pattern] of patterns) {
      for (const [text] of line.matchAll(pattern)) {
        process.stdout.write(`${path}:${index + 1}: ${what}: ${text}\n`);
        found++;
      }
    }
  }
}
process.exitCode = found === 0 ? 0 : 1;
