import { type Backend, type Content, isTrunksError, resolveRange, streamContent, TrunksError } from "@trunks/core";
import { type Clock, systemClock } from "./clock.ts";
import { type BackendRequest, intercept } from "./intercept.ts";

export interface RetryOptions {
  /** How often a request is tried, the first time included. Default 12. */
  readonly maxAttempts?: number;
  /**
   * So long after the first try, in milliseconds, the last one may begin. Default 60,000: somebody waits in front of
   * `git push`. A try that is under way is never cut short.
   */
  readonly deadlineMs?: number;
  /** The longest wait before the second try, in milliseconds; it doubles with each further one. Default 100. */
  readonly baseDelayMs?: number;
  /** No wait is longer, in milliseconds, unless the store asks for it. Default 10,000. */
  readonly maxDelayMs?: number;
  readonly clock?: Clock;
  /** From 0 up to, not including, 1. Default `Math.random`. */
  readonly random?: () => number;
}

/**
 * Repeats what failed and may be repeated without harm, after exponentially growing, fully random waits ("full jitter",
 * from the AWS architecture blog's "Exponential Backoff And Jitter"). A store's own `retryAfterMs` is waited for first.
 *
 * - get and list: when the error says `retryable`. A body that breaks on its way goes on from where it broke; when the
 *   key has gone or changed its size by then, the reader gets `UNAVAILABLE` and must begin again. Progress renews the
 *   allowance of tries.
 * - put and delete: the same, and after `OUTCOME_UNKNOWN`: doing them twice does no harm.
 * - create: only after a retryable `UNAVAILABLE` or `RATE_LIMITED`, which say that nothing was written. After
 *   `OUTCOME_UNKNOWN` only the caller can tell its own write from another's.
 *
 * Gives up with the last error's code, its message behind the number of tries, and the error itself as the cause.
 */
export function retry(backend: Backend, options: RetryOptions = {}): Backend {
  async function persist<Answer>(request: BackendRequest, attempt: () => Promise<Answer>): Promise<Answer> {
    const attempts = new Attempts(request, options);
    for (;;) {
      try {
        return await attempt();
      } catch (error) {
        await attempts.waitAfter(error);
      }
    }
  }
  return intercept(backend, {
    call: (request, send) => persist(request, () => send(request.signal)),
    async get(request, send) {
      const content = await persist(request, () => send(request.signal));
      return content && resumed(backend, request, content, options);
    },
  });
}

/** The tries of one request. */
class Attempts {
  readonly #request: BackendRequest;
  readonly #options: RetryOptions;
  readonly #clock: Clock;
  readonly #startedMs: number;
  #failed = 0;

  constructor(request: BackendRequest, options: RetryOptions) {
    this.#request = request;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#startedMs = this.#clock.now();
  }

  /** Resolves when it is time for another try. Throws when there is none. */
  async waitAfter(error: unknown): Promise<void> {
    if (!mayRepeat(this.#request, error)) throw error;
    this.#failed += 1;
    const { maxAttempts = 12, deadlineMs = 60_000, baseDelayMs = 100, maxDelayMs = 10_000 } = this.#options;
    const leftMs = this.#startedMs + deadlineMs - this.#clock.now();
    const askedMs = error.retryAfterMs ?? 0;
    if (this.#failed >= maxAttempts || leftMs <= 0 || askedMs > leftMs) throw this.#givenUp(error);
    const random = this.#options.random ?? Math.random;
    const jitterMs = random() * Math.min(maxDelayMs, baseDelayMs * 2 ** (this.#failed - 1));
    await this.#clock.sleep(Math.min(askedMs + jitterMs, leftMs), this.#request.signal);
  }

  #givenUp(error: TrunksError): TrunksError {
    const { operation, keys } = this.#request;
    const seconds = ((this.#clock.now() - this.#startedMs) / 1000).toFixed(1);
    const tries = this.#failed === 1 ? "1 attempt" : `${this.#failed} attempts`;
    const { code, retryable, retryAfterMs, hint } = error;
    const message = `${operation} ${keys[0] ?? ""}: gave up after ${tries} in ${seconds} s: ${error.message}`;
    return new TrunksError(code, message, { cause: error, retryable, retryAfterMs, hint });
  }
}

function mayRepeat(request: BackendRequest, error: unknown): error is TrunksError {
  if (!isTrunksError(error)) return false;
  switch (request.operation) {
    case "create":
      return error.retryable && (error.code === "UNAVAILABLE" || error.code === "RATE_LIMITED");
    case "put":
    case "delete":
      return error.retryable || error.code === "OUTCOME_UNKNOWN";
    default:
      return error.retryable;
  }
}

/** `content`, going on with a further get wherever it breaks. */
function resumed(backend: Backend, request: BackendRequest, content: Content, options: RetryOptions): Content {
  const { totalSize, size } = content;
  const { start } = resolveRange(request.range, totalSize);
  const end = start + size;
  const key = request.keys[0] as string;
  let current: Content | undefined = content;
  async function* chunks(): AsyncGenerator<Uint8Array> {
    let offset = start;
    let attempts: Attempts | undefined;
    for (;;) {
      try {
        current ??= await backend.get(key, { range: { start: offset, end }, signal: request.signal });
        if (current === undefined || current.totalSize !== totalSize) break;
        for await (const chunk of current) {
          offset += chunk.length;
          attempts = undefined;
          yield chunk;
        }
        return;
      } catch (error) {
        current = undefined;
        if (offset === end) return;
        attempts ??= new Attempts(request, options);
        await attempts.waitAfter(error);
      }
    }
    await current?.cancel();
    throw new TrunksError("UNAVAILABLE", `${key} changed while it was read`, { retryable: true });
  }
  return { ...streamContent(chunks(), size, totalSize), cancel: async () => await current?.cancel() };
}
