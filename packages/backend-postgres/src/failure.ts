import { abortedError, type Operation, TrunksError } from "@trunks/core";
import { meaningOf, Refusal } from "./refusal.ts";

/**
 * What it means when nobody knows whether a statement had its effect. `harmless`: it has none that anyone sees, so it
 * just failed. `repeatable`: not known, but doing it again does no harm. `final`: not known, and only the caller can
 * find out.
 */
type Loss = "harmless" | "repeatable" | "final";

/** A statement, for those who explain its failure. */
export interface Attempt {
  readonly operation: Operation;
  readonly key?: string;
  readonly loss: Loss;
  readonly signal?: AbortSignal;
  /** One of many statements of a large body, which a connection more makes faster. Default false. */
  readonly bulk?: boolean;
}

/** Where and when a statement failed. */
export interface Circumstances {
  /** As in `ResolvedOptions`. */
  readonly place: string;
  /** Whether any of the statement may have reached the server. */
  readonly sent: boolean;
  /** What must not stand in a message. */
  readonly secret: string | undefined;
}

/** The one error that a failed statement becomes. */
export function failure(error: unknown, attempt: Attempt, circumstances: Circumstances): TrunksError {
  const { signal, operation, key, loss } = attempt;
  if (signal?.aborted) return abortedError(signal);
  const { place, sent, secret } = circumstances;
  const what = `${key === undefined ? operation : `${operation} ${key}`}: ${place}`;
  const cause = readRefusal(error, secret) ?? plainError(error, secret);
  if (cause instanceof Refusal) {
    const meaning = meaningOf(cause, !sent);
    const text = `${what} answered ${cause.state}: ${cause.message}`;
    if (sent && meaning.undecided && loss !== "harmless") return unknown(text, cause, loss);
    return new TrunksError(meaning.code, text, { cause, retryable: meaning.retryable, hint: meaning.hint });
  }
  if (!sent) return unsent(`${what}: ${cause.message}`, cause);
  const text = `${what} gave no answer: ${cause.message}`;
  if (loss !== "harmless") return unknown(text, cause, loss);
  return new TrunksError("UNAVAILABLE", text, { cause, retryable: true });
}

/** SQLSTATE of an error of the client library, when it is an answer of the server. */
export function stateOf(error: unknown): string | undefined {
  const { code, severity } = error as { code?: unknown; severity?: unknown };
  return typeof code === "string" && typeof severity === "string" ? code : undefined;
}

function readRefusal(error: unknown, secret: string | undefined): Refusal | undefined {
  const state = stateOf(error);
  return state === undefined ? undefined : new Refusal(state, withoutSecret(textOf(error), secret));
}

/** A copy of what matters: the library's errors may hold on to the connection and its password. */
function plainError(error: unknown, secret: string | undefined): NodeJS.ErrnoException {
  const plain: NodeJS.ErrnoException = new Error(withoutSecret(textOf(error), secret));
  const { code } = error as NodeJS.ErrnoException;
  if (typeof code === "string") plain.code = code;
  return plain;
}

/** Nothing of the statement reached the server. */
function unsent(text: string, cause: NodeJS.ErrnoException): TrunksError {
  if (/password must be a (non-empty )?string/.test(cause.message)) {
    const hint = "set PGPASSWORD, write it into ~/.pgpass, or use `trunks storage add`";
    return new TrunksError("UNAUTHENTICATED", text, { cause, hint });
  }
  if (/does not support SSL/.test(cause.message)) {
    return new TrunksError("UNAVAILABLE", text, { cause, hint: "the server speaks no TLS, and sslmode asks for it" });
  }
  if (/CERT|SELF_SIGNED|UNABLE_TO_VERIFY|^ERR_TLS|^ERR_SSL|^EPROTO$/.test(cause.code ?? "")) {
    const hint = "check the host; sslrootcert names the certificates of an authority of your own";
    return new TrunksError("UNAVAILABLE", text, { cause, hint });
  }
  return new TrunksError("UNAVAILABLE", text, {
    cause,
    retryable: true,
    hint: "check the network, the host and the port",
  });
}

function unknown(text: string, cause: Error, loss: Loss): TrunksError {
  return new TrunksError("OUTCOME_UNKNOWN", text, { cause, retryable: loss === "repeatable" });
}

function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // A connection tried at several addresses fails with a list and no message of its own.
  if (error instanceof AggregateError && error.message === "") return error.errors.map(textOf).join("; ");
  return error.message;
}

function withoutSecret(text: string, secret: string | undefined): string {
  // What is shorter is no secret, and may be part of any word.
  return secret === undefined || secret.length < 8 ? text : text.replaceAll(secret, "***");
}
