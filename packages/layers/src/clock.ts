import { sleep } from "@trunks/core";

/** Time, as a layer sees it; tests bring their own. */
export interface Clock {
  /** Milliseconds since some fixed moment; never runs backwards. */
  now(): number;
  /** Resolves after `ms` milliseconds; rejects with `ABORTED` as soon as `signal` is raised. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  sleep,
};
