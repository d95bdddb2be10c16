import type { EntryLocation, OpenPack } from "./pack-set.ts";

/** Places of entries that were met before. */
export class PlaceSet {
  readonly #offsets = new Map<OpenPack, Set<number>>();

  /** False when the place was in the set already. */
  add({ pack, start }: EntryLocation): boolean {
    let offsets = this.#offsets.get(pack);
    if (offsets === undefined) {
      offsets = new Set();
      this.#offsets.set(pack, offsets);
    }
    return offsets.size !== offsets.add(start).size;
  }
}
