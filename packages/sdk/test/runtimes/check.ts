/** For cases that run where no test runner is. */
export function check(condition: boolean, failure: string): asserts condition {
  if (!condition) throw new Error(failure);
}

/** Compares plain values by their JSON. */
export function checkEqual(actual: unknown, expected: unknown, what: string): void {
  const [left, right] = [JSON.stringify(actual), JSON.stringify(expected)];
  check(left === right, `${what}: expected ${right?.slice(0, 500)}, got ${left?.slice(0, 500)}`);
}

/** Fails unless `work` throws an error with this code. */
export async function checkRefused(work: Promise<unknown>, code: string, what: string): Promise<unknown> {
  const thrown = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  check(thrown !== undefined, `${what}: nothing was thrown`);
  checkEqual((thrown as { code?: string }).code, code, `${what}, which threw ${thrown}`);
  return thrown;
}
