import type { AnswerBody, Exchange } from "@trunks/http-store";
import type { Answer } from "./command.ts";

/** A request that is ready to be sent. */
export interface SignedRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  readonly body?: Uint8Array;
}

export interface Sending {
  readonly abortSignal?: AbortSignal;
  readonly exchange: Exchange;
}

/**
 * Sends a request by `fetch`, which does not tell how far a request came: what fails without an answer may have reached the
 * store. Gives up on an answer whose head, or whose next bytes, have not come after `requestTimeoutMs`.
 */
export async function exchangeByFetch(
  { method, url, headers, body }: SignedRequest,
  { abortSignal, exchange }: Sending,
  requestTimeoutMs: number,
): Promise<Answer> {
  const silence = new Silence(requestTimeoutMs);
  const signal = abortSignal === undefined ? silence.signal : AbortSignal.any([abortSignal, silence.signal]);
  exchange.sent = true;
  const response = await silence.watch(
    fetch(url, { method, headers, body: body as Uint8Array<ArrayBuffer> | undefined, signal, redirect: "manual" }),
  );
  exchange.status = response.status;
  exchange.headers = Object.fromEntries(response.headers);
  const stream = bodyOf(response, silence, signal);
  return {
    status: response.status,
    headers: exchange.headers,
    body: stream,
    async text() {
      const parts: string[] = [];
      const decoder = new TextDecoder();
      for await (const chunk of stream) parts.push(decoder.decode(chunk, { stream: true }));
      return parts.join("") + decoder.decode();
    },
  };
}

/** Raises its signal when what it watches takes too long. */
class Silence {
  readonly #controller = new AbortController();
  readonly #timeoutMs: number;

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  async watch<Result>(work: Promise<Result>): Promise<Result> {
    const timer = setTimeout(() => this.end(new Error(`no byte moved for ${this.#timeoutMs} ms`)), this.#timeoutMs);
    try {
      return await work;
    } finally {
      clearTimeout(timer);
    }
  }

  end(reason: Error): void {
    this.#controller.abort(reason);
  }
}

function bodyOf(response: Response, silence: Silence, signal: AbortSignal): AnswerBody {
  const reader = response.body?.getReader();
  // It fails where the end of the exchange was met first.
  const cancel = () => reader?.cancel().catch(() => {});
  signal.addEventListener("abort", cancel, { once: true });
  return {
    async *[Symbol.asyncIterator]() {
      for (;;) {
        const step = await silence.watch(reader?.read() ?? Promise.resolve({ done: true, value: undefined } as const));
        // Not every runtime tells a body that was given up from one that ended.
        if (signal.aborted) throw signal.reason;
        if (step.value !== undefined) yield step.value;
        if (step.done) break;
      }
      signal.removeEventListener("abort", cancel);
    },
    destroy: () => silence.end(new Error("the answer was not wanted")),
  };
}
