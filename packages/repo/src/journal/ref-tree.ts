import type { Ref } from "../format/state.ts";

/**
 * Refs that also know their folders, so that a name which is a folder of another is found without a search: Git keeps
 * refs as files, and `refs/heads/a` beside `refs/heads/a/b` could not be cloned.
 */
export class RefTree {
  readonly refs: Map<string, Ref>;
  /** How many refs lie below each folder; made when it is first needed. */
  #folders: Map<string, number> | undefined;

  constructor(refs: ReadonlyMap<string, Ref>) {
    this.refs = new Map(refs);
  }

  /** Whether making `name` would put a ref where a folder is or below a ref. */
  conflicts(name: string): boolean {
    for (const folder of foldersOf(name)) if (this.refs.has(folder)) return true;
    return this.#counted().has(name);
  }

  /** `undefined` removes the ref. */
  set(name: string, ref: Ref | undefined): void {
    const had = this.refs.has(name);
    if (ref === undefined) this.refs.delete(name);
    else this.refs.set(name, ref);
    const change = Number(ref !== undefined) - Number(had);
    if (change !== 0 && this.#folders !== undefined) count(this.#folders, name, change);
  }

  #counted(): Map<string, number> {
    if (this.#folders === undefined) {
      this.#folders = new Map();
      for (const name of this.refs.keys()) count(this.#folders, name, 1);
    }
    return this.#folders;
  }
}

function count(folders: Map<string, number>, name: string, change: number): void {
  for (const folder of foldersOf(name)) {
    const total = (folders.get(folder) ?? 0) + change;
    if (total === 0) folders.delete(folder);
    else folders.set(folder, total);
  }
}

function* foldersOf(name: string): Generator<string> {
  for (let slash = name.indexOf("/"); slash !== -1; slash = name.indexOf("/", slash + 1)) yield name.slice(0, slash);
}
