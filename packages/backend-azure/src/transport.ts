import * as http from "node:http";
import * as https from "node:https";
import type { Socket } from "node:net";

/** How far a request came, in the eyes of this side. It decides what a failure may be taken for. */
export class Exchange {
  /** False as long as no byte of the request can have reached the store. */
  sent = false;
  /** The status of the answer, once its head is there. */
  status: number | undefined;
  headers: http.IncomingHttpHeaders = {};
  answer: http.IncomingMessage | undefined;

  /** Forgets the request before: a call may need a second one. */
  restart(): void {
    this.sent = false;
    this.status = undefined;
    this.headers = {};
    this.answer = undefined;
  }
}

export interface TransportOptions {
  readonly connectTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly maxConnections: number;
}

export interface WireRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  readonly signal?: AbortSignal;
}

/**
 * A connection without use is closed before a store would do it, as a rule: a request sent into a closing connection is
 * one whose outcome nobody knows.
 */
const idleTimeoutMs = 5000;

/**
 * Sends the SDK's requests over kept connections. The SDK's own client tells neither whether a request had left when it
 * failed nor gives up on silence alone, and both decide what may be done next.
 */
export class Transport {
  readonly #options: TransportOptions;
  readonly #plainAgent: http.Agent;
  readonly #secureAgent: https.Agent;

  constructor(options: TransportOptions) {
    this.#options = options;
    const agentOptions = { keepAlive: true, maxSockets: options.maxConnections, timeout: idleTimeoutMs };
    this.#plainAgent = new http.Agent(agentOptions);
    this.#secureAgent = new https.Agent(agentOptions);
  }

  /** The answer, whatever its status, when its head is there. */
  async send(request: WireRequest, exchange: Exchange): Promise<http.IncomingMessage> {
    const { method, headers, body, signal } = request;
    signal?.throwIfAborted();
    const secure = request.url.startsWith("https:");
    const agent = secure ? this.#secureAgent : this.#plainAgent;
    const timeout = this.#options.requestTimeoutMs;
    const outgoing = (secure ? https : http).request(request.url, { agent, method, headers, timeout });
    outgoing.once("socket", (socket) => this.#watchConnecting(outgoing, socket, secure, exchange));
    giveUpOnAbort(outgoing, signal);
    const answer = new Promise<http.IncomingMessage>((resolve, reject) => {
      outgoing.once("error", reject);
      outgoing.once("close", () => reject(new Error("the connection was closed")));
      outgoing.once("response", (incoming) => {
        exchange.status = incoming.statusCode;
        exchange.headers = incoming.headers;
        exchange.answer = incoming;
        resolve(incoming);
      });
    });
    this.#giveUpOnSilence(outgoing);
    outgoing.end(body);
    return await answer;
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
