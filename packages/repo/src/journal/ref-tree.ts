import type { Ref } from "../format/state.ts";
import { OverlayMap } from "../overlay-map.ts";

/** How many refs lie below each folder, for maps that do not change any more. */
const countedFolders = new WeakMap<ReadonlyMap<string, Ref>, ReadonlyMap<string, number>>();

/**
 * Refs that also know their folders, so that a name which is a folder of another is found without a search: Git keeps
 * refs as files, and `refs/heads/a` beside `refs/heads/a/b` could not be cloned.
 */
export class RefTree {
  readonly refs: OverlayMap<string, Ref>;
  /** How many more, or fewer, than in the base of `refs`; made when it is first needed. */
  #changes: Map<string, number> | undefined;

  constructor(refs: ReadonlyMap<string, Ref>) {
    this.refs = new OverlayMap(refs);
    if (refs instanceof OverlayMap && refs.base !== this.refs.base) recount(refs, this.refs.base);
  }

  /** Whether making `name` would put a ref where a folder is or below a ref. */
  conflicts(name: string): boolean {
    for (const folder of foldersOf(name)) if (this.refs.has(folder)) return true;
    return (this.#baseFolders().get(name) ?? 0) + (this.#folderChanges().get(name) ?? 0) > 0;
  }

  /** `undefined` removes the ref. */
  set(name: string, ref: Ref | undefined): void {
    const had = this.refs.has(name);
    if (ref === undefined) this.refs.delete(name);
    else this.refs.set(name, ref);
    const change = Number(ref !== undefined) - Number(had);
    if (change !== 0 && this.#changes !== undefined) count(this.#changes, name, change);
  }

  #baseFolders(): ReadonlyMap<string, number> {
    const { base } = this.refs;
    const counted = countedFolders.get(base);
    if (counted !== undefined) return counted;
    const folders = new Map<string, number>();
    for (const name of base.keys()) count(folders, name, 1);
    countedFolders.set(base, folders);
    return folders;
  }

  #folderChanges(): Map<string, number> {
    if (this.#changes === undefined) {
      this.#changes = new Map();
      countDifferences(this.refs, this.#changes);
    }
    return this.#changes;
  }
}

/** What is known of the folders of a base holds for the next one, but for the differences. */
function recount(refs: OverlayMap<string, Ref>, base: ReadonlyMap<string, Ref>): void {
  const known = countedFolders.get(refs.base);
  if (known === undefined) return;
  const folders = new Map(known);
  countDifferences(refs, folders);
  countedFolders.set(base, folders);
}

function countDifferences(refs: OverlayMap<string, Ref>, folders: Map<string, number>): void {
  for (const { key, added } of refs.differences()) count(folders, key, added ? 1 : -1);
}

function count(folders: Map<string, number>, name: string, change: number): void {
  for (const folder of foldersOf(name)) folders.set(folder, (folders.get(folder) ?? 0) + change);
}

function* foldersOf(name: string): Generator<string> {
  for (let slash = name.indexOf("/"); slash !== -1; slash = name.indexOf("/", slash + 1)) yield name.slice(0, slash);
}
