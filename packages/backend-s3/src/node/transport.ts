import * as http from "node:http";
import * as https from "node:https";
import type { Socket } from "node:net";
import { Exchange } from "../exchange.ts";

interface TransportOptions {
  readonly connectTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly maxConnections: number;
}

/** The part of the SDK's request that a wire needs. */
interface WireRequest {
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number;
  readonly method: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, string | string[] | null>>;
  readonly headers: Record<string, string>;
  readonly body?: Uint8Array | string;
}

interface WireResponse {
  readonly statusCode: number;
  readonly headers: Record<string, string>;
  readonly body: http.IncomingMessage;
}

interface HandlerOptions {
  readonly abortSignal?: AbortSignal;
  readonly exchange?: Exchange;
}

/**
 * A connection without use is closed before a store would do it, as a rule: a request sent into a closing connection is
 * one whose outcome nobody knows.
 */
const idleTimeoutMs = 5000;

/**
 * Sends the SDK's requests over kept connections. The SDK's own handler tells neither whether a request had left when it
 * failed nor gives up on silence alone, and both decide what may be done next.
 */
export class Transport {
  readonly metadata = { handlerProtocol: "http/1.1" };
  readonly #options: TransportOptions;
  readonly #plainAgent: http.Agent;
  readonly #secureAgent: https.Agent;

  constructor(options: TransportOptions) {
    this.#options = options;
    const agentOptions = { keepAlive: true, maxSockets: options.maxConnections, timeout: idleTimeoutMs };
    this.#plainAgent = new http.Agent(agentOptions);
    this.#secureAgent = new https.Agent(agentOptions);
  }

  async handle(request: WireRequest, options: HandlerOptions = {}): Promise<{ response: WireResponse }> {
    const { abortSignal: signal, exchange = new Exchange() } = options;
    signal?.throwIfAborted();
    const secure = request.protocol === "https:";
    const outgoing = (secure ? https : http).request({
      agent: secure ? this.#secureAgent : this.#plainAgent,
      // A literal IPv6 address comes in brackets, and is looked up without.
      host: request.hostname.replace(/^\[|\]$/g, ""),
      port: request.port,
      method: request.method,
      path: request.path + queryText(request.query),
      headers: request.headers,
      timeout: this.#options.requestTimeoutMs,
    });
    outgoing.once("socket", (socket) => this.#watchConnecting(outgoing, socket, secure, exchange));
    giveUpOnAbort(outgoing, signal);
    const answer = new Promise<{ response: WireResponse }>((resolve, reject) => {
      outgoing.once("error", reject);
      outgoing.once("response", (incoming) => {
        exchange.status = incoming.statusCode;
        exchange.headers = singleHeaders(incoming.headers);
        resolve({
          response: { statusCode: incoming.statusCode ?? 0, headers: { ...exchange.headers }, body: incoming },
        });
      });
      this.#giveUpOnSilence(outgoing);
    });
    // With an empty body too: the SDK has set its length.
    outgoing.end(request.body);
    return await answer;
  }

  /** The SDK's way to change settings. There are none to change. */
  updateHttpClientConfig(): void {}

  httpHandlerConfigs(): object {
    return {};
  }

  /** Closes all connections, those in use as well. */
  destroy(): void {
    this.#plainAgent.destroy();
    this.#secureAgent.destroy();
  }

  #watchConnecting(outgoing: http.ClientRequest, socket: Socket, secure: boolean, exchange: Exchange): void {
    if (!socket.connecting) {
      exchange.sent = true;
      return;
    }
    const { connectTimeoutMs } = this.#options;
    const timer = setTimeout(() => {
      outgoing.destroy(timeoutError(`no connection within ${connectTimeoutMs} ms`));
    }, connectTimeoutMs);
    const done = () => clearTimeout(timer);
    socket.once("close", done);
    socket.once(secure ? "secureConnect" : "connect", () => {
      done();
      exchange.sent = true;
    });
  }

  #giveUpOnSilence(outgoing: http.ClientRequest): void {
    const { requestTimeoutMs } = this.#options;
    let incoming: http.IncomingMessage | undefined;
    outgoing.once("response", (response) => {
      incoming = response;
    });
    outgoing.on("timeout", () => {
      // Bytes that wait here: then it is the reader who is slow, not the store.
      if (incoming !== undefined && incoming.readableLength > 0) outgoing.setTimeout(requestTimeoutMs);
      else (incoming ?? outgoing).destroy(timeoutError(`no byte moved for ${requestTimeoutMs} ms`));
    });
  }
}

function giveUpOnAbort(outgoing: http.ClientRequest, signal: AbortSignal | undefined): void {
  if (signal === undefined) return;
  let incoming: http.IncomingMessage | undefined;
  outgoing.once("response", (response) => {
    incoming = response;
  });
  const abort = () => (incoming ?? outgoing).destroy(new Error("aborted", { cause: signal.reason }));
  signal.addEventListener("abort", abort, { once: true });
  outgoing.once("close", () => signal.removeEventListener("abort", abort));
}

function timeoutError(message: string): Error {
  return Object.assign(new Error(message), { code: "ETIMEDOUT" });
}

function queryText(query: WireRequest["query"] = {}): string {
  const parts: string[] = [];
  for (const name of Object.keys(query).sort()) {
    for (const value of [query[name]].flat()) {
      parts.push(value === null || value === undefined ? encode(name) : `${encode(name)}=${encode(value)}`);
    }
  }
  return parts.length > 0 ? `?${parts.join("&")}` : "";
}

/** As the signature has it: what `encodeURIComponent` leaves alone beyond RFC 3986 is encoded too. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);
}

function singleHeaders(headers: http.IncomingHttpHeaders): Record<string, string> {
  const single: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) single[name] = Array.isArray(value) ? value.join(", ") : value;
  }
  return single;
}
