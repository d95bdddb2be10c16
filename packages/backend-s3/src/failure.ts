import { abortedError, type ErrorCode, TrunksError } from "@trunks/core";
import {
  type Attempt,
  headOf,
  lost,
  readRetryAfter,
  refused,
  textOf,
  unsent,
  withoutSecrets,
} from "@trunks/http-store";
import { credentialsHint } from "./options.ts";
import { clockHint, meaningOf, Refusal } from "./refusal.ts";
import { RefusedAnswer } from "./refused-answer.ts";

/** The one error that a failed request becomes. */
export function failure(error: unknown, attempt: Attempt): TrunksError {
  const { exchange, signal } = attempt;
  if (signal?.aborted) return abortedError(signal);
  const refusal = readRefusal(error, attempt);
  if (refusal !== undefined) return refusedBy(refusal, attempt);
  if (!exchange.sent) return notSent(error, attempt);
  return lost(error, attempt);
}

/** What the store said; of an answer that came without its body, the status alone. */
function readRefusal(error: unknown, { exchange, secrets }: Attempt): Refusal | undefined {
  if (error instanceof RefusedAnswer) {
    const { status, requestId, totalSize } = error;
    return new Refusal({
      status,
      code: withoutSecrets(error.code, secrets),
      message: withoutSecrets(error.code === "" ? "" : error.message, secrets),
      requestId,
      totalSize: totalSize === undefined ? undefined : Number(totalSize),
    });
  }
  const { status } = exchange;
  return status === undefined || status < 300 ? undefined : new Refusal({ status, code: "", message: "" });
}

function refusedBy(refusal: Refusal, attempt: Attempt): TrunksError {
  const { exchange, place } = attempt;
  const meaning = meaningOf(refusal, readRetryAfter(exchange) !== undefined);
  const said = [refusal.status, refusal.code].filter(Boolean).join(" ");
  const text = `${place} answered ${said}${refusal.message === "" ? "" : `: ${refusal.message}`}`;
  const region = exchange.headers["x-amz-bucket-region"];
  const clock = isAccess(meaning.code) ? clockDifference(exchange.headers.date) : undefined;
  if (clock !== undefined) return refused(refusal, { ...meaning, hint: clockHint }, `${clock}; ${text}`, attempt);
  const hint = meaning.hint?.replace("<region>", region ?? "<region>");
  return refused(refusal, { ...meaning, hint }, text, attempt);
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
function notSent(error: unknown, attempt: Attempt): TrunksError {
  const { name = "", message = "" } = error as Error;
  const text = `${headOf(attempt)}: ${attempt.place}: ${withoutSecrets(textOf(error), attempt.secrets)}`;
  if (/Credential|TokenProvider/.test(name)) {
    return new TrunksError("UNAUTHENTICATED", text, { cause: error, hint: credentialsHint });
  }
  if (message === "Region is missing") {
    const hint = "add ?region=<region> to the URL, or set AWS_REGION";
    return new TrunksError("CONFIG_INVALID", `${attempt.place} needs a region`, { cause: error, hint });
  }
  if ((error as NodeJS.ErrnoException).code !== undefined) return unsent(error, attempt);
  return new TrunksError("INTERNAL", text, { cause: error });
}
