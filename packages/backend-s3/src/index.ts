import type { StoreDiagnosis } from "@trunks/core";
import { environment } from "./open.ts";
import { parseUrl } from "./url.ts";

export { openBackend, openS3, schemes } from "./open.ts";
export type { S3Credentials, S3Options } from "./options.ts";
export type { S3Scheme } from "./preset.ts";

/** Looks at the bucket's versioning, object lock and life-cycle rules. Takes what `openBackend` takes. */
export const diagnoseStore: StoreDiagnosis = async (url, options = {}, { signal } = {}) => {
  const { diagnoseBucket } = await import("./diagnosis.ts");
  return await diagnoseBucket(parseUrl(url, options, environment()), signal);
};
