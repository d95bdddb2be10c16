import { unlessAborted } from "@trunks/core";

/** A request that several callers wait for. It is aborted when all of them have gone, not when one goes. */
export class SharedRead<Result> {
  readonly #controller = new AbortController();
  readonly #result: Promise<Result>;
  #waiting = 0;
  #settled = false;

  constructor(start: (signal: AbortSignal) => Promise<Result>) {
    this.#result = start(this.#controller.signal).finally(() => {
      this.#settled = true;
    });
    // A failure that nobody waits for any more is nobody's.
    this.#result.catch(() => {});
  }

  /** All who waited have gone, so that nobody may join any more: the request fails. */
  get abandoned(): boolean {
    return this.#controller.signal.aborted;
  }

  /** Resolves when the request has ended, well or not. */
  get settled(): Promise<void> {
    return this.#result.then(
      () => {},
      () => {},
    );
  }

  /** Rejects with `ABORTED` as soon as `signal` is raised, whatever the others do. */
  async result(signal: AbortSignal | undefined): Promise<Result> {
    this.#waiting++;
    try {
      return await unlessAborted(this.#result, signal);
    } finally {
      this.#waiting--;
      if (this.#waiting === 0 && !this.#settled) this.#controller.abort();
    }
  }
}
