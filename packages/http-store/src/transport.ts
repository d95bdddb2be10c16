import type { Agent, ClientRequest, IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { TrunksError } from "@trunks/core";
import type { Exchange } from "./exchange.ts";

/** Not imported: an ES module's import of it loads Node's `fetch` too, which takes some milliseconds. */
const http = process.getBuiltinModule("node:http");

interface TransportOptions {
  readonly connectTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly maxConnections: number;
}

interface WireRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** With a stream, `headers` hold the length. An error of the stream is the error of the request. */
  readonly body?: Uint8Array | string | AsyncIterable<Uint8Array>;
  readonly signal?: AbortSignal;
}

/**
 * A connection without use is closed before a store would do it, as a rule: a request sent into a closing connection is
 * one whose outcome nobody knows.
 */
const idleTimeoutMs = 5000;

/**
 * Sends requests over kept connections, each once. Clients for Node as others make them tell neither whether a request had
 * left when it failed nor give up on silence alone, and both decide what may be done next.
 */
export class Transport {
  readonly #options: TransportOptions;
  /** By whether they are secure. */
  readonly #agents = new Map<boolean, Agent>();

  constructor(options: TransportOptions) {
    this.#options = options;
  }

  /** The answer, whatever its status, when its head is there. */
  async send(request: WireRequest, exchange: Exchange): Promise<IncomingMessage> {
    const { method, headers, body = "", signal } = request;
    signal?.throwIfAborted();
    const secure = request.url.startsWith("https:");
    const module = secure ? process.getBuiltinModule("node:https") : http;
    const { requestTimeoutMs: timeout, maxConnections: maxSockets } = this.#options;
    const agent = this.#agents.get(secure) ?? new module.Agent({ keepAlive: true, maxSockets, timeout: idleTimeoutMs });
    this.#agents.set(secure, agent);
    const outgoing = module.request(request.url, { agent, method, headers, timeout });
    outgoing.once("socket", (socket) => this.#watchConnecting(outgoing, socket, secure, exchange));
    giveUpOnAbort(outgoing, signal);
    const answer = new Promise<IncomingMessage>((resolve, reject) => {
      outgoing.once("error", reject);
      outgoing.once("close", () => reject(new Error("the connection was closed")));
      outgoing.once("response", (incoming) => {
        exchange.status = incoming.statusCode;
        exchange.headers = singleHeaders(incoming);
        // Who answers before it has heard everything wants no more.
        if (!outgoing.writableEnded) incoming.once("end", () => outgoing.destroy());
        resolve(incoming);
      });
    });
    const source = { isSlow: false };
    this.#giveUpOnSilence(outgoing, source);
    if (typeof body === "string" || body instanceof Uint8Array) outgoing.end(body);
    else void sendStream(outgoing, body, source);
    return await answer;
  }

  /** Closes all connections, those in use as well. */
  destroy(): void {
    for (const agent of this.#agents.values()) agent.destroy();
  }

  #watchConnecting(outgoing: ClientRequest, socket: Socket, secure: boolean, exchange: Exchange): void {
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

  #giveUpOnSilence(outgoing: ClientRequest, source: { readonly isSlow: boolean }): void {
    const { requestTimeoutMs } = this.#options;
    let incoming: IncomingMessage | undefined;
    outgoing.once("response", (response) => {
      incoming = response;
    });
    outgoing.on("timeout", () => {
      // Bytes that wait here, or that nobody has brought yet: then it is not the store that is slow.
      const isOurs = incoming === undefined ? source.isSlow : incoming.readableLength > 0;
      if (isOurs) outgoing.setTimeout(requestTimeoutMs);
      else (incoming ?? outgoing).destroy(timeoutError(`no byte moved for ${requestTimeoutMs} ms`));
    });
  }
}

/** Sends a body as fast as the store takes it. Ends quietly when the store has answered or the request is over. */
async function sendStream(
  outgoing: ClientRequest,
  body: AsyncIterable<Uint8Array>,
  source: { isSlow: boolean },
): Promise<void> {
  try {
    source.isSlow = true;
    for await (const chunk of body) {
      source.isSlow = false;
      if (outgoing.destroyed) return;
      if (!outgoing.write(chunk)) await drained(outgoing);
      source.isSlow = true;
    }
    outgoing.end();
  } catch (error) {
    outgoing.destroy(error as Error);
  } finally {
    source.isSlow = false;
  }
}

function drained(outgoing: ClientRequest): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      outgoing.off("drain", done);
      outgoing.off("close", done);
      resolve();
    };
    outgoing.once("drain", done);
    outgoing.once("close", done);
  });
}

function giveUpOnAbort(outgoing: ClientRequest, signal: AbortSignal | undefined): void {
  if (signal === undefined) return;
  let incoming: IncomingMessage | undefined;
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

/** Each of one value, by names in lower case. */
function singleHeaders({ headers }: IncomingMessage): Record<string, string> {
  const entries = Object.entries(headers).map(([name, value]) => [name, [value].flat().join(", ")]);
  return Object.fromEntries(entries);
}

/** Answers that are no body of a key are far smaller. */
const maxTextBytes = 64 * 2 ** 20;

/** The whole body of an answer that is no body of a key. */
export async function readText(answer: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer) {
    size += chunk.length;
    if (size > maxTextBytes) throw new TrunksError("NOT_SUPPORTED", "the store sent an answer without an end");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
