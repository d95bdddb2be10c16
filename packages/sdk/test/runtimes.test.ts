import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { describeInRuntime, type RuntimeName, runtimeNames } from "@trunks/test-runtimes/vitest";
import { type S3Server, ServerUnavailableError, serversAreRequired, startVersity } from "@trunks/test-servers";
import { afterAll, describe, test } from "vitest";
import { cases } from "./runtimes/cases.ts";
import type { SuiteData } from "./runtimes/entry.ts";

const entry = join(import.meta.dirname, "runtimes", "entry.ts");
const server = await versity();
afterAll(() => server?.stop());

for (const runtime of runtimeNames) {
  await onStore(runtime, "memory", "memory");
  if (runtime === "workerd") await onStore(runtime, "r2", "r2");
}
describe("versity", async () => {
  if (server === undefined) return test.skip("versity: this machine cannot have the server");
  const { endpoint, region, bucket, accessKey, secretKey } = server;
  const store = { endpoint, region, bucket, credentials: { accessKey, secretKey } };
  for (const runtime of runtimeNames) await onStore(runtime, "s3", store);
});

async function onStore(runtime: RuntimeName, title: string, store: SuiteData["store"]): Promise<void> {
  const data = (): SuiteData => ({ store, golden: { sha1: goldenTrunk("sha1"), sha256: goldenTrunk("sha256") } });
  await describeInRuntime(runtime, { title, entry, cases, data });
}

async function versity(): Promise<S3Server | undefined> {
  try {
    return await startVersity();
  } catch (error) {
    if (!(error instanceof ServerUnavailableError) || serversAreRequired()) throw error;
    return undefined;
  }
}

/** A store with everything that the format knows, and packs of stock git. */
function goldenTrunk(format: string): Record<string, string> {
  const folder = join(import.meta.dirname, "..", "..", "repo", "test", "golden", format);
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    files.map(({ parentPath, name }) => {
      const file = join(parentPath, name);
      return [relative(folder, file), readFileSync(file).toString("base64")];
    }),
  );
}
