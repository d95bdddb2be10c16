/** Every way in which Trunks fails. The list is closed: a new kind of failure finds its place here or is argued for. */
export type ErrorCode =
  /** A condition of a write did not hold. */
  | "PRECONDITION_FAILED"
  /** What should be made is there already. */
  | "ALREADY_EXISTS"
  /** The bucket, folder, table, trunk or ref that a command needs is not there. */
  | "NOT_FOUND"
  /** Another writer was first; fetch and try again. */
  | "CONFLICT"
  /** The store knows who asks and refuses. */
  | "PERMISSION_DENIED"
  /** The store does not know who asks: missing, wrong or expired credentials. */
  | "UNAUTHENTICATED"
  /** The store asks for fewer requests. */
  | "RATE_LIMITED"
  /** The store cannot be reached or failed; nothing was written. */
  | "UNAVAILABLE"
  /** A write may or may not have happened, and could not be found out. */
  | "OUTCOME_UNKNOWN"
  /** Bytes are not what their digest, their format or their place says. */
  | "CORRUPT"
  /** No room in the store or on the disk. */
  | "NO_SPACE"
  /** This store or this version cannot do what was asked. */
  | "NOT_SUPPORTED"
  /** A URL, an option or a settings file is wrong. */
  | "CONFIG_INVALID"
  /** An argument is outside what the interface allows. */
  | "INVALID_ARGUMENT"
  /** The caller's signal was raised. */
  | "ABORTED"
  /** The backend was closed before. */
  | "CLOSED"
  /** A fault of this program. */
  | "INTERNAL";

export interface TrunksErrorOptions {
  /** What went wrong below; always passed on when there is something below. */
  readonly cause?: unknown;
  /** Whether the same call may succeed later, decided where the wire is visible. Default false. */
  readonly retryable?: boolean;
  /** How long the store asks to wait before the next try, in milliseconds. */
  readonly retryAfterMs?: number;
  /** What the user can do, as a command or an imperative sentence. */
  readonly hint?: string;
}

const brand = Symbol.for("@trunks/error");

/**
 * The one error class. Packages may be loaded twice in one process (a bundled command line beside a backend that was
 * installed on its own), so it is recognised by its brand: use `isTrunksError`, never `instanceof`.
 */
export class TrunksError extends Error {
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly retryAfterMs: number | undefined;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, options: TrunksErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "TrunksError";
    this.code = code;
    this.retryable = options.retryable ?? false;
    this.retryAfterMs = options.retryAfterMs;
    this.hint = options.hint;
    Object.defineProperty(this, brand, { value: true });
  }
}

export function isTrunksError(error: unknown, code?: ErrorCode): error is TrunksError {
  if (typeof error !== "object" || error === null || !(brand in error)) return false;
  return code === undefined || (error as unknown as TrunksError).code === code;
}
