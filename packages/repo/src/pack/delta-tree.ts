import { type RequestOptions, TrunksError } from "@trunks/core";
import { inflate } from "../platform.ts";
import { applyDelta } from "./delta.ts";
import { type GitObject, type IdentifiedObject, type ObjectType, objectId } from "./git-object.ts";
import type { ObjectFormat, ObjectId } from "./object-format.ts";
import { type EntryHeader, isDelta } from "./pack-entry.ts";

/** An entry on its way to being known. */
export interface ScannedEntry {
  readonly offset: number;
  readonly header: EntryHeader;
  /** The bytes behind the header up to the next entry. */
  readonly deflated: Uint8Array;
  /** The same inflated, if it was kept. */
  readonly inflated?: Uint8Array;
  readonly crc: number;
  id: ObjectId | undefined;
}

/**
 * Yields those of these objects that exist outside the pack, in any order. A thin pack leaves out objects that its deltas are
 * against.
 */
export type ExternalBases = (ids: readonly ObjectId[], options: RequestOptions) => AsyncIterable<IdentifiedObject>;

/** Objects that wait for the last of their deltas may take so many bytes together. */
const maxHeldSizeBytes = 2 ** 28;

/** An object, and the deltas against it that are still to be made. */
interface Branch {
  readonly object: GitObject;
  readonly deltas: ScannedEntry[];
}

/**
 * Finds the ids of all entries that are deltas: from each base on to its deltas, and from those to theirs, so that every object
 * is made once. Answers the ids of the bases that came from outside.
 */
export async function resolveDeltas(
  format: ObjectFormat,
  entries: readonly ScannedEntry[],
  externalBases: ExternalBases | undefined,
  options: RequestOptions,
): Promise<ObjectId[]> {
  const tree = new DeltaTree(format, entries);
  for (const entry of entries) {
    if (isDelta(entry.header)) continue;
    const deltas = tree.takeDeltas(entry.id as ObjectId, entry.offset);
    if (deltas.length > 0) tree.grow({ object: wholeObject(entry), deltas });
  }
  const used: ObjectId[] = [];
  if (tree.missingBases.length > 0 && externalBases !== undefined) {
    for await (const { id, type, data } of externalBases(tree.missingBases, { signal: options.signal })) {
      const deltas = tree.takeDeltas(id, undefined);
      if (deltas.length === 0) continue;
      used.push(id);
      tree.grow({ object: { type, data }, deltas });
    }
  }
  const [missing] = tree.missingBases;
  if (missing !== undefined) throw new TrunksError("CORRUPT", `the base ${missing} of a delta is missing`);
  if (entries.some((entry) => entry.id === undefined))
    throw new TrunksError("CORRUPT", "a delta has no entry as its base");
  return used;
}

class DeltaTree {
  readonly #format: ObjectFormat;
  readonly #byBaseOffset = new Map<number, ScannedEntry[]>();
  readonly #byBaseId = new Map<ObjectId, ScannedEntry[]>();

  constructor(format: ObjectFormat, entries: readonly ScannedEntry[]) {
    this.#format = format;
    for (const entry of entries) {
      const { baseOffset, baseId } = entry.header;
      if (baseOffset !== undefined) append(this.#byBaseOffset, baseOffset, entry);
      if (baseId !== undefined) append(this.#byBaseId, baseId, entry);
    }
  }

  /** Bases named by id that have not come up yet. */
  get missingBases(): ObjectId[] {
    return [...this.#byBaseId.keys()];
  }

  /** The deltas against one object; each is answered once. */
  takeDeltas(id: ObjectId, offset: number | undefined): ScannedEntry[] {
    const byId = this.#byBaseId.get(id) ?? [];
    const byOffset = (offset !== undefined && this.#byBaseOffset.get(offset)) || [];
    this.#byBaseId.delete(id);
    if (offset !== undefined) this.#byBaseOffset.delete(offset);
    return [...byOffset, ...byId];
  }

  /** Makes every object that is reached from this one, which has deltas. */
  grow(root: Branch): void {
    const branches = [root];
    let held = root.object.data.length;
    for (let branch = branches.at(-1); branch !== undefined; branch = branches.at(-1)) {
      const delta = branch.deltas.pop() as ScannedEntry;
      const { object } = branch;
      // Most branches have a single delta: letting go of its base first keeps long chains cheap.
      if (branch.deltas.length === 0) {
        branches.pop();
        held -= object.data.length;
      }
      const data = applyDelta(object.data, inflatedEntry(delta), Number.MAX_SAFE_INTEGER);
      delta.id = objectId(this.#format, object.type, data);
      const deltas = this.takeDeltas(delta.id, delta.offset);
      if (deltas.length === 0) continue;
      branches.push({ object: { type: object.type, data }, deltas });
      held += data.length;
      if (held > maxHeldSizeBytes)
        throw new TrunksError("CORRUPT", "a pack's deltas branch out beyond what may be held");
    }
  }
}

function wholeObject(entry: ScannedEntry): GitObject {
  return { type: entry.header.type as ObjectType, data: inflatedEntry(entry) };
}

function inflatedEntry(entry: ScannedEntry): Uint8Array {
  return entry.inflated ?? inflate(entry.deflated, entry.header.size).bytes;
}

function append(map: Map<number | ObjectId, ScannedEntry[]>, key: number | ObjectId, entry: ScannedEntry): void {
  const present = map.get(key);
  if (present === undefined) map.set(key, [entry]);
  else present.push(entry);
}
