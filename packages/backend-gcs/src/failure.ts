import { abortedError, isTrunksError, type TrunksError } from "@trunks/core";
import { type Attempt, lost, readRetryAfter, refused, unsent, withoutSecrets } from "@trunks/http-store";
import { meaningOf, Refusal } from "./refusal.ts";

/** The one error that a request without an answer becomes. */
export function failure(error: unknown, attempt: Attempt): TrunksError {
  const { exchange, signal } = attempt;
  if (signal?.aborted) return abortedError(signal);
  // The source of a body.
  if (isTrunksError(error)) return error;
  return exchange.sent ? lost(error, attempt) : unsent(error, attempt);
}

/** The error for an answer that refuses. `body`: its text, as JSON where the store itself speaks. */
export function refusedBy(body: string, attempt: Attempt): TrunksError {
  const { exchange, place, secrets } = attempt;
  const { reason, message } = readReason(body);
  const sizeText = /^bytes \*\/(\d+)$/.exec(exchange.headers["content-range"] ?? "")?.[1];
  const refusal = new Refusal({
    status: exchange.status ?? 0,
    reason: withoutSecrets(reason, secrets),
    message: withoutSecrets(message, secrets),
    totalSize: sizeText === undefined ? undefined : Number(sizeText),
  });
  const meaning = meaningOf(refusal, readRetryAfter(exchange) !== undefined);
  const said = [refusal.status, refusal.reason].filter(Boolean).join(" ");
  return refused(refusal, meaning, `${place} answered ${said}${refusal.message && `: ${refusal.message}`}`, attempt);
}

const maxMessageLength = 300;

/** The store's own words: `{ error: { message, errors: [{ reason }] } }`, or one line of text; nothing of a web page. */
function readReason(body: string): { reason: string; message: string } {
  try {
    const { error } = JSON.parse(body) as { error?: { message?: unknown; errors?: { reason?: unknown }[] } };
    const reason = error?.errors?.[0]?.reason;
    const message = error?.message;
    return {
      reason: typeof reason === "string" && /^\w+$/.test(reason) ? reason : "",
      message: typeof message === "string" ? message.slice(0, maxMessageLength) : "",
    };
  } catch {
    const line = body.trim();
    return { reason: "", message: /^[^<>\n]*$/.test(line) ? line.slice(0, maxMessageLength) : "" };
  }
}
