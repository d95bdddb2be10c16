import type { IncomingMessage } from "node:http";
import type { Operation } from "@trunks/core";
import { type Attempt, Exchange, type Loss } from "@trunks/http-store";
import { readText, Transport } from "@trunks/http-store/transport";
import { Credentials, type Identity } from "./credentials.ts";
import { failure, refusedBy } from "./failure.ts";
import type { ResolvedOptions } from "./options.ts";
import { refusalOf } from "./refusal.ts";

/** What is sent, and what its failure means. */
export interface StoreRequest {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** Below the endpoint, encoded, with its query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | AsyncIterable<Uint8Array>;
  readonly operation: Operation;
  readonly key?: string;
  readonly loss: Loss;
  readonly signal?: AbortSignal;
  /** Statuses beside 2xx that are no refusal. */
  readonly accepts?: readonly number[];
}

/** An answer whose body is to be read, or given up. */
interface OpenAnswer {
  readonly body: IncomingMessage;
  readonly exchange: Exchange;
}

/** An answer whose body has been read. */
export interface StoreAnswer<Value> {
  readonly status: number;
  readonly headers: Exchange["headers"];
  readonly value: Value;
}

/** Google's JSON API, version 1, with one kind of error. */
export class GcsStore {
  readonly options: ResolvedOptions;
  readonly #credentials: Credentials;
  readonly #transport: Transport;
  #bucketSeen = false;

  constructor(options: ResolvedOptions) {
    this.options = options;
    this.#credentials = new Credentials(options);
    this.#transport = new Transport(options);
  }

  /** The path of the bucket's objects, or of one of them. */
  objectsPath(key?: string): string {
    const { bucket, keyPrefix } = this.options;
    const name = key === undefined ? "" : `/${encodeURIComponent(keyPrefix + key)}`;
    return `/storage/v1/b/${bucket}/o${name}`;
  }

  /**
   * Sends one request and answers with the body unread: once, or twice when the first was refused for the sake of a token
   * that could be renewed. Such a refusal comes before any effect.
   */
  async open(request: StoreRequest): Promise<OpenAnswer> {
    for (let attempt = 1; ; attempt++) {
      const identity = await this.#credentials.identity();
      try {
        return await this.#once(request, identity);
      } catch (error) {
        // A stream has been read, and its writer begins it again by itself.
        const isRead = request.body !== undefined && !(request.body instanceof Uint8Array);
        const isExpired = refusalOf(error)?.status === 401;
        if (!isExpired || !this.#credentials.renew() || attempt > 1 || isRead) throw error;
      }
    }
  }

  /** The same with the answer's JSON, or `undefined` for an answer without a body. */
  async send<Value>(request: StoreRequest): Promise<StoreAnswer<Value>> {
    const { body, exchange } = await this.open(request);
    const { status = 0, headers } = exchange;
    try {
      const text = await readText(body);
      return { status, headers, value: (text === "" ? undefined : JSON.parse(text)) as Value };
    } catch (error) {
      throw failure(error, this.#attempt(request, exchange, {}));
    }
  }

  /** Throws `NOT_FOUND` when the bucket is missing: for answers 404 that do not tell. Asks until the bucket was seen. */
  async requireBucket(request: StoreRequest): Promise<void> {
    if (this.#bucketSeen) return;
    const path = `${this.objectsPath()}?maxResults=1&fields=kind&prefix=${encodeURIComponent(this.options.keyPrefix)}`;
    const { operation, key, signal } = request;
    await this.send({ method: "GET", path, operation, key, signal, loss: "harmless" });
    this.#bucketSeen = true;
  }

  destroy(): void {
    this.#transport.destroy();
  }

  async #once(request: StoreRequest, identity: Identity): Promise<OpenAnswer> {
    const exchange = new Exchange();
    const attempt = this.#attempt(request, exchange, identity);
    const url = this.options.endpoint + request.path;
    const headers = { "user-agent": "trunks", ...identity, ...bodyLength(request), ...request.headers };
    const { method, body, signal } = request;
    let answer: IncomingMessage;
    try {
      answer = await this.#transport.send({ method, url, headers, body, signal }, exchange);
    } catch (error) {
      throw failure(error, attempt);
    }
    const { status = 0 } = exchange;
    if ((status >= 200 && status < 300) || request.accepts?.includes(status)) return { body: answer, exchange };
    // A refusal that breaks off is one all the same.
    const text = await readText(answer).catch(() => "");
    if (signal?.aborted) throw failure(undefined, attempt);
    throw refusedBy(text, attempt);
  }

  #attempt({ operation, key, loss, signal }: StoreRequest, exchange: Exchange, identity: Identity): Attempt {
    const secrets = Object.values(identity).flatMap((value) => [value, value.replace(/^Bearer /, "")]);
    return { operation, key, loss, signal, exchange, secrets, place: this.options.place };
  }
}

/** Without it Node sends a body in chunks, and none with a length that no one knows. */
function bodyLength({ method, body }: StoreRequest): Record<string, string> {
  if (method === "GET" || method === "DELETE") return {};
  if (body === undefined) return { "content-length": "0" };
  return body instanceof Uint8Array ? { "content-length": String(body.length) } : {};
}
