import type { Exchange } from "@trunks/http-store";

/** Whether the answer came from SeaweedFS, which differs from S3 in ways that no answer shows. */
export function isSeaweed({ headers }: Exchange): boolean {
  return headers.server?.startsWith("SeaweedFS") ?? false;
}
