import { defineConfig } from "vitest/config";

/** Suites run against sources; only packed packages are built. Nothing is retried, and an empty suite is a failure. */
export default defineConfig({
  test: { passWithNoTests: false, retry: 0, testTimeout: 60_000, hookTimeout: 120_000, include: ["test/**/*.test.ts"] },
});
