import { runContractSuite } from "@trunks/test-runtimes/contract";
import type { RunSuite } from "@trunks/test-runtimes/suite";
import { openR2, type R2Binding } from "../src/index.ts";

export const run: RunSuite<object> = async ({ bindings }, report) => {
  const bucket = bindings?.BUCKET as R2Binding;
  await runContractSuite(async () => openR2({ bucket, path: "team/code" }), { ownStore: true }, report);
};
