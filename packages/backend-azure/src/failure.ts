import { isTrunksError, type Operation, TrunksError } from "@trunks/core";
import { meaningOf, Refusal } from "./refusal.ts";
import type { Exchange } from "./transport.ts";

/**
 * What it means when nobody knows whether a request had its effect. `harmless`: it has none that anyone sees, so it just
 * failed. `repeatable`: not known, but doing it again does no harm. `final`: not known, and only the caller can find out.
 */
export type Loss = "harmless" | "repeatable" | "final";

/** A request, for those who explain its failure. */
export interface Attempt {
  readonly operation: Operation;
  readonly key?: string;
  readonly loss: Loss;
  /** As in `ResolvedOptions`. */
  readonly place: string;
  readonly exchange: Exchange;
  readonly signal?: AbortSignal;
  /** What must not stand in a message. */
  readonly secrets: readonly string[];
}

/** The one error that a failed request becomes. */
export function failure(error: unknown, attempt: Attempt): TrunksError {
  const { exchange, signal } = attempt;
  if (signal?.aborted) return abortedError(signal);
  // The source of a body.
  if (isTrunksError(error)) return error;
  if ((exchange.status ?? 0) >= 300) return refused(attempt);
  return exchange.sent ? lost(error, attempt) : unsent(error, attempt);
}

export function abortedError(signal: AbortSignal): TrunksError {
  return new TrunksError("ABORTED", "aborted", { cause: signal.reason });
}

/** A body that broke on its way here. */
export function brokenBody(error: unknown, place: string): TrunksError {
  const text = `${place}: the answer broke off: ${textOf(error)}`;
  return new TrunksError("UNAVAILABLE", text, { cause: error, retryable: true });
}

/** The error for an answer that refuses. Of the answer only its head counts: a body may repeat what was signed. */
function refused(attempt: Attempt): TrunksError {
  const { exchange, place, loss } = attempt;
  const said = String(exchange.headers["x-ms-error-code"] ?? "");
  const refusal = new Refusal(exchange.status ?? 0, /^\w{1,60}$/.test(said) ? said : "");
  const retryAfterMs = readRetryAfter(exchange.headers["retry-after"]);
  const meaning = meaningOf(refusal, retryAfterMs !== undefined);
  const text = `${describe(attempt)}: ${place} answered ${refusal.message}`;
  const options = { cause: refusal, retryAfterMs };
  if (meaning.undecided && loss !== "harmless") {
    return new TrunksError("OUTCOME_UNKNOWN", text, { ...options, retryable: loss === "repeatable" });
  }
  return new TrunksError(meaning.code, text, { ...options, retryable: meaning.retryable, hint: meaning.hint });
}

/** Nothing of the request reached the store. */
function unsent(error: unknown, attempt: Attempt): TrunksError {
  const { code = "" } = error as NodeJS.ErrnoException;
  const cause = bareError(error, attempt.secrets);
  const text = `${describe(attempt)}: ${attempt.place}: ${cause.message}`;
  if (/CERT|SELF_SIGNED|UNABLE_TO_VERIFY|^ERR_TLS|^ERR_SSL|^EPROTO$/.test(code)) {
    const hint = "check the endpoint; NODE_EXTRA_CA_CERTS names the certificates of an authority of your own";
    return new TrunksError("UNAVAILABLE", text, { cause, hint });
  }
  const hint = "check the network and the endpoint";
  return new TrunksError("UNAVAILABLE", text, { cause, retryable: true, hint });
}

/** The request, or part of it, left; no answer came, or none that can be read. */
function lost(error: unknown, attempt: Attempt): TrunksError {
  const what = attempt.exchange.status === undefined ? "gave no answer" : "gave an answer that cannot be read";
  const cause = bareError(error, attempt.secrets);
  const text = `${describe(attempt)}: ${attempt.place} ${what}: ${cause.message}`;
  if (attempt.loss === "harmless") return new TrunksError("UNAVAILABLE", text, { cause, retryable: true });
  return new TrunksError("OUTCOME_UNKNOWN", text, { cause, retryable: attempt.loss === "repeatable" });
}

/** The SDK hangs the request, with its signature, and the answer on its errors: only their first line goes on. */
function bareError(error: unknown, secrets: readonly string[]): Error {
  // A parser's words quote the answer.
  const isParser = (error as { code?: string }).code === "PARSE_ERROR";
  const [said = ""] = isParser ? ["it cannot be parsed"] : textOf(error).split("\n", 1);
  return Object.assign(new Error(withoutSecrets(said, secrets)), { code: (error as NodeJS.ErrnoException).code });
}

function describe({ operation, key }: Attempt): string {
  return key === undefined || key === "" ? operation : `${operation} ${key}`;
}

function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // A connection tried at several addresses fails with a list and no message of its own.
  if (error instanceof AggregateError && error.message === "") return error.errors.map(textOf).join("; ");
  return error.message;
}

function withoutSecrets(text: string, secrets: readonly string[]): string {
  // What is shorter is no secret, and may be part of any word.
  const long = secrets.filter((secret) => secret.length >= 8);
  return long.reduce((left, secret) => left.replaceAll(secret, "***"), text);
}

/** Seconds, or a date: RFC 9110, section 10.2.3. */
function readRetryAfter(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const waitMs = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return Number.isFinite(waitMs) ? Math.max(0, waitMs) : undefined;
}
