import { hmac } from "@noble/hashes/hmac.js";
import { md5 } from "@noble/hashes/legacy.js";
import { sha256 } from "@noble/hashes/sha2.js";

/** SHA-256, or with a secret its HMAC, in pieces. */
export class Sha256 {
  readonly #digest: ReturnType<typeof sha256.create> | ReturnType<typeof hmac.create>;

  constructor(secret?: Data) {
    this.#digest = secret === undefined ? sha256.create() : hmac.create(sha256, bytesOf(secret));
  }

  update(data: Data): void {
    this.#digest.update(bytesOf(data));
  }

  async digest(): Promise<Uint8Array> {
    return this.#digest.digest();
  }
}

type Data = string | ArrayBuffer | ArrayBufferView;

function bytesOf(data: Data): Uint8Array {
  if (typeof data === "string") return new TextEncoder().encode(data);
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data);
}

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
