import { md5 } from "@noble/hashes/legacy.js";

/** The value of `Content-MD5`: see `node/digest.ts`. */
export function contentMd5(body: Uint8Array | string): string | undefined {
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
  return btoa(String.fromCharCode(...md5(bytes)));
}

/** The SHA-256 of a body, as requests are signed with it: lower-case hexadecimal digits. */
export async function sha256Hex(body: Uint8Array): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", body as Uint8Array<ArrayBuffer>);
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
