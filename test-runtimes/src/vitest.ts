import { beforeAll, describe, test } from "vitest";
import type { RuntimeName } from "./catalog.ts";
import { programOf } from "./program.ts";
import { runSuite } from "./run.ts";
import type { CaseOutcome } from "./suite.ts";

export { type RuntimeName, runtimeNames } from "./catalog.ts";

/** A suite for other runtimes than this one. */
export interface RuntimeSuite {
  /** What stands above its cases: `contract: r2`. */
  readonly title: string;
  /** The path of a module that exports a `RunSuite` under the name `run`. */
  readonly entry: string;
  /** The names of its cases as it reports them, and what they are called here. */
  readonly cases: readonly { readonly name: string; readonly title?: string }[];
  /** What the suite is given: plain data. Default: nothing. */
  readonly data?: () => unknown;
}

/**
 * Runs a suite in a runtime, and reports each of its cases as a test: one that was not reported has failed. On a machine that
 * cannot have the runtime the tests skip; where servers are required that fails.
 */
export async function describeInRuntime(runtime: RuntimeName, suite: RuntimeSuite): Promise<void> {
  const program = await programOf(runtime);
  if (program === undefined) {
    test.skip(`${runtime}: this machine cannot have the server`);
    return;
  }
  describe(runtime, () => {
    describe(suite.title, () => {
      const outcomes = new Map<string, CaseOutcome>();
      beforeAll(async () => {
        const data = (await suite.data?.()) ?? {};
        for (const outcome of await runSuite(runtime, program, suite.entry, data)) outcomes.set(outcome.name, outcome);
      });
      for (const { name, title = name } of suite.cases) {
        test(title, (context) => {
          const outcome = outcomes.get(name);
          if (outcome === undefined) throw new Error("it was not reported");
          if (outcome.status === "skipped") context.skip(outcome.reason);
          if (outcome.status === "failed") throw new Error(outcome.error);
        });
      }
    });
  });
}
