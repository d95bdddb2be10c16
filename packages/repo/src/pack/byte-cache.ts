/** What a cache knows of one value: its place in the order of use, and the drawer to take it out of. */
interface Slot<Value> {
  readonly drawer: Map<number, Slot<Value>>;
  readonly key: number;
  value: Value;
  size: number;
  older: Slot<Value>;
  newer: Slot<Value>;
}

/**
 * Keeps the most recently used values up to a total size. Values lie in drawers, one a pack, each under a number; all
 * drawers share the room.
 */
export class ByteCache<Value> {
  readonly maxSize: number;
  #size = 0;
  /** The values form a ring in the order of use that begins and ends here. */
  readonly #ring: Slot<Value>;

  /** `maxSize` in bytes. */
  constructor(maxSize: number) {
    this.maxSize = maxSize;
    const ring = { drawer: new Map(), key: -1, size: 0 } as unknown as Slot<Value>;
    ring.older = ring;
    ring.newer = ring;
    this.#ring = ring;
  }

  drawer(): CacheDrawer<Value> {
    const slots = new Map<number, Slot<Value>>();
    return {
      get: (key) => {
        const slot = slots.get(key);
        if (slot === undefined) return undefined;
        if (this.#ring.older !== slot) this.#use(slot);
        return slot.value;
      },
      set: (key, value, size) => {
        const slot = slots.get(key);
        if (slot !== undefined) this.#remove(slot);
        if (size <= this.maxSize) this.#add(slots, key, value, size);
      },
    };
  }

  #add(drawer: Map<number, Slot<Value>>, key: number, value: Value, size: number): void {
    const slot: Slot<Value> = { drawer, key, value, size, older: this.#ring.older, newer: this.#ring };
    slot.older.newer = slot;
    this.#ring.older = slot;
    drawer.set(key, slot);
    this.#size += size;
    while (this.#size > this.maxSize) this.#remove(this.#ring.newer);
  }

  #use(slot: Slot<Value>): void {
    slot.older.newer = slot.newer;
    slot.newer.older = slot.older;
    slot.older = this.#ring.older;
    slot.newer = this.#ring;
    slot.older.newer = slot;
    this.#ring.older = slot;
  }

  #remove(slot: Slot<Value>): void {
    slot.older.newer = slot.newer;
    slot.newer.older = slot.older;
    slot.drawer.delete(slot.key);
    this.#size -= slot.size;
  }
}

export interface CacheDrawer<Value> {
  get(key: number): Value | undefined;
  /** Keeps a value that takes `size` bytes; one larger than the whole cache is not kept. */
  set(key: number, value: Value, size: number): void;
}
