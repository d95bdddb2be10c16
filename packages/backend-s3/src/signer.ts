import { SignatureV4 } from "@smithy/signature-v4";
import type { Credentials } from "./credentials.ts";
import { Sha256 } from "./platform.ts";

/** What of a request enters its signature. */
interface Unsigned {
  readonly method: string;
  readonly url: string;
  /** `x-amz-content-sha256` among them. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Signs requests as S3 wants them: version 4 of AWS's signature, of the path as the URL has it. */
export class Signer {
  readonly #credentials: Credentials;

  constructor(credentials: Credentials) {
    this.#credentials = credentials;
  }

  /** The headers to be sent. */
  async sign({ method, url, headers }: Unsigned, region: string, signingDate: Date): Promise<Record<string, string>> {
    const credentials = () => this.#credentials();
    const settings = { service: "s3", region, credentials, sha256: Sha256, uriEscapePath: false, applyChecksum: false };
    const { protocol, host, hostname, pathname: path, searchParams } = new URL(url);
    const request = { method, protocol, hostname, path, query: Object.fromEntries(searchParams) };
    const signer = new SignatureV4(settings);
    return (await signer.sign({ ...request, headers: { ...headers, host } }, { signingDate })).headers;
  }
}
