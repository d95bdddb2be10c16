import type { Backend, BackendFactory, StoreDiagnosis } from "@trunks/core";
import type { GcsOptions } from "./options.ts";
import { parseUrl } from "./url.ts";

export type { GcsOptions } from "./options.ts";

/** Google Cloud Storage, by its own interface. */
export const schemes: readonly string[] = ["gcs", "gs"];

/**
 * Opens `gcs://bucket/path?endpoint=…`. Options of the same names win over the URL's; `keyFile` and `accessToken` are
 * options only. Reads `STORAGE_EMULATOR_HOST`, and Google's library whatever the application default credentials need.
 * Throws `CONFIG_INVALID`.
 */
export const openBackend: BackendFactory = async (url, options = {}) => {
  return await openGcs(parseUrl(url, options, process.env));
};

/** The same with typed options. Throws `CONFIG_INVALID` for options that cannot be. */
export async function openGcs(options: GcsOptions): Promise<Backend> {
  const { GcsBackend } = await import("./backend.ts");
  return new GcsBackend(options);
}

/** Looks at the bucket's versioning, retention, soft delete and life-cycle rules. Takes what `openBackend` takes. */
export const diagnoseStore: StoreDiagnosis = async (url, options = {}, { signal } = {}) => {
  const { diagnoseBucket } = await import("./diagnosis.ts");
  return await diagnoseBucket(parseUrl(url, options, process.env), signal);
};
