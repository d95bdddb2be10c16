import { abortedError } from "@trunks/core";

/** Lets one call after another change something, in the order in which they came. */
export class Lock {
  #last: Promise<unknown> = Promise.resolve();

  run<Answer>(signal: AbortSignal | undefined, work: () => Promise<Answer>): Promise<Answer> {
    const result = this.#last.then(() => {
      throwIfAborted(signal);
      return work();
    });
    this.#last = result.catch(() => {});
    return result;
  }
}

/** Throws `ABORTED` when the signal was raised. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw abortedError(signal);
}
