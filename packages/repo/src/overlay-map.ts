/** So many changes are carried along at least before they are worked into a new base. */
const minChangeLimit = 64;

/**
 * A map over another one, which it shares with its copies and never changes: a copy costs what was changed, not what is
 * there. In the order of a `Map`. For values other than `undefined`.
 */
export class OverlayMap<Key, Value> implements ReadonlyMap<Key, Value> {
  /** What is below the changes. Nobody may write to it any more. */
  readonly base: ReadonlyMap<Key, Value>;
  /** Keys of the base that have another value, or none. */
  readonly #replaced: Map<Key, Value | undefined>;
  readonly #added: Map<Key, Value>;
  #removedCount: number;

  /** A copy of `source`, which must not change from then on. */
  constructor(source: ReadonlyMap<Key, Value>) {
    const overlay = source instanceof OverlayMap ? (source as OverlayMap<Key, Value>) : undefined;
    const shared = overlay !== undefined && overlay.#changeCount <= changeLimit(overlay.base.size);
    this.base = shared ? overlay.base : overlay === undefined ? source : new Map(overlay);
    this.#replaced = new Map(shared ? overlay.#replaced : []);
    this.#added = new Map(shared ? overlay.#added : []);
    this.#removedCount = shared ? overlay.#removedCount : 0;
  }

  get size(): number {
    return this.base.size - this.#removedCount + this.#added.size;
  }

  get(key: Key): Value | undefined {
    return this.#added.get(key) ?? (this.#replaced.has(key) ? this.#replaced.get(key) : this.base.get(key));
  }

  has(key: Key): boolean {
    return this.get(key) !== undefined;
  }

  set(key: Key, value: Value): void {
    if (this.#inBase(key)) this.#replaced.set(key, value);
    else this.#added.set(key, value);
  }

  /** Whether it was there. */
  delete(key: Key): boolean {
    if (this.#added.delete(key)) return true;
    if (!this.#inBase(key)) return false;
    this.#replaced.set(key, undefined);
    this.#removedCount++;
    return true;
  }

  /** Keys that the base has and this map has not, and the other way round. */
  *differences(): Generator<{ readonly key: Key; readonly added: boolean }, undefined> {
    for (const [key, value] of this.#replaced) if (value === undefined) yield { key, added: false };
    for (const key of this.#added.keys()) yield { key, added: true };
  }

  /** What is to be set in the base, or removed from it, to have this map, but for the order; each key once. */
  *changes(): Generator<[Key, Value | undefined], undefined> {
    for (const change of this.#replaced) if (!this.#added.has(change[0])) yield change;
    yield* this.#added;
  }

  /** What to leave out of the base and to put behind it to have this map; `undefined` when a value has changed in its place. */
  shift(): { readonly removed: readonly Key[]; readonly added: ReadonlyMap<Key, Value> } | undefined {
    if (this.#replaced.size > this.#removedCount) return undefined;
    return { removed: [...this.#replaced.keys()], added: this.#added };
  }

  *entries(): Generator<[Key, Value], undefined> {
    for (const entry of this.base) {
      const value = this.#replaced.has(entry[0]) ? this.#replaced.get(entry[0]) : entry[1];
      if (value !== undefined) yield [entry[0], value];
    }
    yield* this.#added;
  }

  *keys(): Generator<Key, undefined> {
    for (const key of this.base.keys()) if (this.#inBase(key)) yield key;
    yield* this.#added.keys();
  }

  *values(): Generator<Value, undefined> {
    for (const [, value] of this.entries()) yield value;
  }

  [Symbol.iterator](): Generator<[Key, Value], undefined> {
    return this.entries();
  }

  forEach(visit: (value: Value, key: Key, map: ReadonlyMap<Key, Value>) => void): void {
    for (const [key, value] of this.entries()) visit(value, key, this);
  }

  get #changeCount(): number {
    return this.#replaced.size + this.#added.size;
  }

  /** Whether the base has the key and it was not removed; one that was removed and comes again stands at the end. */
  #inBase(key: Key): boolean {
    return this.base.has(key) && !(this.#replaced.has(key) && this.#replaced.get(key) === undefined);
  }
}

/** Where copying the changes each time and copying all of them now and then cost about the same. */
function changeLimit(size: number): number {
  return Math.max(minChangeLimit, 2 * Math.sqrt(size));
}
