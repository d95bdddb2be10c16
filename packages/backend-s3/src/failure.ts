import { type ErrorCode, type Operation, TrunksError } from "@trunks/core";
import type { Exchange } from "./exchange.ts";
import { credentialsHint } from "./options.ts";
import { clockHint, meaningOf, Refusal } from "./refusal.ts";

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
  const refusal = readRefusal(error, attempt);
  if (refusal !== undefined) return refused(refusal, attempt);
  if (!exchange.sent) return unsent(error, attempt);
  return lost(error, attempt);
}

export function abortedError(signal: AbortSignal): TrunksError {
  return new TrunksError("ABORTED", "aborted", { cause: signal.reason });
}

/** A body that broke on its way here. */
export function brokenBody(error: unknown, place: string): TrunksError {
  return new TrunksError("UNAVAILABLE", `${place}: the answer broke off: ${textOf(error)}`, {
    cause: error,
    retryable: true,
  });
}

/** The fields of the SDK's errors that matter here. */
interface ServiceError {
  readonly name?: string;
  readonly message?: string;
  readonly Code?: string;
  readonly ActualObjectSize?: string;
  readonly $metadata?: { readonly httpStatusCode?: number; readonly requestId?: string };
}

function readRefusal(error: unknown, { exchange, secrets }: Attempt): Refusal | undefined {
  const { name = "", message = "", Code, ActualObjectSize, $metadata } = error as ServiceError;
  // The SDK turns an answer 200 with an error in its body into a 503.
  const status = $metadata?.httpStatusCode ?? exchange.status;
  if (status === undefined || status < 300) return undefined;
  const sizeText = /^bytes \*\/(\d+)$/.exec(exchange.headers["content-range"] ?? "")?.[1] ?? ActualObjectSize;
  // Without a code of the store's own, the message is the SDK's, about its trouble to read the answer.
  const code = typeof Code === "string" ? Code : name === "InternalError" ? name : "";
  return new Refusal({
    status,
    code: withoutSecrets(code, secrets),
    message: withoutSecrets(code === "" || message === "UnknownError" ? "" : message, secrets),
    requestId: $metadata?.requestId,
    totalSize: sizeText === undefined ? undefined : Number(sizeText),
  });
}

function refused(refusal: Refusal, attempt: Attempt): TrunksError {
  const retryAfterMs = readRetryAfter(attempt.exchange.headers["retry-after"]);
  const meaning = meaningOf(refusal, retryAfterMs !== undefined);
  const said = [refusal.status, refusal.code].filter(Boolean).join(" ");
  const text = `${attempt.place} answered ${said}${refusal.message === "" ? "" : `: ${refusal.message}`}`;
  const options = { cause: refusal, retryAfterMs };
  if (meaning.undecided && attempt.loss !== "harmless") {
    return new TrunksError("OUTCOME_UNKNOWN", `${describe(attempt)}: ${text}`, {
      ...options,
      retryable: attempt.loss === "repeatable",
    });
  }
  const region = attempt.exchange.headers["x-amz-bucket-region"];
  const clock = isAccess(meaning.code) ? clockDifference(attempt.exchange.headers.date) : undefined;
  const hint = clock === undefined ? meaning.hint?.replace("<region>", region ?? "<region>") : clockHint;
  return new TrunksError(meaning.code, `${describe(attempt)}: ${clock === undefined ? "" : `${clock}; `}${text}`, {
    ...options,
    retryable: meaning.retryable,
    hint,
  });
}

function isAccess(code: ErrorCode): boolean {
  return code === "UNAUTHENTICATED" || code === "PERMISSION_DENIED";
}

/** Below this no store minds; S3 itself refuses what was signed more than 15 minutes ago or ahead. */
const toleratedSkewMs = 5 * 60_000;

/** Says how wrong this machine's clock is beside the one that an answer is dated by; `undefined` when it is right. */
function clockDifference(date: string | undefined): string | undefined {
  const skewMs = Date.now() - Date.parse(date ?? "");
  if (!(Math.abs(skewMs) >= toleratedSkewMs)) return undefined;
  const minutes = Math.round(Math.abs(skewMs) / 60_000);
  return `this machine's clock is ${minutes} minutes ${skewMs > 0 ? "ahead of" : "behind"} the store's`;
}

/** Nothing of the request reached the store. */
function unsent(error: unknown, attempt: Attempt): TrunksError {
  const { name = "", message = "" } = error as ServiceError;
  const code = (error as NodeJS.ErrnoException).code ?? "";
  const text = `${describe(attempt)}: ${attempt.place}: ${withoutSecrets(textOf(error), attempt.secrets)}`;
  if (/Credential|TokenProvider/.test(name)) {
    return new TrunksError("UNAUTHENTICATED", text, { cause: error, hint: credentialsHint });
  }
  if (message === "Region is missing") {
    const hint = "add ?region=<region> to the URL, or set AWS_REGION";
    return new TrunksError("CONFIG_INVALID", `${attempt.place} needs a region`, { cause: error, hint });
  }
  if (/CERT|SELF_SIGNED|UNABLE_TO_VERIFY|^ERR_TLS|^ERR_SSL|^EPROTO$/.test(code)) {
    const hint = "check the endpoint; NODE_EXTRA_CA_CERTS names the certificates of an authority of your own";
    return new TrunksError("UNAVAILABLE", text, { cause: error, hint });
  }
  if (code !== "") {
    const hint = "check the network and the endpoint";
    return new TrunksError("UNAVAILABLE", text, { cause: error, retryable: true, hint });
  }
  return new TrunksError("INTERNAL", text, { cause: error });
}

/** The request, or part of it, left; no answer came, or none that can be read. */
function lost(error: unknown, attempt: Attempt): TrunksError {
  const answered = attempt.exchange.status !== undefined;
  const cause = answered ? unreadable(error, attempt.secrets) : error;
  const what = answered ? "gave an answer that cannot be read" : "gave no answer";
  const text = `${describe(attempt)}: ${attempt.place} ${what}: ${textOf(cause)}`;
  if (attempt.loss === "harmless") return new TrunksError("UNAVAILABLE", text, { cause, retryable: true });
  return new TrunksError("OUTCOME_UNKNOWN", text, { cause, retryable: attempt.loss === "repeatable" });
}

/** The SDK hangs the answer, and with it whatever the store repeats of a request, on its error. */
function unreadable(error: unknown, secrets: readonly string[]): Error {
  const [said = ""] = textOf(error).split("\n");
  return new Error(withoutSecrets(said, secrets));
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
