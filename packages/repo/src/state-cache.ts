import { decodeSnapshot, encodeSnapshot } from "./format/snapshot.ts";
import type { State } from "./format/state.ts";

/** Where a client keeps its last known state between processes. Losing it costs a round trip, nothing else. */
export interface StateCache {
  load(): Promise<Uint8Array | undefined>;
  /** Must replace the old bytes as a whole. */
  save(bytes: Uint8Array): Promise<void>;
}

/** The last known state as a cache holds it. */
export class CachedState {
  readonly #cache: StateCache | undefined;
  /** What the cache holds, so far as is known. */
  #saved: State | undefined;

  constructor(cache: StateCache | undefined) {
    this.#cache = cache;
  }

  /** `undefined` for what is damaged, or of a newer version, too: it is as good as none. */
  async load(): Promise<State | undefined> {
    try {
      const bytes = await this.#cache?.load();
      this.#saved = bytes === undefined ? undefined : decodeSnapshot(bytes, "the cached state");
    } catch {
      this.#saved = undefined;
    }
    return this.#saved;
  }

  /** Never throws: without it the next process reads from the store. */
  async save(state: State): Promise<void> {
    if (this.#cache === undefined || state === this.#saved) return;
    try {
      await this.#cache.save(encodeSnapshot(state));
      this.#saved = state;
    } catch {
      // As said.
    }
  }
}
