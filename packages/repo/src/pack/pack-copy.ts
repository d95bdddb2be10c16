import { isTrunksError, type RequestOptions, TrunksError } from "@trunks/core";
import { crc32Of } from "../platform.ts";
import type { GitObject } from "./git-object.ts";
import { IdSet } from "./id-set.ts";
import type { ObjectFormat, ObjectId } from "./object-format.ts";
import type { BaselessEntry, ObjectReader } from "./object-reader.ts";
import type { EntryHeader } from "./pack-entry.ts";
import type { EntryLocation } from "./pack-set.ts";
import { PackWriter, type StoredEntry, type WrittenPack } from "./pack-writer.ts";

/** Chains of deltas in the new pack are no longer. As Git's default. */
const maxDepth = 50;
/** So many objects are remembered, to be bases for their like. */
const maxLeaders = 1024;
/** In bytes. For larger ones no delta is sought. */
const maxDeltaSizeBytes = 2 ** 20;

/**
 * Writes one pack of exactly these objects, complete in itself. Entries are copied as they stand in their packs, deltas too when
 * the base comes along; the others are written anew, as deltas against their like where there is one. What is copied is held
 * against the index's checksum of it. Throws `NOT_FOUND` before the first byte when an object is not there.
 */
export async function copyPack(
  objects: ObjectReader,
  format: ObjectFormat,
  ids: Iterable<ObjectId>,
  sink: (bytes: Uint8Array) => Promise<void>,
  options: RequestOptions = {},
): Promise<WrittenPack> {
  const wanted = ids instanceof IdSet ? ids : new IdSet(format, ids);
  const copy = new PackCopy(objects, new PackWriter(format, wanted.size, sink), options);
  for await (const entry of objects.copyMany(wanted, options)) {
    if (entry.deflated !== undefined) await copy.add(entry);
    else await copy.addBaseless(entry);
  }
  return copy.finish();
}

class PackCopy {
  readonly #objects: ObjectReader;
  readonly #writer: PackWriter;
  readonly #options: RequestOptions;
  /** Of deltas that were written, how many it takes to make their objects. */
  readonly #depths = new Map<ObjectId, number>();
  /** By family, the object that was written last. */
  readonly #leaders = new Map<string, ObjectId>();

  constructor(objects: ObjectReader, writer: PackWriter, options: RequestOptions) {
    this.#objects = objects;
    this.#writer = writer;
    this.#options = options;
  }

  finish(): Promise<WrittenPack> {
    return this.#writer.finish();
  }

  async add(entry: StoredEntry): Promise<void> {
    await this.#writer.addStored(entry);
    if (typeof entry.content !== "string") this.#depths.set(entry.id, this.#depthOver(entry.content.baseId));
  }

  async addBaseless({ id, nearId, family }: BaselessEntry): Promise<void> {
    const object = await this.#read(id);
    if (object === undefined) return this.#addStream(id);
    const baseId = nearId ?? this.#leaders.get(family);
    const isWorthIt =
      object.data.length <= maxDeltaSizeBytes && baseId !== undefined && this.#depthOver(baseId) <= maxDepth;
    const base = isWorthIt ? await this.#read(baseId) : undefined;
    await this.#writer.add(object, base && { id: baseId as ObjectId, ...base });
    if (base !== undefined) this.#depths.set(id, this.#depthOver(baseId as ObjectId));
    this.#leaders.delete(family);
    this.#leaders.set(family, id);
    const [oldest] = this.#leaders.keys();
    if (this.#leaders.size > maxLeaders) this.#leaders.delete(oldest as string);
  }

  #depthOver(baseId: ObjectId): number {
    return (this.#depths.get(baseId) ?? 0) + 1;
  }

  /** `undefined` for the largest objects, which are read as streams only. */
  async #read(id: ObjectId): Promise<GitObject | undefined> {
    try {
      const object = await this.#objects.read(id, this.#options);
      if (object === undefined) throw new TrunksError("NOT_FOUND", `object ${id} is in no pack`);
      return object;
    } catch (error) {
      if (isTrunksError(error, "NOT_SUPPORTED")) return undefined;
      throw error;
    }
  }

  async #addStream(id: ObjectId): Promise<void> {
    const stream = await this.#objects.readStream(id, this.#options);
    if (stream === undefined) throw new TrunksError("NOT_FOUND", `object ${id} is in no pack`);
    await this.#writer.addStream(stream.type, stream.size, stream);
  }
}

/** The bytes behind an entry's header, when all of them are in memory. Throws `CORRUPT` when they are not those of the index. */
export function storedBytesAtHand(id: ObjectId, place: EntryLocation, header: EntryHeader): Uint8Array | undefined {
  const bytes = place.pack.blocks.peek(place);
  if (bytes === undefined) return undefined;
  checkStored(id, place, crc32Of(bytes));
  return bytes.subarray(header.headerSize);
}

/** The same, read piece by piece; what is wrong with them is said at their end. */
export async function* storedBytes(
  id: ObjectId,
  place: EntryLocation,
  header: EntryHeader,
  rangeSizeBytes: number,
  options: RequestOptions,
): AsyncGenerator<Uint8Array> {
  const { blocks } = place.pack;
  let crc = 0;
  for (let start = place.start; start < place.end; start += rangeSizeBytes) {
    const range = { start, end: Math.min(start + rangeSizeBytes, place.end) };
    const bytes = blocks.peek(range) ?? (await blocks.read(range, options));
    crc = crc32Of(bytes, crc);
    yield start === place.start ? bytes.subarray(header.headerSize) : bytes;
  }
  checkStored(id, place, crc);
}

function checkStored(id: ObjectId, { pack }: EntryLocation, crc: number): void {
  if (crc === pack.index.crcOf(id)) return;
  throw new TrunksError("CORRUPT", `object ${id} in pack ${pack.source.name}: its bytes do not match their checksum`);
}
