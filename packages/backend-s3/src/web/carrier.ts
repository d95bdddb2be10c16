import type { AnswerBody } from "@trunks/http-store";
import type { Carrier } from "../client.ts";
import type { ResolvedOptions } from "../options.ts";

/**
 * Requests by `fetch`, which does not tell how far a request came: what fails without an answer may have reached the
 * store. Gives up on an answer whose head, or whose next bytes, have not come after `requestTimeoutMs`.
 */
export function openCarrier({ requestTimeoutMs }: ResolvedOptions): Carrier {
  return {
    async send({ method, url, headers, body }, { signal: wanted, exchange }) {
      const silence = new Silence(requestTimeoutMs);
      const signal = wanted === undefined ? silence.signal : AbortSignal.any([wanted, silence.signal]);
      // Its host is the URL's. The last is not part of the signature: others on the way may say more.
      const sent = { ...headers, "accept-encoding": "identity" } as Record<string, string>;
      delete sent.host;
      exchange.sent = true;
      const response = await silence.watch(
        fetch(url, {
          method,
          headers: sent,
          body: body as Uint8Array<ArrayBuffer> | undefined,
          signal,
          redirect: "manual",
        }),
      );
      exchange.status = response.status;
      exchange.headers = Object.fromEntries(response.headers);
      const stream = bodyOf(response, silence, signal);
      return { status: response.status, headers: exchange.headers, body: stream, text: () => textOf(stream) };
    },
    destroy() {},
  };
}

async function textOf(body: AnswerBody): Promise<string> {
  const parts: string[] = [];
  const decoder = new TextDecoder();
  for await (const chunk of body) parts.push(decoder.decode(chunk, { stream: true }));
  return parts.join("") + decoder.decode();
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
