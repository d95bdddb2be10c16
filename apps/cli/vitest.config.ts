import { availableParallelism } from "node:os";
import { mergeConfig } from "vitest/config";
import shared from "../../vitest.config.ts";

/** The longest suite, and mostly it waits for programs that it started: two files at a time even where two cores are all. */
export default mergeConfig(shared, { test: { maxWorkers: Math.max(2, availableParallelism() - 1) } });
