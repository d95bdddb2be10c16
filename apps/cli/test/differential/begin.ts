import { afterAll, beforeAll } from "vitest";
import { Sandbox } from "../support/sandbox.ts";
import { Comparison, type ComparisonOptions } from "./comparison.ts";
import { row } from "./history.ts";
import { local, push } from "./step.ts";

/**
 * For a test file: answers a function that begins a comparison with a repository `work`, whose remote `origin` has three
 * commits on `main`, or nothing yet when `empty`.
 */
export function comparisons(): (options?: ComparisonOptions & { readonly empty?: boolean }) => Promise<Comparison> {
  let sandbox: Sandbox;
  let count = 0;
  beforeAll(() => {
    sandbox = new Sandbox();
  });
  afterAll(() => sandbox.remove());
  return async ({ empty = false, objects = "sha1" } = {}) => {
    const comparison = await Comparison.begin(sandbox, `case-${++count}`, { objects });
    await comparison.run(
      local("", "init", "-q", `--object-format=${objects}`, "work"),
      local("work", "remote", "add", "origin", "{remote}"),
    );
    if (!empty) await comparison.run(row("work", "refs/heads/main", 3), push("work", "origin", "main"));
    return comparison;
  };
}
