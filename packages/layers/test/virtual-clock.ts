import { TrunksError } from "@trunks/core";
import type { Clock } from "../src/clock.ts";

/** Time that passes only by sleeping, and remembers how long each sleep was. */
export class VirtualClock implements Clock {
  readonly sleptMs: number[] = [];
  #ms = 0;

  now(): number {
    return this.#ms;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) throw new TrunksError("ABORTED", "aborted", { cause: signal.reason });
    this.sleptMs.push(ms);
    this.#ms += ms;
  }
}
