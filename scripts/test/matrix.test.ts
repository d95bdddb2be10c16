import { expect, test } from "vitest";
import { matrixLines, matrixRows } from "../matrix.ts";
import type { SkipRules } from "../skip-rules.ts";
import { type PackageResult, tally } from "../tally.ts";

const rules: SkipRules = {
  allowed: [
    { package: "@trunks/backend-s3", test: "forbidden/", reason: "it refuses nobody", inCi: true },
    { package: "@trunks/backend-s3", test: "seaweed", reason: "the server needs Python", inCi: false },
  ],
  requiredInCi: [],
};
const s3: PackageResult = {
  name: "@trunks/backend-s3",
  files: [
    {
      path: "test/contract.test.ts",
      passed: ["versity > contract: s3 > create/absent: …", "versity > contract: s3 > race/16: …"],
      failed: [{ name: "versity > contract: s3 > create/taken: …" }],
      skipped: [
        { name: "versity > contract: s3 > forbidden/get: …", reason: "needs openForbidden" },
        { name: "seaweed: this machine cannot have the server" },
      ],
    },
    { path: "test/url.test.ts", passed: ["a URL"], failed: [], skipped: [] },
  ],
  errors: [],
  servers: [{ name: "versity", version: "1.8.0" }],
};
const local: PackageResult = {
  name: "@trunks/backend-local",
  files: [{ path: "test/contract.test.ts", passed: ["contract: a folder > get/absent"], failed: [], skipped: [] }],
  errors: [],
};

test("counts the contract's cases by backend and server, with the declared reasons of skips", () => {
  const rows = matrixRows([s3, local], ["@trunks/backend-s3", "@trunks/backend-local", "@trunks/core"], rules);
  expect(matrixLines(rows)).toEqual([
    "backend  server   version  passed  skipped                      failed",
    "s3       versity  1.8.0    2       1 (it refuses nobody)        1",
    "s3       seaweed  –        0       0 (the server needs Python)  0",
    "local    –        –        1       0                            0",
  ]);
});

test("a backend that reported nothing has a row, and in CI is a failure, as is one whose server did not start", () => {
  const question = {
    results: [s3],
    expected: ["@trunks/backend-s3", "@trunks/backend-gcs"],
    rules,
    runnerFailed: false,
  };
  const faults = (ci: boolean) => tally({ ...question, ci }).lines.filter((line) => /cases of the contract/.test(line));
  expect(faults(true)).toEqual([
    "fault: backend-s3 on seaweed: 0 cases of the contract passed",
    "fault: backend-gcs: 0 cases of the contract passed",
  ]);
  expect(faults(false)).toEqual([]);
  expect(tally({ ...question, ci: false }).lines).toContain(
    "gcs      –        –        0       0 (nothing was run)          0",
  );
});
