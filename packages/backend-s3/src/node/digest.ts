import { createHash, getFips } from "node:crypto";

/**
 * The value of `Content-MD5`, the one checksum of a body that every S3 store checks; SeaweedFS accepts bodies that do not
 * have the SHA-256 of their signature. Against accidents, not against forgery. `undefined` where the system forbids MD5.
 */
export function contentMd5(body: Uint8Array | string): string | undefined {
  return getFips() === 1 ? undefined : createHash("md5").update(body).digest("base64");
}
