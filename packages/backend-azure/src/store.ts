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
import { Exchange, type Loss } from "@trunks/http-store";
import { readText, Transport } from "@trunks/http-store/transport";
import { tokenCredential } from "./credentials.ts";
import { failure } from "./failure.ts";
import type { ResolvedOptions } from "./options.ts";

/** What is sent, and what its failure means. */
export interface StoreRequest {
  readonly operation: Operation;
  readonly key?: string;
  readonly loss: Loss;
  readonly signal?: AbortSignal;
}

/** The last request of a call of the SDK, and its answer when it has come. */
interface LastRequest {
  exchange: Exchange;
  answer?: IncomingMessage;
}

/** What came of one call of the SDK. */
export interface StoreAnswer<Output> extends Readonly<LastRequest> {
  readonly output: Output;
}

/** The SDK's client of one container, with one kind of error and a transport that sends each request once. */
export class AzureStore {
  readonly options: ResolvedOptions;
  readonly #client: ContainerClient;
  readonly #transport: Transport;
  /** By the signal of its own that each call has: all that the SDK hands on from a call to the transport. */
  readonly #calls = new WeakMap<object, LastRequest>();

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
    const last: LastRequest = { exchange: new Exchange() };
    const abortSignal = request.signal ? AbortSignal.any([request.signal]) : new AbortController().signal;
    this.#calls.set(abortSignal, last);
    try {
      const output = await call(this.#client, abortSignal);
      return { output, ...last };
    } catch (error) {
      last.answer?.destroy();
      throw failure(error, {
        ...request,
        exchange: last.exchange,
        place: this.options.place,
        secrets: this.#secrets(),
      });
    }
  }

  destroy(): void {
    this.#transport.destroy();
  }

  async #sendRequest(request: WebResource): Promise<HttpOperationResponse> {
    const { abortSignal: signal, body, method, url } = request;
    const exchange = new Exchange();
    const last: LastRequest = Object.assign(this.#calls.get(signal ?? {}) ?? {}, { exchange, answer: undefined });
    const bytes = typeof body === "string" ? Buffer.from(body) : (body as Uint8Array | undefined);
    const headers = { ...request.headers.toJson() };
    const answer = await this.#transport.send(
      { method, url, headers, body: bytes, signal: signal as AbortSignal },
      exchange,
    );
    last.answer = answer;
    const status = answer.statusCode ?? 0;
    const isStream = request.streamResponseStatusCodes?.has(status) ?? false;
    const response = {
      request,
      status,
      headers: { toJson: () => ({ ...exchange.headers }) },
      // The SDK's own reader of bodies throws where nobody can catch when a connection ends that is not read: it gets nothing
      // to read, and who wants the body takes the answer itself.
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
