import type { PathChange } from "./changes.ts";
import type { TreeItem } from "./tree.ts";

/** A path that two sides changed, each in its own way; or one where one side has a file and the other a folder. */
export interface Clash {
  readonly path: string;
  readonly base?: TreeItem;
  readonly ours?: TreeItem;
  readonly theirs?: TreeItem;
}

/** What both sides' changes since a common tree come to. */
export interface Combination {
  /** Theirs, which we do not have. */
  readonly changes: readonly PathChange[];
  readonly clashes: readonly Clash[];
}

/** Puts the changes of two sides together, path by path. What both did alike is no clash. */
export function combine(ours: readonly PathChange[], theirs: readonly PathChange[]): Combination {
  const byPath = new Map(ours.map((change) => [change.path, change]));
  const changes: PathChange[] = [];
  const clashes: Clash[] = [];
  const places = { ours: new Places(ours), theirs: new Places(theirs) };
  for (const change of theirs) {
    const own = byPath.get(change.path);
    const { path, before, after } = change;
    if (own === undefined) {
      const inTheWay = after !== undefined && places.ours.meets(path);
      if (inTheWay) clashes.push({ path, base: before, theirs: after });
      else changes.push(change);
    } else if (!isSame(own.after, after)) {
      clashes.push({ path, base: before, ours: own.after, theirs: after });
    }
  }
  for (const { path, before, after } of ours) {
    if (after !== undefined && places.theirs.meets(path)) clashes.push({ path, base: before, ours: after });
  }
  return { changes, clashes };
}

/** Where a side put files. */
class Places {
  readonly #files = new Set<string>();
  readonly #folders = new Set<string>();

  constructor(changes: readonly PathChange[]) {
    for (const { path, after } of changes) {
      if (after === undefined) continue;
      this.#files.add(path);
      for (const folder of foldersAbove(path)) this.#folders.add(folder);
    }
  }

  /** Whether a file at this path would be a folder of that side, or be in one of its files. */
  meets(path: string): boolean {
    return this.#folders.has(path) || foldersAbove(path).some((folder) => this.#files.has(folder));
  }
}

function foldersAbove(path: string): string[] {
  const folders: string[] = [];
  for (let end = path.lastIndexOf("/"); end > 0; end = path.lastIndexOf("/", end - 1)) folders.push(path.slice(0, end));
  return folders;
}

function isSame(left: TreeItem | undefined, right: TreeItem | undefined): boolean {
  return left?.id === right?.id && left?.mode === right?.mode;
}
