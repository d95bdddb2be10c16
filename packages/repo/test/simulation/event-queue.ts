export interface Event {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
}

/** Events to come, the earliest first; of two at one time the one that was added first. A binary heap. */
export class EventQueue {
  readonly #events: Event[] = [];
  #order = 0;

  add(atMs: number, run: () => void): void {
    const events = this.#events;
    const event: Event = { atMs, order: this.#order++, run };
    let at = events.push(event) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isEarlier(event, events[parent] as Event)) break;
      events[at] = events[parent] as Event;
      at = parent;
    }
    events[at] = event;
  }

  /** The next event, unless it is later than `untilMs`. */
  take(untilMs: number): Event | undefined {
    const events = this.#events;
    const [first] = events;
    if (first === undefined || first.atMs > untilMs) return undefined;
    const last = events.pop() as Event;
    if (events.length === 0) return first;
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
