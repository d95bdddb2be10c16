import { type RequestOptions, TrunksError } from "@trunks/core";
import { type IdentifiedObject, parseCommit, parseTag, treeEntries } from "../pack/git-object.ts";
import type { ObjectFormat, ObjectId } from "../pack/object-format.ts";
import { trunkObjects } from "../transfer/objects.ts";
import type { TrunkPacks } from "./rewrite.ts";

export interface ReachableOptions extends RequestOptions {
  /** Ids that need not be there, nor what they reach; what is there of it counts. Default: none. */
  readonly optional?: Iterable<ObjectId>;
  /** Objects whose own closure is known already: nothing behind them is looked at, and they are not in the answer. */
  readonly known?: ReadonlySet<ObjectId>;
  /** Told now and then how many objects were found. */
  readonly progress?: (objects: number) => void;
}

const treeMode = 0o40000;
const submoduleMode = 0o160000;

/**
 * All objects that the tips reach, as the trunk's packs hold them. Commits, tags and trees are read and proved by their ids; of
 * blobs it is only seen that they are there. Throws `CORRUPT` when one is missing.
 */
export async function reachableObjects(
  { backend, state, records }: TrunkPacks,
  tips: Iterable<ObjectId>,
  options: ReachableOptions = {},
): Promise<Set<ObjectId>> {
  const objects = trunkObjects(backend, state, records);
  const { signal, known } = options;
  const found = new Set<ObjectId>();
  /** Blobs are told from the rest by the tree that names them. */
  const walk = async (starts: Iterable<ObjectId>, isOptional: boolean): Promise<void> => {
    const isNew = (id: ObjectId) => !found.has(id) && !known?.has(id);
    for (let level = [...new Set(starts)].filter(isNew); level.length > 0; ) {
      const left = new Set(level);
      const next = new Set<ObjectId>();
      for await (const object of objects.readMany(level, { signal, skipMissing: true })) {
        left.delete(object.id);
        found.add(object.id);
        for (const { id, isBlob } of linksOf(state.objects, object)) {
          if (!isNew(id)) continue;
          if (!isBlob) next.add(id);
          else if (await objects.has(id, { signal })) found.add(id);
          else if (!isOptional) throw missing(id);
        }
      }
      const [gone] = left;
      if (gone !== undefined && !isOptional) throw missing(gone);
      options.progress?.(found.size);
      level = [...next].filter(isNew);
    }
  };
  await walk(tips, false);
  // Later, so that what is needed anyway is known to be whole.
  await walk(options.optional ?? [], true);
  return found;
}

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
  } else if (type === "tree") {
    for (const { mode, id } of treeEntries(format, data)) {
      if (mode !== submoduleMode) yield { id, isBlob: mode !== treeMode };
    }
  }
}

function missing(id: ObjectId): TrunksError {
  return new TrunksError("CORRUPT", `object ${id} is in none of the trunk's packs`, {
    hint: "run `trunks check --remote` to see what is affected",
  });
}
