import { isTrunksError } from "@trunks/core";
import type { Meaning } from "@trunks/http-store";

/** What the store answered instead of doing what it was asked. The SDK's own errors drag along the signed request. */
export class Refusal extends Error {
  readonly status: number;
  /** Azure's word for it, as `BlobNotFound`; empty where the answer has none. */
  readonly code: string;

  constructor(status: number, code: string) {
    super([status, code].filter(Boolean).join(" "));
    this.name = "Refusal";
    this.status = status;
    this.code = code;
  }
}

/** The refusal behind an error of this package, if that is what it is. */
export function refusalOf(error: unknown): Refusal | undefined {
  return isTrunksError(error) && error.cause instanceof Refusal ? error.cause : undefined;
}

const again: Meaning = { code: "UNAVAILABLE", retryable: true };
const slower: Meaning = { code: "RATE_LIMITED", retryable: true };
const undecided: Meaning = { ...again, undecided: true };
const checkKeys: Meaning = {
  code: "UNAUTHENTICATED",
  hint: "check the key or the signature, when it ends, and this machine's clock",
};
const askOwner: Meaning = {
  code: "PERMISSION_DENIED",
  hint: "the credentials need the role Storage Blob Data Contributor, or a signature with racwdl that has not ended",
};
const protectedBlob: Meaning = { code: "PERMISSION_DENIED", hint: "a policy, a hold or a lease protects the blob" };
const noContainer: Meaning = { code: "NOT_FOUND", hint: "create the container, or check its name and the account" };

/** By Azure's word for it: those of the lists of common and blob error codes that mean more than their status. */
const meanings: Readonly<Record<string, Meaning>> = {
  AuthenticationFailed: checkKeys,
  InvalidAuthenticationInfo: checkKeys,
  NoAuthenticationInformation: checkKeys,
  AuthorizationFailure: askOwner,
  InsufficientAccountPermissions: askOwner,
  AccountIsDisabled: { code: "PERMISSION_DENIED", hint: "the account is disabled; see its subscription" },
  ContainerNotFound: noContainer,
  ContainerDisabled: noContainer,
  ContainerBeingDeleted: again,
  AccountBeingCreated: again,
  ServerBusy: slower,
  TooManyRequests: slower,
  OperationTimedOut: undecided,
  InternalError: undecided,
  // What arrived was not what was sent, and is thrown away.
  Md5Mismatch: again,
  Crc64Mismatch: again,
  IncompleteBody: again,
  BlobAlreadyExists: { code: "PRECONDITION_FAILED" },
  BlobImmutableDueToPolicy: protectedBlob,
  BlobImmutableDueToLegalHold: protectedBlob,
  LeaseIdMissing: protectedBlob,
  LeaseAlreadyPresent: protectedBlob,
  BlobArchived: { code: "NOT_SUPPORTED", hint: "move the blob out of the archive tier" },
  BlobBeingRehydrated: { ...again, hint: "the blob is on its way out of the archive tier" },
  InvalidBlobType: { code: "NOT_SUPPORTED", hint: "a blob of another type has this name" },
};

/** What the answer means: by its code, and where that is unknown or missing by its status. */
export function meaningOf({ code, status }: Refusal, hasRetryAfter: boolean): Meaning {
  const known = meanings[code];
  if (known !== undefined) return known;
  switch (status) {
    case 401:
      return checkKeys;
    case 403:
      return askOwner;
    case 404:
      return noContainer;
    case 412:
      return { code: "PRECONDITION_FAILED" };
    case 429:
      return slower;
    case 408:
      return undecided;
    case 409:
      return again;
    case 507:
      return { code: "NO_SPACE", hint: "make room" };
    case 503:
      // Who says when to come back has not begun.
      return hasRetryAfter ? again : undecided;
  }
  if (status >= 500 && status !== 501) return undecided;
  return { code: "NOT_SUPPORTED", hint: "`trunks verify <url>` shows what this store can do" };
}
