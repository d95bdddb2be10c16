import { abortedError, isTrunksError, type TrunksError } from "@trunks/core";
import { type Attempt, lost, readRetryAfter, refused, unsent } from "@trunks/http-store";
import { meaningOf, Refusal } from "./refusal.ts";

/** The one error that a failed request becomes. */
export function failure(error: unknown, attempt: Attempt): TrunksError {
  const { exchange, signal } = attempt;
  if (signal?.aborted) return abortedError(signal);
  // The source of a body.
  if (isTrunksError(error)) return error;
  if ((exchange.status ?? 0) >= 300) return refusedBy(attempt);
  return exchange.sent ? lost(error, attempt) : unsent(error, attempt);
}

/** The error for an answer that refuses. Of the answer only its head counts: a body may repeat what was signed. */
function refusedBy(attempt: Attempt): TrunksError {
  const { exchange, place } = attempt;
  const said = exchange.headers["x-ms-error-code"] ?? "";
  const refusal = new Refusal(exchange.status ?? 0, /^\w{1,60}$/.test(said) ? said : "");
  const meaning = meaningOf(refusal, readRetryAfter(exchange) !== undefined);
  return refused(refusal, meaning, `${place} answered ${refusal.message}`, attempt);
}
