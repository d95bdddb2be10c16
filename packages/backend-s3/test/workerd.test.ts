import { join } from "node:path";
import { contractSuiteCases } from "@trunks/test-runtimes/contract";
import { describeInRuntime } from "@trunks/test-runtimes/vitest";
import { onEachServer, optionsFor } from "./address.ts";

onEachServer((address) =>
  describeInRuntime("workerd", {
    title: "contract: s3",
    entry: join(import.meta.dirname, "contract-worker.ts"),
    cases: contractSuiteCases,
    data: () => optionsFor(address),
  }),
);
