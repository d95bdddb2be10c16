import { SeededRandom } from "../seeded-random.ts";

interface Event {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
}

/**
 * Time and chance of a simulation. Nothing waits for a clock: time jumps from one event to the next, and with one seed
 * everything happens again in the same order.
 */
export class World {
  readonly random: SeededRandom;
  nowMs = 0;
  #order = 0;
  /** A binary heap, the earliest event first. */
  readonly #events: Event[] = [];

  constructor(seed: number) {
    this.random = new SeededRandom(seed);
  }

  after(delayMs: number, run: () => void): void {
    this.#push({ atMs: this.nowMs + delayMs, order: this.#order++, run });
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.after(ms, resolve));
  }

  /** Lets events happen until none is left or `untilMs` is reached, or `isOver` says so. */
  async run(untilMs: number, isOver: () => boolean): Promise<void> {
    for (let event = this.#pop(); event !== undefined && event.atMs <= untilMs && !isOver(); event = this.#pop()) {
      this.nowMs = event.atMs;
      event.run();
      // Every promise that this settled has run its course when the event loop comes round.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  #push(event: Event): void {
    const events = this.#events;
    let at = events.push(event) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isEarlier(event, events[parent] as Event)) break;
      events[at] = events[parent] as Event;
      at = parent;
    }
    events[at] = event;
  }

  #pop(): Event | undefined {
    const events = this.#events;
    const [first] = events;
    const last = events.pop();
    if (first === undefined || last === undefined || events.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= events.length) break;
      if (child + 1 < events.length && isEarlier(events[child + 1] as Event, events[child] as Event)) child++;
      if (!isEarlier(events[child] as Event, last)) break;
      events[at] = events[child] as Event;
      at = child;
    }
    events[at] = last;
    return first;
  }
}

function isEarlier(left: Event, right: Event): boolean {
  return left.atMs < right.atMs || (left.atMs === right.atMs && left.order < right.order);
}
