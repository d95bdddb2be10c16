import { abortedError } from "./abort.ts";
import type { RequestOptions } from "./backend.ts";
import { type Body, bodySize } from "./body.ts";
import { TrunksError } from "./error.ts";
import { checkKey } from "./key.ts";

/** What every method of a backend does first. Throws `CLOSED` when it `isClosed`, `ABORTED` when the signal is raised. */
export function checkRequest(isClosed: boolean, { signal }: RequestOptions): void {
  if (isClosed) throw closedError();
  if (signal?.aborted) throw abortedError(signal);
}

/**
 * What every write does next. Throws `INVALID_ARGUMENT` unless `key` is a key, and `NOT_SUPPORTED` for a body of more than
 * `maxBodyBytes`: those of the backend's capabilities.
 */
export function checkWrite(key: string, body: Body, maxBodyBytes: number): void {
  checkKey(key);
  if (bodySize(body) <= maxBodyBytes) return;
  throw new TrunksError("NOT_SUPPORTED", `${key}: a body of ${bodySize(body)} bytes; the limit is ${maxBodyBytes}`);
}

/** For calls of a backend after its `close`. */
export function closedError(): TrunksError {
  return new TrunksError("CLOSED", "this backend was closed");
}
