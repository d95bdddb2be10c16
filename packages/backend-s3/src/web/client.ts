import { AwsV4Signer } from "aws4fetch";
import type { Client } from "../client.ts";
import type { ResolvedOptions } from "../options.ts";
import { addressOf } from "./address.ts";
import type { Answer, Command, Question } from "./command.ts";
import { credentialsOf } from "./credentials.ts";
import { sha256Hex } from "./digest.ts";
import { exchangeByFetch, type Sending, type SignedRequest } from "./transport.ts";
import { textOf } from "./xml.ts";

/** A client of the store by `fetch`. */
export function openClient(options: ResolvedOptions): Client {
  const credentials = credentialsOf(options);
  /** Keys of signatures, by day. */
  const cache = new Map<string, ArrayBuffer>();
  /** So far the store's clock is ahead of this one, in milliseconds. */
  let skewMs = 0;

  async function sign({ method, body, headers = {} }: Question, url: string): Promise<SignedRequest> {
    const signer = new AwsV4Signer({
      ...(await credentials()),
      method,
      url,
      headers: {
        ...Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined)),
        ...options.headers,
        "x-amz-content-sha256": await sha256Hex(body ?? new Uint8Array(0)),
      } as Record<string, string>,
      service: "s3",
      region: options.region ?? "us-east-1",
      datetime: new Date(Date.now() + skewMs).toISOString().replace(/[:-]|\.\d{3}/g, ""),
      cache,
    });
    const signed = await signer.sign();
    // Not part of the signature: others between here and there may say more. Sizes are those of the bytes as they are stored.
    signed.headers.set("accept-encoding", "identity");
    return { method, url, headers: signed.headers, body };
  }

  async function send(command: Command<unknown>, sending: Sending): Promise<unknown> {
    const { question } = command;
    const request = await sign(question, addressOf(options, question));
    const answer = await exchangeByFetch(request, sending, options.requestTimeoutMs);
    if (answer.status >= 300) {
      const clockSkewCorrected = mindClock(answer);
      throw refusal(await answer.text(), answer, answer.status, clockSkewCorrected);
    }
    if (!command.mayRefuseLate) return await command.read(answer);
    const text = await answer.text();
    // Its head came early, and said 200.
    if (/<Error[\s>]/.test(text)) throw refusal(text, answer, 503, false);
    return await command.read({ ...answer, text: async () => text });
  }

  /** Takes over the store's clock when it is far from this one; whether it was. */
  function mindClock({ headers }: Answer): boolean {
    const differenceMs = Date.parse(headers.date ?? "") - Date.now() - skewMs;
    if (!(Math.abs(differenceMs) > toleratedSkewMs)) return false;
    skewMs += differenceMs;
    return true;
  }

  return { send: send as unknown as Client["send"], credentials, destroy() {} };
}

/** Stores refuse what was signed 15 minutes ago or ahead, in milliseconds. */
const toleratedSkewMs = 5 * 60_000;

/** As the AWS SDK fails: what the store said, in fields. */
function refusal(xml: string, { headers }: Answer, httpStatusCode: number, clockSkewCorrected: boolean): Error {
  const Code = textOf(xml, "Code");
  return Object.assign(new Error(textOf(xml, "Message") ?? ""), {
    name: Code ?? "Error",
    Code,
    ActualObjectSize: textOf(xml, "ActualObjectSize"),
    $metadata: { httpStatusCode, requestId: headers["x-amz-request-id"], clockSkewCorrected },
  });
}
