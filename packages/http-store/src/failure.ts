import { type ErrorCode, type Operation, TrunksError } from "@trunks/core";
import type { Exchange } from "./exchange.ts";

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
  /** The bucket or container and where it is, for messages. */
  readonly place: string;
  readonly exchange: Exchange;
  readonly signal?: AbortSignal;
  /** What must not stand in a message. */
  readonly secrets: readonly string[];
}

/** What a refusal means, and what the user can do. */
export interface Meaning {
  readonly code: ErrorCode;
  readonly retryable?: boolean;
  readonly hint?: string;
  /** Whether the store may have done what it was asked all the same. */
  readonly undecided?: boolean;
}

/** The error for an answer that refuses. `text`: what the store said, without secrets; `refusal`: the same, as the cause. */
export function refused(refusal: Error, meaning: Meaning, text: string, attempt: Attempt): TrunksError {
  const options = { cause: refusal, retryAfterMs: readRetryAfter(attempt.exchange) };
  const said = `${headOf(attempt)}: ${text}`;
  if (meaning.undecided && attempt.loss !== "harmless") {
    return new TrunksError("OUTCOME_UNKNOWN", said, { ...options, retryable: attempt.loss === "repeatable" });
  }
  return new TrunksError(meaning.code, said, { ...options, retryable: meaning.retryable, hint: meaning.hint });
}

/** Nothing of the request reached the store. */
export function unsent(error: unknown, attempt: Attempt): TrunksError {
  const cause = bareError(error, attempt.secrets);
  const text = `${headOf(attempt)}: ${attempt.place}: ${cause.message}`;
  if (/CERT|SELF_SIGNED|UNABLE_TO_VERIFY|^ERR_TLS|^ERR_SSL|^EPROTO$/.test(cause.code ?? "")) {
    const hint = "check the endpoint; NODE_EXTRA_CA_CERTS names the certificates of an authority of your own";
    return new TrunksError("UNAVAILABLE", text, { cause, hint });
  }
  const hint = "check the network and the endpoint";
  return new TrunksError("UNAVAILABLE", text, { cause, retryable: true, hint });
}

/** The request, or part of it, left; no answer came, or none that can be read. */
export function lost(error: unknown, attempt: Attempt): TrunksError {
  const what = attempt.exchange.status === undefined ? "gave no answer" : "gave an answer that cannot be read";
  const cause = bareError(error, attempt.secrets);
  const text = `${headOf(attempt)}: ${attempt.place} ${what}: ${cause.message}`;
  if (attempt.loss === "harmless") return new TrunksError("UNAVAILABLE", text, { cause, retryable: true });
  return new TrunksError("OUTCOME_UNKNOWN", text, { cause, retryable: attempt.loss === "repeatable" });
}

/** The beginning of every message: `create a/b`. */
export function headOf({ operation, key }: Attempt): string {
  return key === undefined || key === "" ? operation : `${operation} ${key}`;
}

/** How long the store asks to wait, in milliseconds. Seconds, or a date: RFC 9110, section 10.2.3. */
export function readRetryAfter({ headers }: Exchange): number | undefined {
  const text = headers["retry-after"];
  if (text === undefined) return undefined;
  const waitMs = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return Number.isFinite(waitMs) ? Math.max(0, waitMs) : undefined;
}

export function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // A connection tried at several addresses fails with a list and no message of its own.
  if (error instanceof AggregateError && error.message === "") return error.errors.map(textOf).join("; ");
  return error.message;
}

export function withoutSecrets(text: string, secrets: readonly string[]): string {
  // What is shorter is no secret, and may be part of any word.
  const long = secrets.filter((secret) => secret.length >= 8);
  return long.reduce((left, secret) => left.replaceAll(secret, "***"), text);
}

/** Client libraries hang the request, with its signature, and the answer on their errors: only the first line goes on. */
function bareError(error: unknown, secrets: readonly string[]): NodeJS.ErrnoException {
  const { code } = error as { code?: unknown };
  // A parser's words quote the answer.
  const isParser = error instanceof SyntaxError || code === "PARSE_ERROR";
  const [said = ""] = isParser ? ["it cannot be parsed"] : textOf(error).split("\n", 1);
  return Object.assign(new Error(withoutSecrets(said, secrets)), typeof code === "string" ? { code } : {});
}
