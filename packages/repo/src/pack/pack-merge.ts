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
}

/** Chains of deltas in the new pack are no longer, so that the last object of a chain is made quickly. As Git's default. */
const maxDepth = 50;
/** Objects that others were thin deltas against are remembered, to be a base for those that come after: so many. */
const maxLeaders = 256;
const maxLeaderSizeBytes = 2 ** 20;

/**
 * Writes one pack of all objects that the parts hold, each once. Entries are copied as they are, deltas too, unless the base is
 * in none of the parts or a chain would become too long: then the object is made with the help of `objects`. Each part's bases
 * must be in it, in a part before it, or in no part at all. `undefined` when nothing is left to be written.
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
  /** Of what was written, how many deltas it takes to make it. */
  readonly #depths = new Map<ObjectId, number>();
  /** By the base that is in no part, the object that was written in full in its place. */
  readonly #leaders = new Map<ObjectId, IdentifiedObject>();

  constructor(
    format: ObjectFormat,
    wanted: ReadonlyMap<ObjectId, number>,
    objects: ObjectReader,
    sink: (bytes: Uint8Array) => Promise<void>,
    { signal }: MergeOptions,
  ) {
    this.#format = format;
    this.#wanted = wanted;
    this.#objects = objects;
    this.#writer = new PackWriter(format, wanted.size, sink);
    this.#options = { signal };
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
    const depth = baseId === undefined ? 0 : (this.#depths.get(baseId) ?? maxDepth) + 1;
    if (depth > maxDepth) return this.#addAnew(id, baseId as ObjectId);
    async function* deflated(): AsyncGenerator<Uint8Array> {
      yield opening.subarray(header.headerSize);
      yield* stream.pieces(end - offset - opening.length);
    }
    const content = baseId === undefined ? (header.type as IdentifiedObject["type"]) : { baseId };
    await this.#writer.addStored({ id, content, size: header.size, deflated: deflated() });
    this.#depths.set(id, depth);
  }

  /** Writes an object whose delta cannot stay: as a delta against one that had the same base, or in full. */
  async #addAnew(id: ObjectId, baseId: ObjectId): Promise<void> {
    const object = await this.#objects.read(id, this.#options);
    if (object === undefined) throw new TrunksError("CORRUPT", `object ${id} is in no pack`);
    const leader = this.#depths.has(baseId) ? undefined : this.#leaders.get(baseId);
    await this.#writer.add(object, leader);
    this.#depths.set(id, leader === undefined ? 0 : 1);
    if (leader !== undefined || object.data.length > maxLeaderSizeBytes) return;
    this.#leaders.set(baseId, { id, ...object });
    const [oldest] = this.#leaders.keys();
    if (this.#leaders.size > maxLeaders) this.#leaders.delete(oldest as ObjectId);
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
