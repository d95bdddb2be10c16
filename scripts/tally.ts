/**
 * Adds up what the suites of all packages reported, and prints it as the last line: `N passed, N failed`. A green run in
 * which something did not run is a failure: a package that has a test script and reported nothing, a file of which no
 * test ran, a skip that `skips.json` does not allow, a test that it requires and that did not pass. In CI, so is a backend whose contract was not run.
 *
 *     node scripts/tally.ts [--failed]      --failed: the task runner saw a failure
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { matrixLines, matrixRows } from "./matrix.ts";
import { ruleFor, type SkipRules } from "./skip-rules.ts";
import { repositoryRoot, workspacePackages } from "./workspace.ts";

export interface PackageResult {
  readonly name: string;
  readonly files: readonly FileResult[];
  /** What went wrong outside of any test. */
  readonly errors: readonly string[];
  /** The real servers that the suite was run on. */
  readonly servers?: readonly { readonly name: string; readonly version: string }[];
}

export interface FileResult {
  readonly path: string;
  /** Full names of tests. */
  readonly passed: readonly string[];
  readonly failed: readonly { readonly name: string; readonly reason?: string }[];
  readonly skipped: readonly { readonly name: string; readonly reason?: string }[];
}

export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** The contract of each backend on each server, then every skip, every failed test and every fault, one a line. */
  readonly lines: readonly string[];
}

export interface TallyQuestion {
  readonly results: readonly PackageResult[];
  /** Names of the packages that have a test script. */
  readonly expected: readonly string[];
  readonly rules: SkipRules;
  readonly ci: boolean;
  /** The task runner saw a failure, whether or not a report shows one. */
  readonly runnerFailed: boolean;
}

export function tally({ results, expected, rules, ci, runnerFailed }: TallyQuestion): Tally {
  const skips: string[] = [];
  const failures: string[] = [];
  const faults: string[] = [];
  let passed = 0;
  let failed = 0;
  let skipped = 0;

  for (const name of expected) {
    const files = results.find((result) => result.name === name)?.files ?? [];
    if (files.length === 0) faults.push(`${name}: no suite reported anything`);
  }
  for (const result of results) {
    for (const error of result.errors) faults.push(`${result.name}: ${error}`);
    for (const file of result.files) {
      const place = `${result.name} ${file.path}`;
      passed += file.passed.length;
      failed += file.failed.length;
      skipped += file.skipped.length;
      for (const { name, reason } of file.failed)
        failures.push(`failed: ${place} > ${name}: ${reason ?? "no error given"}`);
      let forbidden = 0;
      for (const { name, reason } of file.skipped) {
        const rule = ruleFor(rules, result.name, name);
        const line = `${place} > ${name}: ${reason ?? rule?.reason ?? "no reason given"}`;
        if (rule !== undefined && (rule.inCi || !ci)) {
          skips.push(`skipped: ${line}`);
        } else {
          forbidden++;
          faults.push(`skipped, and skips.json does not allow it${rule === undefined ? "" : " in CI"}: ${line}`);
        }
      }
      const ran = file.passed.length + file.failed.length;
      if (ran === 0 && (file.skipped.length === 0 || forbidden > 0)) faults.push(`${place}: no test ran`);
    }
  }
  for (const required of ci ? rules.requiredInCi : []) {
    const files = results.find((result) => result.name === required.package)?.files ?? [];
    const found = files.some((file) => file.passed.some((name) => name.includes(required.test)));
    if (!found) faults.push(`${required.package}: nothing named "${required.test}" passed, and it must run here`);
  }
  const rows = matrixRows(results, expected, rules);
  for (const { backend, server, passed } of ci ? rows.filter((row) => row.passed === 0) : []) {
    faults.push(`backend-${backend}${server && ` on ${server}`}: ${passed} cases of the contract passed`);
  }
  if (runnerFailed && failed + faults.length === 0) faults.push("a suite's process failed after its tests had passed");
  const matrix = rows.length > 0 ? matrixLines(rows) : [];
  const lines = [...matrix, ...skips, ...failures, ...faults.map((fault) => `fault: ${fault}`)];
  return { passed, failed: failed + faults.length, skipped, lines };
}

export function totalLine({ passed, failed, skipped }: Pick<Tally, "passed" | "failed" | "skipped">): string {
  return `${passed} passed, ${failed} failed${skipped === 0 ? "" : `, ${skipped} skipped`}`;
}

/** Where a run leaves its total for whoever adds to it. */
export const totalFile = join(repositoryRoot, ".results", "total.json");

function main(): void {
  const folder = join(repositoryRoot, ".results", "packages");
  const reports = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(".json")) : [];
  const total = tally({
    results: reports.map((name) => JSON.parse(readFileSync(join(folder, name), "utf8")) as PackageResult),
    expected: workspacePackages()
      .filter(({ manifest }) => manifest.scripts?.test !== undefined)
      .map(({ manifest }) => manifest.name),
    rules: JSON.parse(readFileSync(join(import.meta.dirname, "skips.json"), "utf8")) as SkipRules,
    ci: !["", "0", "false"].includes(process.env.CI ?? ""),
    runnerFailed: process.argv.includes("--failed"),
  });
  mkdirSync(dirname(totalFile), { recursive: true });
  writeFileSync(totalFile, JSON.stringify({ passed: total.passed, failed: total.failed, skipped: total.skipped }));
  for (const line of total.lines) process.stdout.write(`${line}\n`);
  process.stdout.write(`${totalLine(total)}\n`);
  process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1;
}

if (import.meta.main) main();
