import { type ErrorCode, isTrunksError, TrunksError, type TrunksErrorOptions } from "@trunks/core";

interface Meaning extends TrunksErrorOptions {
  readonly code: ErrorCode;
  readonly what: string;
}

const denied = { code: "PERMISSION_DENIED", hint: "see who may: ls -ld the folder, and who you are: id" } as const;
const full = { code: "NO_SPACE", hint: "see what is left: df -h and quota" } as const;
const unreachable = {
  code: "UNAVAILABLE",
  retryable: true,
  hint: "see whether the disk or share is still mounted",
} as const;
const tooMany = { code: "UNAVAILABLE", retryable: true, hint: "raise the limit of open files: ulimit -n" } as const;

/** What the errors of the operating system mean for a user. */
const meanings: Readonly<Record<string, Meaning>> = {
  EACCES: { ...denied, what: "this user may not" },
  EPERM: { ...denied, what: "this user may not" },
  EROFS: {
    ...denied,
    what: "the file system is mounted read-only",
    hint: "mount it for writing, or use another folder",
  },
  ENOSPC: { ...full, what: "no space is left on the disk" },
  EDQUOT: { ...full, what: "the quota of this user is used up" },
  EFBIG: { code: "NOT_SUPPORTED", what: "the file system holds no file of this size" },
  ENAMETOOLONG: { code: "NOT_SUPPORTED", what: "the file system holds no name or path of this length" },
  EXDEV: {
    code: "NOT_SUPPORTED",
    what: "part of the folder lies on another file system",
    hint: "keep the whole folder on one file system: no mounts inside it",
  },
  EMFILE: { ...tooMany, what: "this process has too many files open" },
  ENFILE: { ...tooMany, what: "this machine has too many files open" },
  EIO: { ...unreachable, what: "the disk or share failed to read or write" },
  ESTALE: { ...unreachable, what: "the share has lost track of the file" },
  ETIMEDOUT: { ...unreachable, what: "the share did not answer in time" },
  EHOSTDOWN: { ...unreachable, what: "the share's server is down" },
  EHOSTUNREACH: { ...unreachable, what: "the share's server cannot be reached" },
  ENOTCONN: { ...unreachable, what: "the share is not connected" },
  ENODEV: { ...unreachable, what: "the disk is gone" },
  ENXIO: { ...unreachable, what: "the disk is gone" },
  EBUSY: { ...unreachable, what: "the file is in use" },
  EAGAIN: { ...unreachable, what: "the system is short of resources" },
};

/** The `errno` name of an error from the operating system: `ENOENT`. */
export function errnoOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException | null)?.code;
}

/** What the caller is told when the operating system refused to `verb` (create, read, …) the file at `path`. */
export function fileError(error: unknown, verb: string, path: string): TrunksError {
  if (isTrunksError(error)) return error;
  const known = meanings[errnoOf(error) ?? ""];
  const { code, what, retryable, hint } = known ?? { code: "UNAVAILABLE", what: (error as Error).message };
  return new TrunksError(code, `cannot ${verb} ${path}: ${what}`, { cause: error, retryable, hint });
}

/** Runs `call` and throws what `fileError` makes of its errors. */
export async function explained<Answer>(verb: string, path: string, call: () => Promise<Answer>): Promise<Answer> {
  try {
    return await call();
  } catch (error) {
    throw fileError(error, verb, path);
  }
}

/** A write whose effect may or may not be there, or may not last. */
export function unknownOutcome(error: unknown, path: string): TrunksError {
  const { message } = fileError(error, "be sure of", path);
  return new TrunksError("OUTCOME_UNKNOWN", message, { cause: error });
}
