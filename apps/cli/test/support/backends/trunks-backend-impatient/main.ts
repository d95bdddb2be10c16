/** A third party's backend, for tests: `impatient://bucket/path?…` is `s3://bucket/path?…` that waits less for an answer. */

import { openS3 } from "@trunks/backend-s3";
import type { BackendFactory } from "@trunks/core";

export const schemes: readonly string[] = ["impatient"];

export const openBackend: BackendFactory = (url) => {
  const endpoint = url.searchParams.get("endpoint") ?? undefined;
  return openS3({ bucket: url.host, path: url.pathname, endpoint, requestTimeoutMs: 300 });
};
