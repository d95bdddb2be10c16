import { type Backend, isTrunksError, type ListedKey, type RequestOptions } from "@trunks/core";
import { isFollower, type Place } from "../format/mirror-map.ts";
import type { State } from "../format/state.ts";
import type { Mirrors } from "../mirror/mirrors.ts";
import { readPlace } from "../mirror/place.ts";
import { standingOf } from "../mirror/standing.ts";
import { deleteNameless, listOldPacks } from "./old-keys.ts";
import { storeTimeMs } from "./store-clock.ts";

interface SweptMirror {
  readonly place: Place;
  readonly store: Backend;
  /** By the clock of this store. */
  readonly beforeMs: number;
}

/**
 * The mirrors that a sweep can bring files away from: those that hold what the primary holds. A file that lies in one of them
 * alone, because a push that ended half-way got no further or because an earlier sweep did not reach it, is named in the journal
 * before it is deleted, like any other: its writer may yet write it to the primary, and name it in a push. What fails
 * here is left to a later sweep.
 */
export class SweptMirrors {
  readonly #mirrors: Mirrors;
  #swept: readonly SweptMirror[] = [];

  constructor(mirrors: Mirrors) {
    this.#mirrors = mirrors;
  }

  /** Finds the mirrors that are even with `state`, and their files of packs that are older than the grace time. */
  async list(
    state: State,
    graceMs: number,
    options: RequestOptions & { readonly newId: () => string },
  ): Promise<Map<string, ListedKey>> {
    const { signal } = options;
    const found = new Map<string, ListedKey>();
    const attempts = [...state.map.mirrors.values()].map(async (place) => {
      const store = await this.#evenStore(place, state, { signal });
      const nowMs = store && (await storeTimeMs(store, options.newId, { signal }));
      if (store === undefined || nowMs === undefined) return [];
      const beforeMs = nowMs - graceMs;
      for (const [key, listed] of await listOldPacks(store, beforeMs, { signal })) found.set(key, listed);
      return [{ place, store, beforeMs }];
    });
    this.#swept = (await reached(attempts, signal)).flat();
    return found;
  }

  /** Deletes keys from the mirrors that hold `state`, in whose journal they are doomed. */
  async remove(keys: readonly string[], state: State, options: RequestOptions): Promise<void> {
    const { signal } = options;
    // Strict ones have got the record with the primary; those that lag get it now.
    const brought = this.#swept
      .filter(({ place }) => !this.#mirrors.holds(place, state))
      .map(({ place }) => this.#mirrors.makeEven(place, state, options));
    await reached(brought, signal);
    const stores = await this.#mirrors.holders(state);
    await reached(
      stores.map((store) => store.delete(keys, options)),
      signal,
    );
  }

  /** Deletes from the mirrors what no journal has to name first: see `deleteNameless`. */
  async deleteNameless({ signal }: RequestOptions): Promise<void> {
    await reached(
      this.#swept.map(({ store, beforeMs }) => deleteNameless(store, beforeMs, { signal })),
      signal,
    );
  }

  /** The mirror's store, if it is one and holds `state`. One that is behind is for a push or `syncMirror` to bring up. */
  async #evenStore(place: Place, state: State, options: RequestOptions): Promise<Backend | undefined> {
    if (isFollower(place)) return undefined;
    const store = await this.#mirrors.store(place);
    if (this.#mirrors.holds(place, state)) return store;
    const [standing, self] = await Promise.all([standingOf(store, state, options), readPlace(store, options)]);
    return standing.kind === "even" && self?.copying === false ? store : undefined;
  }
}

/** The answers of those that gave one. Throws what is no failure of a store, and when the work is to be ended. */
export async function reached<Answer>(attempts: readonly Promise<Answer>[], signal?: AbortSignal): Promise<Answer[]> {
  const settled = await Promise.allSettled(attempts);
  signal?.throwIfAborted();
  return settled.flatMap((one) => {
    if (one.status === "fulfilled") return [one.value];
    if (!isTrunksError(one.reason)) throw one.reason;
    return [];
  });
}
