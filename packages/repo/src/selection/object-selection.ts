import type { RequestOptions } from "@trunks/core";
import { submoduleMode, TreeCursor, treeMode } from "../pack/git-object.ts";
import { IdSet } from "../pack/id-set.ts";
import type { ObjectFormat, ObjectId } from "../pack/object-format.ts";
import type { ObjectReader } from "../pack/object-reader.ts";
import type { ObjectFilter } from "./object-filter.ts";

/** Trees of one level, each with a path at which it stands; bytes are characters here. */
type Level = Map<ObjectId, string>;

/** Trees at the top of commits. */
export interface RootTrees {
  readonly wanted: Iterable<ObjectId>;
  /** Those that the reader has. */
  readonly present: readonly ObjectId[];
}

/**
 * The trees and blobs that are needed below the wanted trees, with those, and that the trees `present` do not hold at the same
 * place. Trees are read, all of one level at once; blobs are not. Trees come before what is below them.
 */
export async function selectObjects(
  objects: ObjectReader,
  format: ObjectFormat,
  roots: RootTrees,
  filter: ObjectFilter,
  options: RequestOptions,
): Promise<{ readonly trees: IdSet; readonly blobs: Iterable<ObjectId> }> {
  const walk = new TreeWalk(objects, format, filter, options);
  await walk.go(roots);
  return { trees: walk.trees, blobs: await withinLimit(objects, walk.blobs, filter.blobLimitBytes, options) };
}

class TreeWalk {
  readonly trees: IdSet;
  readonly blobs: IdSet;
  readonly #present: IdSet;
  readonly #objects: ObjectReader;
  readonly #format: ObjectFormat;
  readonly #filter: ObjectFilter;
  readonly #options: RequestOptions;

  constructor(objects: ObjectReader, format: ObjectFormat, filter: ObjectFilter, options: RequestOptions) {
    this.trees = new IdSet(format);
    this.blobs = new IdSet(format);
    this.#present = new IdSet(format);
    this.#objects = objects;
    this.#format = format;
    this.#filter = filter;
    this.#options = options;
  }

  async go({ wanted: wantedRoots, present: presentRoots }: RootTrees): Promise<void> {
    let present: Level = new Map(presentRoots.map((id) => [id, ""]));
    for (const id of presentRoots) this.#present.add(id);
    let wanted: Level = new Map();
    if (this.#filter.treeDepth === 0) return;
    for (const id of wantedRoots) if (!this.#present.has(id) && this.trees.add(id)) wanted.set(id, "");
    // Of what lies deeper than the filter wants, nothing needs to be read.
    for (let depth = 1; wanted.size > 0 && depth < this.#filter.treeDepth; depth++) {
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
      for (const cursor = new TreeCursor(this.#format, data); cursor.next(); ) {
        if (cursor.mode === submoduleMode) continue;
        this.#present.addBytes(data, cursor.idStart);
        if (cursor.mode === treeMode) below.set(cursor.id(), pathOf(places.get(id) as string, cursor.name()));
      }
    }
    return below;
  }

  /** Most of a tree stood in another one already: of that nothing is made, not even its id. */
  async #wantedBelow(level: Level, needPaths: boolean): Promise<Level> {
    const below: Level = new Map();
    const wantsBlobs = this.#filter.blobLimitBytes > 0;
    for await (const { id, data } of this.#objects.readMany(level.keys(), this.#options)) {
      for (const cursor = new TreeCursor(this.#format, data); cursor.next(); ) {
        const { mode, idStart } = cursor;
        const isTree = mode === treeMode;
        if (mode === submoduleMode || !(isTree || wantsBlobs) || this.#present.hasBytes(data, idStart)) continue;
        if (!(isTree ? this.trees : this.blobs).addBytes(data, idStart) || !isTree) continue;
        below.set(cursor.id(), needPaths ? pathOf(level.get(id) as string, cursor.name()) : "");
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
  blobs: IdSet,
  limitBytes: number,
  options: RequestOptions,
): Promise<Iterable<ObjectId>> {
  if (limitBytes === 0 || limitBytes === Number.POSITIVE_INFINITY) return blobs;
  const small: ObjectId[] = [];
  for await (const id of objects.smallerThan(limitBytes, blobs, options)) small.push(id);
  return small;
}
