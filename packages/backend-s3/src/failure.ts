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

/** The one error that a failed request becomes. */
export function failure(error: unknown, attempt: Attempt): TrunksError {
  const { exchange, signal } = attempt;
  if (signal?.aborted) return abortedError(signal);
  const refusal = readRefusal(error, attempt);
  if (refusal !== undefined) return refusedBy(refusal, attempt);
  if (!exchange.sent) return notSent(error, attempt);
  return lost(error, attempt);
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
  const { name = "", message = "" } = error as ServiceError;
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
