import { abortedError, type ErrorCode, isTrunksError, type Operation, TrunksError } from "@trunks/core";

/** What a code at the end of a message of R2 means. Source: R2's own list of error codes. */
const meanings: Readonly<Record<number, { readonly code: ErrorCode; readonly retryable?: boolean }>> = {
  10002: { code: "UNAUTHENTICATED" },
  10003: { code: "PERMISSION_DENIED" },
  10042: { code: "PERMISSION_DENIED" },
  10006: { code: "NOT_FOUND" },
  // More than one write a second to one key.
  10058: { code: "RATE_LIMITED", retryable: true },
};

/** The number behind a message: `put: Reduce your rate of simultaneous reads on the same object. (10058)`. */
function codeOf(error: unknown): number | undefined {
  const found = /\((\d+)\)\s*$/.exec((error as Error | undefined)?.message ?? "")?.[1];
  return found === undefined ? undefined : Number(found);
}

/** The one error that a failed request becomes. */
export function failure(
  error: unknown,
  operation: Operation,
  key: string,
  signal: AbortSignal | undefined,
): TrunksError {
  if (signal?.aborted) return abortedError(signal);
  if (isTrunksError(error)) return error;
  const text = `${operation}${key === "" ? "" : ` ${key}`}: R2: ${error instanceof Error ? error.message : String(error)}`;
  const meaning = meanings[codeOf(error) ?? 0];
  if (meaning !== undefined) {
    return new TrunksError(meaning.code, text, { cause: error, retryable: meaning.retryable });
  }
  // Whether a write had its effect nobody knows; only that of a create must not be repeated.
  if (operation === "create") return new TrunksError("OUTCOME_UNKNOWN", text, { cause: error });
  if (operation === "put") return new TrunksError("OUTCOME_UNKNOWN", text, { cause: error, retryable: true });
  return new TrunksError("UNAVAILABLE", text, { cause: error, retryable: true });
}
