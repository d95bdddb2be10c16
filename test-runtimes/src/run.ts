import type { RuntimeName } from "./catalog.ts";
import { runInProcess } from "./process.ts";
import type { CaseOutcome } from "./suite.ts";
import { runInWorkerd } from "./workerd.ts";

/** Runs the suite that a module exports in a runtime, given plain data; answers what it reported. Throws when it fails itself. */
export function runSuite(runtime: RuntimeName, program: string, entry: string, data: unknown): Promise<CaseOutcome[]> {
  if (runtime === "workerd") return runInWorkerd(program, entry, data);
  const target = runtime === "bun" || runtime === "deno" ? runtime : "node";
  return runInProcess(target, program, entry, data);
}
