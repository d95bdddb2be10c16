import type { IncomingMessage } from "node:http";
import { Exchange } from "@trunks/http-store";
import { Transport } from "@trunks/http-store/transport";

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
  readonly body: IncomingMessage;
}

interface HandlerOptions {
  readonly abortSignal?: AbortSignal;
  readonly exchange?: Exchange;
}

/** Sends the SDK's requests, in the place of its own handler. */
export class RequestHandler {
  readonly metadata = { handlerProtocol: "http/1.1" };
  readonly #transport: Transport;

  constructor(options: ConstructorParameters<typeof Transport>[0]) {
    this.#transport = new Transport(options);
  }

  async handle(request: WireRequest, options: HandlerOptions = {}): Promise<{ response: WireResponse }> {
    const { abortSignal: signal, exchange = new Exchange() } = options;
    const { protocol, hostname, port, method, headers, body } = request;
    const host = port === undefined ? hostname : `${hostname}:${port}`;
    const url = `${protocol}//${host}${request.path}${queryText(request.query)}`;
    const answer = await this.#transport.send({ method, url, headers, body, signal }, exchange);
    return { response: { statusCode: answer.statusCode ?? 0, headers: { ...exchange.headers }, body: answer } };
  }

  /** The SDK's way to change settings. There are none to change. */
  updateHttpClientConfig(): void {}

  httpHandlerConfigs(): object {
    return {};
  }

  /** Closes all connections, those in use as well. */
  destroy(): void {
    this.#transport.destroy();
  }
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
