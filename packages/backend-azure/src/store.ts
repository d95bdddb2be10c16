import type { IncomingMessage } from "node:http";
import { PassThrough } from "node:stream";
import {
  AnonymousCredential,
  ContainerClient,
  type HttpOperationResponse,
  type IHttpClient,
  newPipeline,
  StorageSharedKeyCredential,
  type WebResource,
} from "@azure/storage-blob";
import type { Operation } from "@trunks/core";
import { tokenCredential } from "./credentials.ts";
import { failure, type Loss } from "./failure.ts";
import type { ResolvedOptions } from "./options.ts";
import { Exchange, Transport } from "./transport.ts";

/** What is sent, and what its failure means. */
export interface StoreRequest {
  readonly operation: Operation;
  readonly key?: string;
  readonly loss: Loss;
  readonly signal?: AbortSignal;
}

/** What came of one call of the SDK, and the head of its last answer. */
export interface StoreAnswer<Output> {
  readonly output: Output;
  readonly exchange: Exchange;
}

/** The SDK's client of one container, with one kind of error and a transport that sends each request once. */
export class AzureStore {
  readonly options: ResolvedOptions;
  readonly #client: ContainerClient;
  readonly #transport: Transport;
  /** By the signal of its own that each call has: all that the SDK hands on from a call to the transport. */
  readonly #exchanges = new WeakMap<object, Exchange>();

  constructor(options: ResolvedOptions) {
    this.options = options;
    this.#transport = new Transport(options);
    const { endpoint, container, sasToken } = options;
    const httpClient: IHttpClient = { sendRequest: (request) => this.#sendRequest(request) };
    // What may be repeated is decided here and above, never blindly below.
    const pipeline = newPipeline(credentialOf(options), { httpClient, retryOptions: { maxTries: 1 } });
    const query = sasToken === undefined ? "" : `?${sasToken}`;
    this.#client = new ContainerClient(`${endpoint}/${container}${query}`, pipeline);
  }

  /** The name of the blob of a key. */
  blobName(key: string): string {
    return this.options.keyPrefix + key;
  }

  /** One call of the SDK: one request, or two where the first learns who hands out tokens. */
  async send<Output>(
    request: StoreRequest,
    call: (container: ContainerClient, abortSignal: AbortSignal) => Promise<Output>,
  ): Promise<StoreAnswer<Output>> {
    const exchange = new Exchange();
    const abortSignal = request.signal ? AbortSignal.any([request.signal]) : new AbortController().signal;
    this.#exchanges.set(abortSignal, exchange);
    try {
      return { output: await call(this.#client, abortSignal), exchange };
    } catch (error) {
      exchange.answer?.destroy();
      throw failure(error, { ...request, exchange, place: this.options.place, secrets: this.#secrets() });
    }
  }

  destroy(): void {
    this.#transport.destroy();
  }

  async #sendRequest(request: WebResource): Promise<HttpOperationResponse> {
    const { abortSignal: signal, body, method, url } = request;
    const exchange = this.#exchanges.get(signal ?? {}) ?? new Exchange();
    exchange.restart();
    const bytes = typeof body === "string" ? Buffer.from(body) : (body as Uint8Array | undefined);
    const headers = { ...request.headers.toJson() };
    const answer = await this.#transport.send(
      { method, url, headers, body: bytes, signal: signal as AbortSignal },
      exchange,
    );
    const status = answer.statusCode ?? 0;
    const isStream = request.streamResponseStatusCodes?.has(status) ?? false;
    const response = {
      request,
      status,
      headers: { toJson: () => singleHeaders(answer) },
      // The SDK's own reader of bodies throws where nobody can catch when a connection ends that is not read: it gets nothing
      // to read, and who wants the body takes it from the exchange.
      ...(isStream ? { readableStreamBody: new PassThrough() } : { bodyAsText: await readText(answer) }),
    };
    return response as unknown as HttpOperationResponse;
  }

  #secrets(): string[] {
    const { accountKey = "", sasToken = "" } = this.options;
    return [accountKey, sasToken, new URLSearchParams(sasToken).get("sig") ?? ""];
  }
}

function credentialOf(options: ResolvedOptions) {
  const { account, accountKey, sasToken, token, isAzure } = options;
  if (accountKey !== undefined) return new StorageSharedKeyCredential(account, accountKey);
  // An endpoint may stand in a URL that a stranger wrote: tokens of the default chain are for Azure alone.
  if (sasToken !== undefined || (token === undefined && !isAzure)) return new AnonymousCredential();
  return tokenCredential(token);
}

function singleHeaders({ headers }: IncomingMessage): Record<string, string> {
  const entries = Object.entries(headers).map(([name, value]) => [name, [value].flat().join(", ")]);
  return Object.fromEntries(entries);
}

/** Answers that are no body of a key are far smaller. */
const maxTextBytes = 64 * 2 ** 20;

async function readText(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxTextBytes) throw new Error("the answer has no end");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
