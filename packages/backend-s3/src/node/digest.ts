import { createHash, createHmac, getFips } from "node:crypto";

/** SHA-256, or with a secret its HMAC, in pieces. */
export class Sha256 {
  readonly #digest: ReturnType<typeof createHash> | ReturnType<typeof createHmac>;

  constructor(secret?: Data) {
    this.#digest = secret === undefined ? createHash("sha256") : createHmac("sha256", textOrView(secret));
  }

  update(data: Data): void {
    this.#digest.update(textOrView(data));
  }

  async digest(): Promise<Uint8Array> {
    return this.#digest.digest();
  }
}

type Data = string | ArrayBuffer | ArrayBufferView;

function textOrView(data: Data): string | NodeJS.ArrayBufferView {
  return data instanceof ArrayBuffer ? new Uint8Array(data) : (data as string | NodeJS.ArrayBufferView);
}

/**
 * The value of `Content-MD5`, the one checksum of a body that every S3 store checks; SeaweedFS accepts bodies that do not
 * have the SHA-256 of their signature. Against accidents, not against forgery. `undefined` where the system forbids MD5.
 */
export function contentMd5(body: Uint8Array | string): string | undefined {
  return getFips() === 1 ? undefined : createHash("md5").update(body).digest("base64");
}

/** The SHA-256 of a body, as requests are signed with it: lower-case hexadecimal digits. */
export function sha256Hex(body: Uint8Array): string {
  return createHash("sha256").update(body).digest("hex");
}
