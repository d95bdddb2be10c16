import { isTrunksError } from "@trunks/core";
import type { Meaning } from "@trunks/http-store";

/** What the store answered instead of doing what it was asked. Holds only these fields: no request, no token. */
export class Refusal extends Error {
  readonly status: number;
  /** Google's word for it, as `conditionNotMet`; empty where the answer has none. */
  readonly reason: string;
  /** Of an answer 416: the size of the whole body, where the store says it. */
  readonly totalSize: number | undefined;

  constructor(fields: { status: number; reason: string; message: string; totalSize?: number }) {
    super(fields.message);
    this.name = "Refusal";
    this.status = fields.status;
    this.reason = fields.reason;
    this.totalSize = fields.totalSize;
  }
}

/** The refusal behind an error of this package, if that is what it is. */
export function refusalOf(error: unknown): Refusal | undefined {
  return isTrunksError(error) && error.cause instanceof Refusal ? error.cause : undefined;
}

const slower: Meaning = { code: "RATE_LIMITED", retryable: true };
const again: Meaning = { code: "UNAVAILABLE", retryable: true };
const logIn: Meaning = {
  code: "UNAUTHENTICATED",
  hint: "log in again with `gcloud auth application-default login`, or check the key file",
};
const askOwner: Meaning = {
  code: "PERMISSION_DENIED",
  hint: "the credentials need the role Storage Object User (roles/storage.objectUser) on this bucket",
};

/** By Google's word for it: those of the JSON API's list of status and error codes that mean more than their status. */
const meanings: Readonly<Record<string, Meaning>> = {
  rateLimitExceeded: slower,
  userRateLimitExceeded: slower,
  dailyLimitExceeded: slower,
  quotaExceeded: slower,
  authError: logIn,
  required: { ...askOwner, code: "UNAUTHENTICATED" },
  accountDisabled: { code: "PERMISSION_DENIED", hint: "the bucket's project has been disabled; see its billing" },
  accessNotConfigured: { code: "PERMISSION_DENIED", hint: "enable the Cloud Storage API in the credentials' project" },
  retentionPolicyNotMet: { code: "PERMISSION_DENIED", hint: "the bucket's retention policy forbids this for now" },
  objectUnderActiveHold: { code: "PERMISSION_DENIED", hint: "the object is under a hold" },
  uploadBrokenConnection: { ...again, undecided: true },
};

/** What the answer means: by its reason, and where that says no more by its status. */
export function meaningOf({ reason, status, message }: Refusal, hasRetryAfter: boolean): Meaning {
  const known = status >= 400 && status < 500 ? meanings[reason] : undefined;
  if (known !== undefined && !(reason === "required" && status !== 401)) return known;
  switch (status) {
    case 400:
      // What arrived was not what was sent, and is thrown away.
      return /\b(md5|crc32c|hash)\b/i.test(message) ? again : { code: "NOT_SUPPORTED" };
    case 401:
      return logIn;
    case 403:
      return askOwner;
    case 404:
      return { code: "NOT_FOUND", hint: "create the bucket, or check its name and the endpoint" };
    case 409:
      return again;
    case 412:
      return { code: "PRECONDITION_FAILED" };
    case 429:
      return slower;
    case 408:
      return { ...again, undecided: true };
    case 507:
      return { code: "NO_SPACE", hint: "make room" };
    case 503:
      // Who says when to come back has not begun.
      return hasRetryAfter ? again : { ...again, undecided: true };
  }
  if (status >= 500 && status !== 501) return { ...again, undecided: true };
  return { code: "NOT_SUPPORTED", hint: "`trunks verify <url>` shows what this store can do" };
}
