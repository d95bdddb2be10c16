import type { Clock } from "@trunks/layers";

interface Waiter {
  readonly atMs: number;
  readonly wake: () => void;
}

/**
 * Time that jumps from one sleeper to the next, so that what a thousand clients on a thousand machines would wait is
 * measured on one that could not run them all.
 */
export class VirtualClock implements Clock {
  #nowMs = 0;
  /** The earliest first; of two at one time the one that came first. */
  readonly #waiting: Waiter[] = [];

  now(): number {
    return this.#nowMs;
  }

  sleep(ms: number): Promise<void> {
    const atMs = this.#nowMs + ms;
    const before = this.#waiting.findLastIndex((waiter) => waiter.atMs <= atMs);
    return new Promise((wake) => this.#waiting.splice(before + 1, 0, { atMs, wake }));
  }

  /** Lets time pass until `work` is done. */
  async run<Result>(work: Promise<Result>): Promise<Result> {
    let isDone = false;
    const done = () => {
      isDone = true;
    };
    work.then(done, done);
    for (;;) {
      // Everything that can go on without time passing has done so when the event loop comes round.
      await new Promise((resolve) => setImmediate(resolve));
      if (isDone) return work;
      const next = this.#waiting.shift();
      if (next === undefined) continue;
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.wake();
    }
  }
}
