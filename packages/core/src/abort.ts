import { TrunksError } from "./error.ts";

/** For whatever ends because its caller's signal was raised; the signal's reason becomes the cause. */
export function abortedError(signal: AbortSignal | undefined): TrunksError {
  return new TrunksError("ABORTED", "aborted", { cause: signal?.reason });
}

/**
 * What `work` comes to, or `ABORTED` as soon as the signal is raised. For work that takes no signal, or that others wait for
 * as well: it goes on unseen.
 */
export async function unlessAborted<Result>(work: Promise<Result>, signal: AbortSignal | undefined): Promise<Result> {
  if (signal === undefined) return await work;
  // It may fail when nobody listens any more.
  work.catch(() => {});
  if (signal.aborted) throw abortedError(signal);
  let abort = () => {};
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(abortedError(signal));
    signal.addEventListener("abort", abort, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

/** Resolves after `ms` milliseconds; rejects with `ABORTED` as soon as `signal` is raised. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
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
}
