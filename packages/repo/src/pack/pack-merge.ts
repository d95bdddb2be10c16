import { type RequestOptions, TrunksError } from "@trunks/core";
import { ByteStream } from "./byte-stream.ts";
import type { IdentifiedObject } from "./git-object.ts";
import type { ObjectFormat, ObjectId } from "./object-format.ts";
import type { ObjectReader } from "./object-reader.ts";
import { maxEntryHeaderSizeBytes, parseEntryHeader } from "./pack-entry.ts";
import type { IndexedEntry, PackIndex } from "./pack-index.ts";
import { PackWriter, type WrittenPack } from "./pack-writer.ts";

/** A pack whose entries go into another one. It may be thin. */
export interface MergePart {
  readonly index: PackIndex;
  /** The whole pack, front to back; read once. Ends in an error when the bytes are not those that they should be. */
  read(): AsyncIterable<Uint8Array>;
}

export interface MergeOptions extends RequestOptions {
  /** Which objects go into the new pack. Default: all. */
  readonly keeps?: (id: ObjectId) => boolean;
  /** Of the objects that are stored in full those of one name become deltas against each other. Default: they stay. */
  readonly names?: ReadonlyMap<ObjectId, string>;
  /** Deltas stay deltas also when their base is in no part. Default false. */
  readonly thin?: boolean;
}

/** Chains of deltas in the new pack are no longer, so that the last object of a chain is made quickly. As Git's default. */
const maxDepth = 50;
/** Objects that were not copied are remembered, to be a base for those that come after: so many bytes. */
const leadersSizeBytes = 2 ** 26;
const maxLeaderSizeBytes = 2 ** 20;

/**
 * Writes one pack of all objects that the parts hold, each once. Entries are copied as they are, deltas too, unless the base is
 * in none of the parts (and the pack not thin) or a chain would become too long: then the object is made with the help of
 * `objects`. Each part's bases are best in it, in a part before it, or in no part at all. `undefined` when nothing is left to be written.
 */
export async function mergePacks(
  format: ObjectFormat,
  parts: readonly MergePart[],
  objects: ObjectReader,
  sink: (bytes: Uint8Array) => Promise<void>,
  options: MergeOptions = {},
): Promise<WrittenPack | undefined> {
  const wanted = new Map<ObjectId, number>();
  for (const [place, part] of parts.entries()) {
    for (const { id } of part.index.entries())
      if (!wanted.has(id) && options.keeps?.(id) !== false) wanted.set(id, place);
  }
  if (wanted.size === 0) return undefined;
  const merge = new Merge(format, wanted, objects, sink, options);
  for (const [place, part] of parts.entries()) await merge.add(place, part);
  return merge.finish();
}

class Merge {
  readonly #format: ObjectFormat;
  readonly #wanted: ReadonlyMap<ObjectId, number>;
  readonly #objects: ObjectReader;
  readonly #writer: PackWriter;
  readonly #options: RequestOptions;
  readonly #names: ReadonlyMap<ObjectId, string>;
  readonly #thin: boolean;
  /** Of what was written, how many deltas it takes to make it. */
  readonly #depths = new Map<ObjectId, number>();
  /** The same of bases that stay outside. */
  readonly #outerDepths = new Map<ObjectId, number>();
  /** The last objects that were not copied, by their name, and by the base that is in no part if they were deltas before. */
  readonly #leaders = new Map<string, IdentifiedObject>();
  #leadersSize = 0;

  constructor(
    format: ObjectFormat,
    wanted: ReadonlyMap<ObjectId, number>,
    objects: ObjectReader,
    sink: (bytes: Uint8Array) => Promise<void>,
    { signal, names = new Map(), thin = false }: MergeOptions,
  ) {
    this.#format = format;
    this.#wanted = wanted;
    this.#objects = objects;
    this.#writer = new PackWriter(format, wanted.size, sink, { thin });
    this.#options = { signal };
    this.#names = names;
    this.#thin = thin;
  }

  finish(): Promise<WrittenPack> {
    return this.#writer.finish();
  }

