import { defineConfig } from "vitest/config";
import { ResultsReporter } from "./scripts/results-reporter.ts";

/** Set by `npm test`: where each package leaves its results. */
const results = process.env.TRUNKS_RESULTS_DIR;

/** Suites run against sources; only packed packages are built. Nothing is retried, and an empty suite is a failure. */
export default defineConfig({
  test: {
    passWithNoTests: false,
    retry: 0,
    // A bound for what hangs; how long a test takes is the machine's matter.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    include: ["test/**/*.test.ts"],
    reporters: results === undefined ? ["default"] : ["default", new ResultsReporter(results)],
  },
});
