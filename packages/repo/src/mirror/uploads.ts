import { type Backend, type Body, type RequestOptions, replaceMethods } from "@trunks/core";
import type { Place } from "../format/mirror-map.ts";
import { packKeys } from "../format/pack-name.ts";
import type { RecordEntry, TrunkRecord } from "../format/record.ts";
import type { CataloguePack } from "../format/state.ts";
import { type CopyOptions, copyPacks } from "./copy-packs.ts";
import { wrapped } from "./mirror-error.ts";

/** What a push writes before its record: to the primary and to the strict mirrors at the same time. */
export class Uploads {
  readonly #primary: Backend;
  readonly #store: (place: Place) => Promise<Backend>;
  /** By a place's name: the keys that were written there. */
  readonly #written = new Map<string, Set<string>>();

  constructor(primary: Backend, store: (place: Place) => Promise<Backend>) {
    this.#primary = primary;
    this.#store = store;
  }

  /**
   * The primary, with each new key written to these places at the same time; and removed from them, if they can be reached,
   * when nothing came of it.
   */
  to(places: readonly Place[]): Backend {
    const primary = this.#primary;
    const create = async (key: string, body: Body, options: RequestOptions = {}) => {
      const [created] = await Promise.all([
        primary.create(key, body, options),
        ...places.map((place) => this.#write(place, key, body, options)),
      ]);
      return created;
    };
    return replaceMethods(primary, {
      create,
      delete: async (keys, options) => {
        await primary.delete(keys, options);
        await Promise.allSettled(places.map(async (place) => (await this.#store(place)).delete(keys, options)));
      },
    });
  }

  /** Copies to a place what the record names and was not written there by this object: others' uploads, or older ones. */
  async complete(place: Place, record: TrunkRecord, options: CopyOptions): Promise<void> {
    const written = this.#written.get(place.name);
    const packs = packsOf(record).filter(({ name }) => packKeys(name).some((key) => !written?.has(key)));
    if (packs.length === 0) return;
    try {
      await copyPacks(this.#primary, await this.#store(place), packs, options);
    } catch (error) {
      throw wrapped(place, error);
    }
  }

  /** To be called when a push has ended. */
  forget(): void {
    this.#written.clear();
  }

  async #write(place: Place, key: string, body: Body, options: RequestOptions): Promise<void> {
    try {
      await (await this.#store(place)).create(key, body, options);
    } catch (error) {
      throw wrapped(place, error);
    }
    const keys = this.#written.get(place.name) ?? new Set();
    this.#written.set(place.name, keys.add(key));
  }
}

/** The packs of a record that are keys of their own. */
function packsOf(record: TrunkRecord): CataloguePack[] {
  const { slot, segments, entries } = record;
  const all = [...segments, ...entries.flatMap((entry) => entry.segments)];
  const containers = entries.flatMap((entry) => entry.containers ?? []);
  const intents = entries.filter((entry): entry is RecordEntry & { inline: object } => entry.carried && !!entry.inline);
  return [
    ...all.map((pack): CataloguePack => ({ name: { kind: "segment", id: pack.id }, slot, pack })),
    ...containers.map((pack): CataloguePack => ({ name: { kind: "container", id: pack.id }, slot, pack })),
    ...intents.map(({ id, inline }): CataloguePack => ({ name: { kind: "intent", id }, slot, pack: inline })),
  ];
}
