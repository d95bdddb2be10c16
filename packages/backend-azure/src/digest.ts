import { createHash, getFips } from "node:crypto";

/** The value of `Content-MD5`: against accidents, not against forgery. `undefined` where the system forbids MD5. */
export function contentMd5(body: Uint8Array): Uint8Array | undefined {
  return getFips() === 1 ? undefined : createHash("md5").update(body).digest();
}
