import { type ErrorCode, isTrunksError, type TrunksError } from "@trunks/core";

/** A promise that was not kept. Any other error that leaves a case is a refusal of the store. */
export class ContractFailure extends Error {
  override readonly name = "ContractFailure";
}

export function check(condition: boolean, failure: string): asserts condition {
  if (!condition) throw new ContractFailure(failure);
}

/** Compares plain values by their JSON. */
export function checkEqual(actual: unknown, expected: unknown, what: string): void {
  const [left, right] = [JSON.stringify(actual), JSON.stringify(expected)];
  check(left === right, `${what}: expected ${excerpt(right)}, got ${excerpt(left)}`);
}

export function checkBytes(actual: Uint8Array, expected: Uint8Array, what: string): void {
  check(actual.length === expected.length, `${what}: expected ${expected.length} bytes, got ${actual.length}`);
  const difference = actual.findIndex((byte, index) => byte !== expected[index]);
  check(difference < 0, `${what}: the byte at ${difference} is not the one written`);
}

/** The error that `operation` must throw, with one of `codes`; an answer is a failure. */
export async function checkRefused(
  operation: () => Promise<unknown>,
  codes: readonly ErrorCode[],
  what: string,
): Promise<TrunksError> {
  let answer: unknown;
  try {
    answer = await operation();
  } catch (error) {
    check(isTrunksError(error), `${what}: threw something else than a TrunksError: ${excerpt(String(error))}`);
    check(codes.includes(error.code), `${what}: expected ${codes.join(" or ")}, got ${error.code}: ${error.message}`);
    return error;
  }
  throw new ContractFailure(`${what}: expected ${codes.join(" or ")}, got the answer ${excerpt(describe(answer))}`);
}

function describe(answer: unknown): string {
  return JSON.stringify(answer) ?? String(answer);
}

function excerpt(text: string | undefined): string {
  if (text === undefined) return "undefined";
  return text.length > 300 ? `${text.slice(0, 300)}… (${text.length} characters)` : text;
}