  async add(place: number, { index, read }: MergePart): Promise<void> {
    const entries = [...index.entries()].sort((left, right) => left.offset - right.offset);
    const stream = new ByteStream(read());
    try {
      for (const entry of entries) {
        if (this.#wanted.get(entry.id) !== place || this.#depths.has(entry.id)) continue;
        await stream.skipTo(entry.offset);
        await this.#addEntry(entry, index.entryEnd(entry.offset), entries, stream);
      }
      await stream.finish();
    } finally {
      await stream.stop();
    }
  }

  async #addEntry(
    { id, offset }: IndexedEntry,
    end: number,
    entries: readonly IndexedEntry[],
    stream: ByteStream,
  ): Promise<void> {
    const opening = await stream.bytes(Math.min(maxEntryHeaderSizeBytes, end - offset));
    const header = parseEntryHeader(this.#format, opening, 0, offset);
    const baseId = header.baseOffset === undefined ? header.baseId : idAt(entries, header.baseOffset);
    const depth = baseId === undefined ? 0 : (await this.#depthOf(baseId)) + 1;
    const isNamed = baseId === undefined && header.size <= maxLeaderSizeBytes && this.#names.has(id);
    if (depth > maxDepth || isNamed) return this.#addAnew(id, baseId);
    async function* deflated(): AsyncGenerator<Uint8Array> {
      yield opening.subarray(header.headerSize);
      yield* stream.pieces(end - offset - opening.length);
    }
    const content = baseId === undefined ? (header.type as IdentifiedObject["type"]) : { baseId };
    await this.#writer.addStored({ id, content, size: header.size, deflated: deflated() });
    this.#depths.set(id, depth);
  }

  /** How many deltas it takes to make a base; more than may be for one that stands behind its delta, or nowhere. */
  async #depthOf(baseId: ObjectId): Promise<number> {
    const known = this.#depths.get(baseId) ?? this.#outerDepths.get(baseId);
    if (known !== undefined) return known;
    if (!this.#thin || this.#wanted.has(baseId)) return maxDepth;
    const depth = (await this.#objects.chainLength(baseId, this.#options)) ?? maxDepth;
    this.#outerDepths.set(baseId, depth);
    return depth;
  }

  /** Writes an object whose entry cannot stay, or might be smaller: as a delta against one that is like it, or in full. */
  async #addAnew(id: ObjectId, baseId: ObjectId | undefined): Promise<void> {
    const object = await this.#objects.read(id, this.#options);
    if (object === undefined) throw new TrunksError("CORRUPT", `object ${id} is in no pack`);
    // What ends a chain that is too long must not go on with it.
    const keys = [this.#names.get(id), baseId !== undefined && !this.#depths.has(baseId) ? baseId : undefined];
    const known = keys.filter((key) => key !== undefined);
    const leader = known.map((key) => this.#leaders.get(key)).find((one) => one?.type === object.type);
    const depth = leader === undefined ? 0 : (this.#depths.get(leader.id) as number) + 1;
    const base = depth > maxDepth ? undefined : leader;
    await this.#writer.add(object, base);
    this.#depths.set(id, base === undefined ? 0 : depth);
    if (object.data.length > maxLeaderSizeBytes) return;
    for (const key of known) this.#lead(key, { id, ...object });
  }

  #lead(key: string, object: IdentifiedObject): void {
    this.#leadersSize += object.data.length - (this.#leaders.get(key)?.data.length ?? 0);
    this.#leaders.delete(key);
    this.#leaders.set(key, object);
    for (const [oldest, { data }] of this.#leaders) {
      if (this.#leadersSize <= leadersSizeBytes) return;
      this.#leaders.delete(oldest);
      this.#leadersSize -= data.length;
    }
  }
}

/** The object whose entry begins at `offset`, of entries in the order of their offsets. */
function idAt(entries: readonly IndexedEntry[], offset: number): ObjectId {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((entries[middle] as IndexedEntry).offset < offset) low = middle + 1;
    else high = middle;
  }
  const found = entries[low];
  if (found?.offset === offset) return found.id;
  throw new TrunksError("CORRUPT", `a delta's base should begin at ${offset}, and no entry does`);
}
