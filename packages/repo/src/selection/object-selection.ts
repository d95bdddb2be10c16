import type { RequestOptions } from "@trunks/core";
import { treeEntries } from "../pack/git-object.ts";
import type { ObjectFormat, ObjectId } from "../pack/object-format.ts";
import type { ObjectReader } from "../pack/object-reader.ts";
import type { CommitSelection } from "./commit-selection.ts";
import type { ObjectFilter } from "./object-filter.ts";

const treeMode = 0o40000;
const submoduleMode = 0o160000;

/** Trees of one level, each with a path at which it stands; bytes are characters here. */
type Level = Map<ObjectId, string>;

/**
 * The trees and blobs that the selected commits need and the trees `present`, which the reader has, do not hold at the same
 * place. Trees are read, all of one level at once; blobs are not. Trees come before what is below them.
 */
export async function selectObjects(
  objects: ObjectReader,
  format: ObjectFormat,
  { commits, edge }: CommitSelection,
  filter: ObjectFilter,
  options: RequestOptions,
): Promise<{ readonly trees: readonly ObjectId[]; readonly blobs: readonly ObjectId[] }> {
  const walk = new TreeWalk(objects, format, filter, options);
  await walk.go(
    commits.map(({ tree }) => tree),
    edge.map(({ tree }) => tree),
  );
  const blobs = await withinLimit(objects, walk.blobs, filter.blobLimitBytes, options);
  return { trees: [...walk.trees], blobs };
}

class TreeWalk {
  readonly trees = new Set<ObjectId>();
  readonly blobs = new Set<ObjectId>();
  readonly #present = new Set<ObjectId>();
  readonly #objects: ObjectReader;
  readonly #format: ObjectFormat;
  readonly #filter: ObjectFilter;
  readonly #options: RequestOptions;

  constructor(objects: ObjectReader, format: ObjectFormat, filter: ObjectFilter, options: RequestOptions) {
    this.#objects = objects;
    this.#format = format;
    this.#filter = filter;
    this.#options = options;
  }

  async go(wantedRoots: readonly ObjectId[], presentRoots: readonly ObjectId[]): Promise<void> {
    let present: Level = new Map(presentRoots.map((id) => [id, ""]));
    for (const id of presentRoots) this.#present.add(id);
    let wanted: Level = new Map(wantedRoots.filter((id) => !this.#present.has(id)).map((id) => [id, ""]));
    for (let depth = 0; wanted.size > 0 && depth < this.#filter.treeDepth; depth++) {
      for (const id of wanted.keys()) this.trees.add(id);
      // Of what lies deeper than the filter wants, nothing needs to be read.
      if (depth + 1 >= this.#filter.treeDepth) return;
      const paths = new Set(wanted.values());
      present = await this.#presentBelow([...present].filter(([, path]) => paths.has(path)));
      wanted = await this.#wantedBelow(wanted, present.size > 0);
    }
  }

  /** What a partial clone lacks of its own trees is not known here, and does not matter: it is promised. */
  async #presentBelow(level: readonly (readonly [ObjectId, string])[]): Promise<Level> {
    const places = new Map(level);
    const below: Level = new Map();
    const read = { ...this.#options, skipMissing: true };
    for await (const { id, data } of this.#objects.readMany(places.keys(), read)) {
      for (const entry of treeEntries(this.#format, data)) {
        if (entry.mode === submoduleMode) continue;
        this.#present.add(entry.id);
        if (entry.mode === treeMode) below.set(entry.id, pathOf(places.get(id) as string, entry.name));
      }
    }
    return below;
  }

  async #wantedBelow(level: Level, needPaths: boolean): Promise<Level> {
    const below: Level = new Map();
    for await (const { id, data } of this.#objects.readMany(level.keys(), this.#options)) {
      for (const entry of treeEntries(this.#format, data)) {
        if (entry.mode === submoduleMode || this.#present.has(entry.id)) continue;
        if (entry.mode !== treeMode) {
          if (this.#filter.blobLimitBytes > 0) this.blobs.add(entry.id);
        } else if (!this.trees.has(entry.id)) {
          below.set(entry.id, needPaths ? pathOf(level.get(id) as string, entry.name) : "");
        }
      }
    }
    return below;
  }
}

function pathOf(folder: string, name: Uint8Array): string {
  return `${folder}/${String.fromCharCode(...name)}`;
}

async function withinLimit(
  objects: ObjectReader,
  blobs: ReadonlySet<ObjectId>,
  limitBytes: number,
  options: RequestOptions,
): Promise<ObjectId[]> {
  if (limitBytes === 0) return [];
  if (limitBytes === Number.POSITIVE_INFINITY) return [...blobs];
  const small: ObjectId[] = [];
  for await (const id of objects.smallerThan(limitBytes, blobs, options)) small.push(id);
  return small;
}
