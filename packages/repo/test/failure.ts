import { type ErrorCode, isTrunksError } from "@trunks/core";

/** What `call` throws; `undefined` when it does not. */
export function errorOf(call: () => unknown): unknown {
  try {
    call();
    return undefined;
  } catch (error) {
    return error;
  }
}

/** The code of the `TrunksError` that `call` throws; `undefined` when it throws nothing. Throws any other error on. */
export function codeOf(call: () => unknown): ErrorCode | undefined {
  const error = errorOf(call);
  if (error !== undefined && !isTrunksError(error)) throw error;
  return error?.code;
}

/** As `codeOf`, of a promise. */
export async function rejectionOf(promise: Promise<unknown>): Promise<ErrorCode | undefined> {
  try {
    await promise;
    return undefined;
  } catch (error) {
    if (!isTrunksError(error)) throw error;
    return error.code;
  }
}
