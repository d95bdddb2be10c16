import { TrunksError } from "@trunks/core";

/** Time, as a layer sees it; tests bring their own. */
export interface Clock {
  /** Milliseconds since some fixed moment; never runs backwards. */
  now(): number;
  /** Resolves after `ms` milliseconds; rejects with `ABORTED` as soon as `signal` is raised. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  sleep(ms, signal) {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(abortedError(signal));
      const stop = () => {
        clearTimeout(timer);
        reject(abortedError(signal));
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener("abort", stop);
        resolve();
      }, ms);
      signal?.addEventListener("abort", stop, { once: true });
    });
  },
};

export function abortedError(signal: AbortSignal | undefined): TrunksError {
  return new TrunksError("ABORTED", "aborted", { cause: signal?.reason });
}
