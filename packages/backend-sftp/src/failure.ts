import { abortedError, type ErrorCode, isTrunksError, type Operation, TrunksError } from "@trunks/core";
import { Refusal, status } from "./refusal.ts";

/**
 * What it means when nobody knows whether a request had its effect. `harmless`: it has none that anyone sees, so it just
 * failed. `repeatable`: not known, but doing it again does no harm. `final`: not known, and only the caller can find out.
 */
export type Loss = "harmless" | "repeatable" | "final";

/** An operation, for those who explain its failure. */
export interface Attempt {
  readonly operation: Operation;
  readonly key?: string;
  readonly signal?: AbortSignal;
  /** The server, for messages. */
  readonly place: string;
}

interface Meaning {
  readonly code: ErrorCode;
  readonly what: string;
  readonly hint?: string;
}

const meanings: Readonly<Record<number, Meaning>> = {
  [status.noSuchFile]: { code: "UNAVAILABLE", what: "a file or folder was removed meanwhile" },
  [status.permissionDenied]: {
    code: "PERMISSION_DENIED",
    what: "this user may not",
    hint: "see on the server who may: ls -ld the folder; a server can also be set up to be read only",
  },
  [status.badMessage]: { code: "NOT_SUPPORTED", what: "the server cannot do this, or holds no name of this length" },
  [status.unsupported]: { code: "NOT_SUPPORTED", what: "the server cannot do this" },
};

/** The one error that a failed request becomes. */
export function failure(error: unknown, attempt: Attempt, loss: Loss): TrunksError {
  const { signal } = attempt;
  if (isTrunksError(error)) return error;
  if (signal?.aborted) return abortedError(signal);
  const cause = error instanceof Error ? error : new Error(String(error));
  if (cause instanceof Refusal) {
    const meaning = meanings[cause.status];
    const said = `${headOf(attempt)} answered ${cause.status}: ${cause.message}`;
    const text = meaning === undefined ? `${said}, and does not say why` : `${said}: ${meaning.what}`;
    return new TrunksError(meaning?.code ?? "UNAVAILABLE", text, { cause, hint: meaning?.hint });
  }
  const text = `${headOf(attempt)} gave no answer: ${cause.message}`;
  if (loss === "harmless") return new TrunksError("UNAVAILABLE", text, { cause, retryable: true });
  return new TrunksError("OUTCOME_UNKNOWN", text, { cause, retryable: loss === "repeatable" });
}

/** The beginning of every message: `create a/b: me@files.example:22`. */
export function headOf({ operation, key, place }: Attempt): string {
  return `${key === undefined ? operation : `${operation} ${key}`}: ${place}`;
}
