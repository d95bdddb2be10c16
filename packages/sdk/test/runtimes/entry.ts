import { openR2, type R2Options } from "@trunks/backend-r2";
import { openS3, type S3Options } from "@trunks/backend-s3";
import type { Backend } from "@trunks/core";
import { MemoryBackend } from "@trunks/core/memory";
import { type RunSuite, runCases } from "@trunks/test-runtimes/suite";
import { cases } from "./cases.ts";
import type { CaseContext } from "./context.ts";

/** Which store the cases are run on, and what they read. */
export interface SuiteData extends Pick<CaseContext, "golden"> {
  readonly store: "memory" | "r2" | Pick<S3Options, "endpoint" | "region" | "bucket" | "credentials">;
}

/** Runs the cases, each on a store of its own. */
export const run: RunSuite<SuiteData> = async ({ data, bindings }, report) => {
  const context = (): CaseContext => ({ client: clientsOf(data.store, bindings?.BUCKET), golden: data.golden });
  await runCases(cases, context, report);
};

function clientsOf(store: SuiteData["store"], bucket: unknown): () => Promise<Backend> {
  const path = `tests/${crypto.randomUUID()}`;
  if (store === "r2") return async () => openR2({ bucket: bucket as R2Options["bucket"], path });
  if (store !== "memory") return () => openS3({ ...store, path });
  const storeOf = new MemoryBackend();
  return async () => new MemoryBackend({ storeOf });
}
