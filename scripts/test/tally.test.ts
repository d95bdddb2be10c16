import { expect, test } from "vitest";
import type { SkipRules } from "../skip-rules.ts";
import { type PackageResult, type TallyQuestion, tally, totalLine } from "../tally.ts";

const noRules: SkipRules = { allowed: [], requiredInCi: [] };
const goRule: SkipRules = {
  allowed: [{ package: "s3", test: "versity", reason: "needs Go", inCi: false }],
  requiredInCi: [{ package: "s3", test: "versity" }],
};

function result(name: string, file: Partial<PackageResult["files"][number]>, errors: string[] = []): PackageResult {
  return { name, files: [{ path: "test/a.test.ts", passed: [], failed: [], skipped: [], ...file }], errors };
}

function ask(question: Partial<TallyQuestion>) {
  const results = question.results ?? [];
  const expected = results.map(({ name }) => name);
  return tally({ results, expected, rules: noRules, ci: false, runnerFailed: false, ...question });
}

test("adds up all packages", () => {
  const total = ask({
    results: [
      result("a", { passed: ["1", "2"] }),
      result("b", { passed: ["3"], failed: [{ name: "4", reason: "no" }] }),
    ],
  });
  expect(total).toEqual({ passed: 3, failed: 1, skipped: 0, lines: ["failed: b test/a.test.ts > 4: no"] });
  expect(totalLine(total)).toBe("3 passed, 1 failed");
});

test("a package that reported nothing is a failure", () => {
  const total = ask({ results: [result("a", { passed: ["1"] })], expected: ["a", "b"] });
  expect(total.failed).toBe(1);
  expect(total.lines).toEqual(["fault: b: no suite reported anything"]);
});

test("a file of which no test ran is a failure", () => {
  const total = ask({ results: [result("a", {})] });
  expect(total.failed).toBe(1);
  expect(total.lines).toEqual(["fault: a test/a.test.ts: no test ran"]);
});

test("an error outside of any test is a failure", () => {
  expect(ask({ results: [result("a", { passed: ["1"] }, ["unhandled"])] }).failed).toBe(1);
});

test("a process that failed without a failing test is a failure", () => {
  expect(ask({ results: [result("a", { passed: ["1"] })], runnerFailed: true }).failed).toBe(1);
  expect(ask({ results: [result("a", { failed: [{ name: "1" }] })], runnerFailed: true }).failed).toBe(1);
});

test("a skip that no rule allows is printed, and is a failure", () => {
  const total = ask({ results: [result("a", { passed: ["1"], skipped: [{ name: "2", reason: "why" }] })] });
  expect(total.lines).toEqual(["fault: skipped, and skips.json does not allow it: a test/a.test.ts > 2: why"]);
  expect(totalLine(total)).toBe("1 passed, 1 failed, 1 skipped");
});

test("a skip that a rule allows is printed with the rule's reason", () => {
  const total = ask({ results: [result("s3", { skipped: [{ name: "versity race" }] })], rules: goRule });
  expect(total).toEqual({
    passed: 0,
    failed: 0,
    skipped: 1,
    lines: ["skipped: s3 test/a.test.ts > versity race: needs Go"],
  });
});

test("a rule that holds outside CI only forbids the skip in CI, where the test is required, too", () => {
  const skipping = result("s3", { passed: ["other"], skipped: [{ name: "versity race" }] });
  expect(ask({ results: [skipping], rules: goRule, ci: true }).lines).toEqual([
    "fault: skipped, and skips.json does not allow it in CI: s3 test/a.test.ts > versity race: needs Go",
    'fault: s3: nothing named "versity" passed, and it must run here',
  ]);
  const running = result("s3", { passed: ["versity race"] });
  expect(ask({ results: [running], rules: goRule, ci: true }).failed).toBe(0);
});
