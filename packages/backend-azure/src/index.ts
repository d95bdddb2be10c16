import type { Backend, BackendFactory, StoreDiagnosis } from "@trunks/core";
import type { AzureOptions } from "./options.ts";
import { parseUrl } from "./url.ts";

export type { AzureOptions, AzureToken } from "./options.ts";

/** Azure Blob Storage. */
export const schemes: readonly string[] = ["azure"];

/**
 * Opens `azure://account/container/path?endpoint=…`. Options of the same names win over the URL's; `accountKey`, `sasToken`
 * and `connectionString` are options only. Reads `AZURE_STORAGE_CONNECTION_STRING`, `AZURE_STORAGE_KEY` and
 * `AZURE_STORAGE_SAS_TOKEN` for the account that the URL names, and Azure's library whatever its default chain needs.
 * Throws `CONFIG_INVALID`.
 */
export const openBackend: BackendFactory = async (url, options = {}) => {
  return await openAzure(parseUrl(url, options, process.env));
};

/** The same with typed options. Throws `CONFIG_INVALID` for options that cannot be. */
export async function openAzure(options: AzureOptions): Promise<Backend> {
  // The SDK is most of what there is to load, and not needed to know the schemes.
  const { AzureBackend } = await import("./backend.ts");
  return new AzureBackend(options);
}

/** Looks at the container's policies and holds, and at its blobs' versions. Takes what `openBackend` takes. */
export const diagnoseStore: StoreDiagnosis = async (url, options = {}, { signal } = {}) => {
  const { diagnoseContainer } = await import("./diagnosis.ts");
  return await diagnoseContainer(parseUrl(url, options, process.env), signal);
};
