import { isTrunksError, TrunksError } from "@trunks/core";
import { type Clock, systemClock } from "./clock.ts";
import type { BackendRequest } from "./intercept.ts";

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

/** The tries of one request. */
export class Attempts {
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
