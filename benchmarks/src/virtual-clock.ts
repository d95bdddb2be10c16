import type { Clock } from "@trunks/layers";

interface Waiter {
  readonly atMs: number;
  readonly order: number;
  readonly wake: () => void;
}

/**
 * Time that jumps from one sleeper to the next, so that what a thousand clients on a thousand machines would wait is
 * measured on one that could not run them all.
 */
export class VirtualClock implements Clock {
  #nowMs = 0;
  #order = 0;
  /** A binary heap, the earliest first. */
  readonly #waiting: Waiter[] = [];

  now(): number {
    return this.#nowMs;
  }

  sleep(ms: number): Promise<void> {
    return new Promise((wake) => this.#push({ atMs: this.#nowMs + ms, order: this.#order++, wake }));
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
      const next = this.#pop();
      if (next === undefined) continue;
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.wake();
    }
  }

  #push(waiter: Waiter): void {
    const heap = this.#waiting;
    let at = heap.push(waiter) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isEarlier(waiter, heap[parent] as Waiter)) break;
      heap[at] = heap[parent] as Waiter;
      at = parent;
    }
    heap[at] = waiter;
  }

  #pop(): Waiter | undefined {
    const heap = this.#waiting;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let least = 2 * at + 1;
      if (least >= heap.length) break;
      if (least + 1 < heap.length && isEarlier(heap[least + 1] as Waiter, heap[least] as Waiter)) least++;
      if (!isEarlier(heap[least] as Waiter, last)) break;
      heap[at] = heap[least] as Waiter;
      at = least;
    }
    heap[at] = last;
    return first;
  }
}

function isEarlier(left: Waiter, right: Waiter): boolean {
  return left.atMs === right.atMs ? left.order < right.order : left.atMs < right.atMs;
}
