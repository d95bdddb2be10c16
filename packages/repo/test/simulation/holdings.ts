import { isContainer } from "../../src/format/container.ts";
import { packKeys, packNameOfKey, packNameText } from "../../src/format/pack-name.ts";
import type { CataloguePack, State } from "../../src/format/state.ts";
import type { Code } from "./code.ts";
import { ancestry, type Commits, type PackedObject } from "./commits.ts";
import { largeIn } from "./large-files.ts";
import type { SimulatedStore } from "./simulated-store.ts";

/**
 * What the packs of the catalogue hold, as the store has them. What was found once stays true for as long as no pack leaves
 * the catalogue and nothing happens to a file of one; else everything is looked at again.
 */
export class Holdings {
  readonly #code: Code;
  readonly #commits: Commits;
  readonly #store: SimulatedStore;
  /** What the packs in the store's files hold. */
  readonly #objects = new WeakMap<Uint8Array, readonly PackedObject[]>();
  /** What large blobs are made of, by the containers that hold their manifests. */
  readonly #needed = new WeakMap<Uint8Array, ReadonlyMap<string, readonly string[]>>();
  /** The state that is spoken of from here on. */
  #state: State | undefined;
  readonly #present = new Set<string>();
  /** Commits that are there with all before them. */
  readonly #whole = new Set<string>();

  constructor(code: Code, commits: Commits, store: SimulatedStore) {
    this.#code = code;
    this.#commits = commits;
    this.#store = store;
  }

  /** After a change of `key`, with the newest state: what a ref reaches and the store has not, in words. */
  lack(state: State, key: string): string | undefined {
    const before = this.#state;
    const isAsBefore = before === state;
    if (isAsBefore && !isCatalogued(state, key)) return undefined;
    this.#state = state;
    const mayBeLess = isAsBefore || before === undefined || hasLost(before, state);
    if (!mayBeLess) this.#take([...state.packs.values()].filter(({ slot }) => slot === state.slot));
    return mayBeLess || this.#missing(state) !== undefined ? this.#lookAgain(state) : undefined;
  }

  #lookAgain(state: State): string | undefined {
    this.#present.clear();
    this.#whole.clear();
    this.#take([...state.packs.values()]);
    return this.#missing(state);
  }

  #take(packs: readonly CataloguePack[]): void {
    const present = this.#present;
    this.#takeObjects(packs.flatMap((pack) => this.#objectsIn(pack)));
    for (const { pack, name } of packs) {
      if (!isContainer(pack)) continue;
      const [bytes, index] = packKeys(name).map((key) => this.#store.keys.get(key)?.bytes);
      if (bytes === undefined || index === undefined) continue;
      const needed = this.#needed.get(bytes) ?? largeIn(pack, bytes, index);
      this.#needed.set(bytes, needed);
      for (const [id, parts] of needed) if (parts.every((part) => present.has(part))) present.add(id);
    }
  }

  /** Those that can be made: of deltas the base must be there as well. */
  #takeObjects(objects: readonly PackedObject[]): void {
    const present = this.#present;
    for (let left = objects; ; ) {
      const before = left.length;
      left = left.filter(({ id, baseId }) => {
        const isMade = baseId === undefined || present.has(baseId);
        if (isMade) present.add(id);
        return !isMade;
      });
      if (left.length === 0 || left.length === before) return;
    }
  }

  #missing(state: State): string | undefined {
    for (const [ref, { id }] of state.refs) {
      for (const commit of ancestry(this.#commits, id)) {
        if (this.#whole.has(commit)) break;
        const missing = this.#commits.objectsOf(commit).find((object) => !this.#present.has(object));
        if (missing !== undefined) return `${ref} reaches ${missing}, which is not in the store`;
        this.#whole.add(commit);
      }
    }
    return undefined;
  }

  #objectsIn(catalogued: CataloguePack): readonly PackedObject[] {
    const { name, pack } = catalogued;
    const files = packKeys(name).map((key) => this.#store.keys.get(key)?.bytes);
    const [file, index] = files;
    if (file === undefined || files.includes(undefined)) return [];
    const known = this.#objects.get(file);
    if (known !== undefined) return known;
    const isGone = name.kind === "record" && this.#code.decodeSlot(file, name.slot).kind !== "record";
    const objects = isGone ? [] : this.#commits.objectsIn(catalogued, file.subarray(file.length - pack.size), index);
    this.#objects.set(file, objects);
    return objects;
  }
}

function isCatalogued({ packs }: State, key: string): boolean {
  const name = packNameOfKey(key);
  return name !== undefined && packs.has(packNameText(name));
}

/** Whether a pack has left the catalogue, or is not what it was. */
function hasLost(before: State, state: State): boolean {
  for (const [name, pack] of before.packs) if (state.packs.get(name) !== pack) return true;
  return false;
}
