import {
  Agent,
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";

/** A request as it came in, before it went anywhere. */
export interface ProxiedRequest {
  /** 0 for the first request of the proxy, and so on. */
  readonly index: number;
  readonly method: string;
  /** Path without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
}

/** What happens to a request. Where a fault needs the real answer, the request went through whole before. */
export type ProxyAction =
  | {
      readonly do: "pass";
      /** How fast the answer's body travels. Default: as fast as it can. */
      readonly bytesPerSecond?: number;
    }
  /** The connection is reset before anything was forwarded. */
  | { readonly do: "reset-before" }
  /** The store does its work and answers; the client sees a reset connection. */
  | { readonly do: "reset-after" }
  /** The proxy answers by itself. */
  | {
      readonly do: "answer";
      readonly status: number;
      readonly headers?: Record<string, string>;
      readonly body?: string;
    }
  /** The real answer, of which only so many bytes of the body come before the connection is reset. */
  | { readonly do: "cut"; readonly bodyBytes: number }
  /** The real answer, with headers replaced; `undefined` leaves one out. */
  | { readonly do: "rewrite"; readonly status?: number; readonly headers: Record<string, string | undefined> }
  /** The request is read and never answered. */
  | { readonly do: "hang" }
  /** The head of the real answer and so many bytes of its body, and then silence. */
  | { readonly do: "stall"; readonly bodyBytes: number }
  /** The request goes on with other headers, or with the first byte of its body changed. */
  | { readonly do: "alter"; readonly headers?: Record<string, string | undefined>; readonly corruptBody?: boolean };

export type ProxyScript = (request: ProxiedRequest) => ProxyAction | Promise<ProxyAction>;

export interface ProxyOptions {
  /** What happens to each request. Default: all pass. */
  readonly script?: ProxyScript;
}

export interface TestProxy {
  /** For example `http://127.0.0.1:20001`. */
  readonly endpoint: string;
  /** All requests so far, in the order of their coming. */
  readonly requests: readonly ProxiedRequest[];
  /** How many connections were opened to the proxy so far. */
  readonly connections: number;
  /** Takes another script for the requests to come, and forgets those so far. */
  use(script: ProxyScript): void;
  stop(): Promise<void>;
}

const pass: ProxyScript = () => ({ do: "pass" });

/**
 * An HTTP proxy on 127.0.0.1 in front of a real server, for the faults that no server produces when asked: the target
 * does its real work, the way to it is bad. The `host` header stays, so that signed requests stay valid.
 */
export async function startProxy(target: string, options: ProxyOptions = {}): Promise<TestProxy> {
  const agent = new Agent({ keepAlive: true });
  const requests: ProxiedRequest[] = [];
  let script = options.script ?? pass;
  let connections = 0;
  const server = createServer(async (incoming, outgoing) => {
    const proxied = describe(incoming, requests.length);
    requests.push(proxied);
    const action = await script(proxied);
    await act(action, { incoming, outgoing, target: new URL(target), agent });
  });
  server.on("connection", () => connections++);
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    get connections() {
      return connections;
    },
    use(next) {
      script = next;
      requests.length = 0;
    },
    async stop() {
      agent.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface Exchange {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  readonly target: URL;
  readonly agent: Agent;
}

function describe(incoming: IncomingMessage, index: number): ProxiedRequest {
  const url = new URL(incoming.url ?? "/", "http://proxy");
  const { method = "", headers } = incoming;
  return { index, method, path: url.pathname, query: url.searchParams, headers };
}

async function act(action: ProxyAction, exchange: Exchange): Promise<void> {
  const { incoming, outgoing } = exchange;
  const socket = incoming.socket;
  switch (action.do) {
    case "reset-before":
      socket.resetAndDestroy();
      return;
    case "hang":
      incoming.resume();
      return;
    case "answer":
      incoming.resume();
      // A real server would not answer before it had read the request.
      await new Promise((resolve) => incoming.once("end", resolve));
      outgoing.writeHead(action.status, action.headers).end(action.body);
      return;
  }
  let answer: IncomingMessage;
  try {
    answer = await forward(exchange, action);
  } catch {
    socket.resetAndDestroy();
    return;
  }
  outgoing.once("close", () => answer.destroy());
  switch (action.do) {
    case "reset-after":
      answer.resume();
      await new Promise((resolve) => answer.once("close", resolve));
      socket.resetAndDestroy();
      return;
    case "cut":
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      await writePart(answer, outgoing, action.bodyBytes);
      socket.destroySoon();
      return;
    case "stall":
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      await writePart(answer, outgoing, action.bodyBytes);
      return;
    case "rewrite":
      outgoing.writeHead(action.status ?? answer.statusCode ?? 502, replaced(answer.headers, action.headers));
      answer.pipe(outgoing);
      return;
    default:
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.on("error", () => socket.resetAndDestroy());
      if (action.do === "pass" && action.bytesPerSecond !== undefined) {
        await pipeline(answer, slowed(action.bytesPerSecond), outgoing).catch(() => {});
      } else answer.pipe(outgoing);
  }
}

function forward({ incoming, target, agent }: Exchange, action: ProxyAction): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const altered = action.do === "alter" ? action : undefined;
    const onward = request(
      {
        agent,
        host: target.hostname,
        port: target.port,
        method: incoming.method,
        path: incoming.url,
        headers: replaced(incoming.headers, altered?.headers ?? {}),
      },
      resolve,
    );
    onward.on("error", reject);
    incoming.on("close", () => {
      if (!incoming.complete) onward.destroy();
    });
    if (!altered?.corruptBody) {
      incoming.pipe(onward);
      return;
    }
    incoming.once("data", (chunk: Buffer) => {
      chunk[0] = (chunk[0] ?? 0) ^ 0xff;
      onward.write(chunk);
      incoming.pipe(onward);
    });
  });
}

function replaced(
  headers: IncomingHttpHeaders,
  replacements: Record<string, string | undefined>,
): Record<string, string | string[]> {
  const entries = Object.entries({ ...headers, ...replacements });
  return Object.fromEntries(entries.filter((entry): entry is [string, string | string[]] => entry[1] !== undefined));
}

/** Against the clock and not chunk by chunk: timers overshoot, and small chunks would add that up. */
function slowed(bytesPerSecond: number) {
  return async function* (body: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    const startedMs = performance.now();
    let received = 0;
    for await (const chunk of body) {
      received += chunk.length;
      const earlyMs = startedMs + (received / bytesPerSecond) * 1000 - performance.now();
      if (earlyMs >= 1) await sleep(earlyMs);
      yield chunk;
    }
  };
}

/** Writes the first bytes of the answer's body and waits until they are on their way. */
async function writePart(answer: IncomingMessage, outgoing: ServerResponse, bodyBytes: number): Promise<void> {
  let left = bodyBytes;
  outgoing.flushHeaders();
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    const part = chunk.subarray(0, left);
    left -= part.length;
    if (part.length > 0) await new Promise((resolve) => outgoing.write(part, resolve));
    if (left === 0) break;
  }
  answer.destroy();
}
