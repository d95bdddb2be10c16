import { join } from "node:path";
import { contractSuiteCases } from "@trunks/test-runtimes/contract";
import { describeInRuntime } from "@trunks/test-runtimes/vitest";

await describeInRuntime("workerd", {
  title: "contract: r2",
  entry: join(import.meta.dirname, "contract-worker.ts"),
  cases: contractSuiteCases,
});
