import { ruleFor, type SkipRules } from "./skip-rules.ts";
import type { PackageResult } from "./tally.ts";

/** What became of the contract of one backend on one server. */
export interface MatrixRow {
  readonly backend: string;
  /** Empty where no server is needed. */
  readonly server: string;
  readonly version: string;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Why cases were skipped. */
  readonly reasons: readonly string[];
}

const backendPackage = /^@trunks\/backend-(.+)$/;
/** Full names as `versity > contract: s3 > create/taken: …`, or without a server. */
const contractCase = /^(?:(.+?) > )?contract: .+? > /;
/** What stands in place of a server's tests where the machine cannot have it. */
const missingServer = /^(\S+): this machine cannot have the server$/;

type Counts = Pick<MatrixRow, "passed" | "failed" | "skipped"> & { reasons: Set<string> };
type Outcome = "passed" | "failed" | "skipped";

/** A row for each backend and each server that its contract was asked on, or should have been. */
export function matrixRows(
  results: readonly PackageResult[],
  expected: readonly string[],
  rules: SkipRules,
): MatrixRow[] {
  return expected
    .filter((name) => backendPackage.test(name))
    .flatMap((name) => {
      const backend = (backendPackage.exec(name) as RegExpExecArray)[1] as string;
      const result = results.find((result) => result.name === name);
      const rows = result === undefined ? [] : packageRows(result, backend, rules);
      const none = { backend, server: "", version: "", passed: 0, failed: 0, skipped: 0, reasons: ["nothing was run"] };
      return rows.length > 0 ? rows : [none];
    });
}

function packageRows({ name, files, servers = [] }: PackageResult, backend: string, rules: SkipRules): MatrixRow[] {
  const counts = new Map<string, { -readonly [Key in keyof Counts]: Counts[Key] }>();
  const count = (server: string, outcome?: Outcome, reason?: string) => {
    const of = counts.get(server) ?? { passed: 0, failed: 0, skipped: 0, reasons: new Set<string>() };
    counts.set(server, of);
    if (outcome !== undefined) of[outcome]++;
    if (reason !== undefined) of.reasons.add(reason);
  };
  const judge = (test: string, outcome: Outcome, reason?: string) => {
    const found = contractCase.exec(test);
    if (found !== null) count(found[1] ?? "", outcome, reason);
    const missing = missingServer.exec(test);
    if (missing !== null) count(missing[1] as string, undefined, reason);
  };
  for (const file of files) {
    for (const test of file.passed) judge(test, "passed");
    for (const { name: test } of file.failed) judge(test, "failed");
    for (const { name: test, reason } of file.skipped) {
      judge(test, "skipped", ruleFor(rules, name, test)?.reason ?? reason ?? "no reason given");
    }
  }
  return [...counts].map(([server, { reasons, ...of }]) => {
    const version = servers.find(({ name }) => name === server)?.version ?? "";
    return { backend, server, version, ...of, reasons: [...reasons] };
  });
}

/** The rows in columns, one a line, under a line of what they are. */
export function matrixLines(rows: readonly MatrixRow[]): string[] {
  const cells = [
    ["backend", "server", "version", "passed", "skipped", "failed"],
    ...rows.map(({ backend, server, version, passed, skipped, failed, reasons }) => {
      const why = reasons.length > 0 ? ` (${reasons.join("; ")})` : "";
      return [backend, server || "–", version || "–", `${passed}`, `${skipped}${why}`, `${failed}`];
    }),
  ];
  const widths = (cells[0] as string[]).map((_, column) =>
    Math.max(...cells.map((row) => (row[column] as string).length)),
  );
  return cells.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] as number))
      .join("  ")
      .trimEnd(),
  );
}
