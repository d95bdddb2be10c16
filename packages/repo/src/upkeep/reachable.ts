import { type RequestOptions, TrunksError } from "@trunks/core";
import {
  type IdentifiedObject,
  parseCommit,
  parseTag,
  submoduleMode,
  TreeCursor,
  treeMode,
} from "../pack/git-object.ts";
import { type ObjectFormat, type ObjectId, objectIdBytes, readObjectId } from "../pack/object-format.ts";
import type { ObjectReader } from "../pack/object-reader.ts";
import { type PackIndexes, trunkObjects } from "../transfer/objects.ts";
import { ObjectMarks } from "./object-marks.ts";
import type { TrunkPacks } from "./rewrite.ts";

export interface ReachableOptions extends RequestOptions {
  /** Ids that need not be there, nor what they reach; what is there of it counts. Default: none. */
  readonly optional?: Iterable<ObjectId>;
  /** Objects whose own closure is known already: nothing behind them is looked at, and they are not in the answer. */
  readonly known?: ObjectMarks;
  /** See `TrunkObjectsOptions`. */
  readonly indexes?: PackIndexes;
  /** Told now and then how many objects were found. */
  readonly progress?: (objects: number) => void;
}

/** Of packs, and of bases, in bytes: what a walk needs beside the indexes and what it has found stays small. */
const caches = { blockCacheSizeBytes: 2 ** 24, baseCacheSizeBytes: 2 ** 24 };

/**
 * All objects that the tips reach, as the trunk's packs hold them. Commits, tags and trees are read and proved by their ids; of
 * blobs it is only seen that they are there. Throws `CORRUPT` when one is missing.
 */
export async function reachableObjects(
  { backend, state, records }: TrunkPacks,
  tips: Iterable<ObjectId>,
  options: ReachableOptions = {},
): Promise<ObjectMarks> {
  const objects = trunkObjects(backend, state, records, { ...caches, indexes: options.indexes });
  const found = await ObjectMarks.over(objects, state.objects, options);
  const walk = new ReachableWalk(objects, state.objects, found, options);
  await walk.go(tips, false);
  // Later, so that what is needed anyway is known to be whole.
  await walk.go(options.optional ?? [], true);
  return found;
}

class ReachableWalk {
  readonly #objects: ObjectReader;
  readonly #format: ObjectFormat;
  readonly #found: ObjectMarks;
  readonly #options: ReachableOptions;

  constructor(objects: ObjectReader, format: ObjectFormat, found: ObjectMarks, options: ReachableOptions) {
    this.#objects = objects;
    this.#format = format;
    this.#found = found;
    this.#options = options;
  }

  async go(starts: Iterable<ObjectId>, isOptional: boolean): Promise<void> {
    const { signal, progress } = this.#options;
    const isNew = (id: ObjectId) => this.#isNew(objectIdBytes(id), 0);
    for (let level = [...new Set(starts)].filter(isNew); level.length > 0; ) {
      const left = new Set(level);
      const next = new Set<ObjectId>();
      for await (const object of this.#objects.readMany(level, { signal, skipMissing: true })) {
        left.delete(object.id);
        this.#found.add(object.id);
        if (object.type === "tree") await this.#below(object.data, next, isOptional);
        else
          for (const { id, isBlob } of linksOf(this.#format, object)) {
            if (!isNew(id)) continue;
            if (isBlob) await this.#addBlob(objectIdBytes(id), 0, isOptional);
            else next.add(id);
          }
      }
      const [gone] = left;
      if (gone !== undefined && !isOptional) throw missing(gone);
      progress?.(this.#found.size);
      level = [...next].filter(isNew);
    }
  }

  /** Blobs are told from the rest by the tree that names them. Of what was found before nothing is made, not even its id. */
  async #below(tree: Uint8Array, next: Set<ObjectId>, isOptional: boolean): Promise<void> {
    for (const cursor = new TreeCursor(this.#format, tree); cursor.next(); ) {
      const { mode, idStart } = cursor;
      if (mode === submoduleMode || !this.#isNew(tree, idStart)) continue;
      if (mode === treeMode) next.add(cursor.id());
      else if (!this.#found.addPacked(tree, idStart)) await this.#addBlob(tree, idStart, isOptional);
    }
  }

  #isNew(bytes: Uint8Array, offset: number): boolean {
    return !this.#found.hasBytes(bytes, offset) && !this.#options.known?.hasBytes(bytes, offset);
  }

  async #addBlob(bytes: Uint8Array, offset: number, isOptional: boolean): Promise<void> {
    const id = readObjectId(this.#format, bytes, offset);
    if (await this.#objects.has(id, { signal: this.#options.signal })) this.#found.add(id);
    else if (!isOptional) throw missing(id);
  }
}

/** What a commit or a tag points to. */
function* linksOf(
  format: ObjectFormat,
  { type, data }: IdentifiedObject,
): Generator<{ id: ObjectId; isBlob: boolean }> {
  if (type === "commit") {
    const { tree, parents } = parseCommit(format, data);
    for (const id of [tree, ...parents]) yield { id, isBlob: false };
  } else if (type === "tag") {
    const { object, type: tagged } = parseTag(format, data);
    yield { id: object, isBlob: tagged === "blob" };
  }
}

function missing(id: ObjectId): TrunksError {
  return new TrunksError("CORRUPT", `object ${id} is in none of the trunk's packs`, {
    hint: "run `trunks check --remote` to see what is affected",
  });
}
