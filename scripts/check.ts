/**
 * Runs every check that is not a test, each by its script of `package.json`, to the end whatever fails. The last line is
 * `N passed, N failed`.
 *
 *     node scripts/check.ts [--after-tests]      --after-tests: adds what the tests came to
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { totalFile, totalLine } from "./tally.ts";
import { repositoryRoot } from "./workspace.ts";

const checks: Readonly<Record<string, string>> = {
  lint: "format and lint",
  types: "types of every package",
  unused: "unused files, exports and dependencies",
  layers: "who imports whom",
  packaging: "packed packages",
  docs: "machine paths and registry hosts; the SDK's pages are as its comments",
};

const none = { passed: 0, failed: 0, skipped: 0 };
const tests: typeof none = process.argv.includes("--after-tests") ? JSON.parse(readFileSync(totalFile, "utf8")) : none;
let { passed, failed } = tests;
for (const [script, what] of Object.entries(checks)) {
  const startedMs = performance.now();
  const done = spawnSync("pnpm", ["--silent", "run", script], {
    cwd: repositoryRoot,
    encoding: "utf8",
    maxBuffer: 2 ** 28,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  if (done.status === 0) {
    passed++;
    process.stdout.write(`passed: ${what} (${seconds} s)\n`);
  } else {
    failed++;
    process.stdout.write(
      `${done.error?.message ?? `${done.stdout}${done.stderr}`}\nFAILED: ${what} (pnpm run ${script})\n`,
    );
  }
}
process.stdout.write(`${totalLine({ ...tests, passed, failed })}\n`);
process.exitCode = failed === 0 ? 0 : 1;
