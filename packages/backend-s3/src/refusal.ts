import { isTrunksError } from "@trunks/core";
import type { Meaning } from "@trunks/http-store";

/**
 * What a store answered instead of doing what it was asked. No secret is in it that
 * the store has repeated.
 */
export class Refusal extends Error {
  readonly status: number;
  /** S3's word for it, as `NoSuchKey`; empty where the answer has none. */
  readonly code: string;
  readonly requestId: string | undefined;
  /** Of an answer 416: the size of the whole body, where the store says it. */
  readonly totalSize: number | undefined;

  constructor(fields: { status: number; code: string; message: string; requestId?: string; totalSize?: number }) {
    super(fields.message);
    this.name = "Refusal";
    this.status = fields.status;
    this.code = fields.code;
    this.requestId = fields.requestId;
    this.totalSize = fields.totalSize;
  }
}

/** The refusal behind an error of this package, if that is what it is. */
export function refusalOf(error: unknown): Refusal | undefined {
  return isTrunksError(error) && error.cause instanceof Refusal ? error.cause : undefined;
}

const checkKeys: Meaning = {
  code: "UNAUTHENTICATED",
  hint: "check the access key and the secret key, and that they are this store's",
};
const renewLogin: Meaning = { code: "UNAUTHENTICATED", hint: "log in again: the credentials have expired" };
export const clockHint = "set this machine's clock: the store refuses requests that are minutes early or late";
const checkClock: Meaning = { code: "UNAUTHENTICATED", hint: clockHint };
const askOwner: Meaning = {
  code: "PERMISSION_DENIED",
  hint: "the credentials need s3:GetObject, s3:PutObject, s3:DeleteObject and s3:ListBucket here",
};
const locked: Meaning = {
  code: "PERMISSION_DENIED",
  hint: "the bucket locks what is written (object lock): use one without default retention",
};
const slower: Meaning = { code: "RATE_LIMITED", retryable: true };
const again: Meaning = { code: "UNAVAILABLE", retryable: true };
const full: Meaning = { code: "NO_SPACE", hint: "make room, or have the quota raised" };
const otherRegion: Meaning = { code: "CONFIG_INVALID", hint: "add the bucket's region to the URL: ?region=<region>" };
const incapable: Meaning = {
  code: "NOT_SUPPORTED",
  hint: "use another store: docs/backends/s3.md says which have what trunks need",
};

/** By S3's word for it: those of the S3 API reference, and what compatible stores add. */
const meanings: Readonly<Record<string, Meaning>> = {
  InvalidAccessKeyId: checkKeys,
  SignatureDoesNotMatch: checkKeys,
  // Versity's, with status 404: it is the user that it does not find.
  XAdminUserNotFound: checkKeys,
  InvalidToken: checkKeys,
  Unauthorized: checkKeys,
  InvalidSecurity: checkKeys,
  MissingSecurityHeader: checkKeys,
  ExpiredToken: renewLogin,
  TokenRefreshRequired: renewLogin,
  RequestTimeTooSkewed: checkClock,
  RequestExpired: checkClock,
  AccessDenied: askOwner,
  AllAccessDisabled: askOwner,
  AccountProblem: askOwner,
  NoSuchBucket: { code: "NOT_FOUND", hint: "create the bucket, or check its name, its region and the endpoint" },
  InvalidBucketName: { code: "CONFIG_INVALID", hint: "check the bucket's name" },
  PermanentRedirect: otherRegion,
  AuthorizationHeaderMalformed: otherRegion,
  IllegalLocationConstraintException: otherRegion,
  TemporaryRedirect: again,
  SlowDown: slower,
  SlowDownRead: slower,
  TooManyRequests: slower,
  RequestLimitExceeded: slower,
  Throttling: slower,
  ThrottlingException: slower,
  BandwidthLimitExceeded: slower,
  ServiceUnavailable: again,
  XMinioServerNotInitialized: again,
  OperationAborted: again,
  ConditionalRequestConflict: again,
  // What arrived was not what was sent, and is thrown away.
  RequestTimeout: again,
  IncompleteBody: again,
  BadDigest: again,
  XAmzContentSHA256Mismatch: again,
  XAmzContentChecksumMismatch: again,
  QuotaExceeded: full,
  EntityTooLarge: full,
  InsufficientCapacity: full,
  XMinioStorageFull: full,
  XMinioAdminBucketQuotaExceeded: full,
  NotImplemented: incapable,
  MethodNotAllowed: incapable,
  // Versity's: its keys are paths of files.
  ObjectParentIsFile: { code: "INVALID_ARGUMENT", hint: "no key may be a folder of another" },
  ExistingObjectIsDirectory: { code: "INVALID_ARGUMENT", hint: "no key may be a folder of another" },
  PreconditionFailed: { code: "PRECONDITION_FAILED" },
};

/** What the answer means: by its code, and where that is unknown or missing by its status. */
export function meaningOf({ code, status, message }: Refusal, hasRetryAfter: boolean): Meaning {
  if (code === "AccessDenied" && /object ?lock|retention/i.test(message)) return locked;
  const known = meanings[code];
  if (known !== undefined) return known;
  switch (status) {
    case 401:
      return checkKeys;
    case 403:
      return askOwner;
    case 404:
      return { code: "NOT_FOUND", hint: "check the endpoint and the bucket" };
    case 412:
      return { code: "PRECONDITION_FAILED" };
    case 429:
      return slower;
    case 405:
    case 501:
      return incapable;
    case 507:
      return full;
    case 408:
      return again;
    case 503:
      // Who says when to come back has not begun. Others have been seen to say 503 after they had.
      return hasRetryAfter ? again : { ...again, undecided: true };
  }
  if (status >= 500) return { ...again, undecided: true };
  if (status >= 300 && status < 400) return otherRegion;
  return { code: "NOT_SUPPORTED" };
}
