import { abortedError, type ByteRange, type RequestOptions, resolveRange, TrunksError } from "@trunks/core";
import { Room } from "../platform.ts";
import { type Prefetch, prefetchCopies, prefetchEntries, prefetchedGroups, prefetchPlaces } from "./batch-prefetch.ts";
import { EntryResolver } from "./entry-resolver.ts";
import { entryStream } from "./entry-stream.ts";
import { type GitObject, type IdentifiedObject, type ObjectType, objectId } from "./git-object.ts";
import { type LocatedObject, locateMany, ObjectOrder } from "./located-objects.ts";
import { explained, explainedStream, explanation } from "./object-failure.ts";
import type { ObjectFormat, ObjectId } from "./object-format.ts";
import { cutOut, type ObjectStream, onePiece, provedStream } from "./object-stream.ts";
import { storedBytes, storedBytesAtHand } from "./pack-copy.ts";
import { isDelta, maxEntryHeaderSizeBytes } from "./pack-entry.ts";
import type { PackIndex } from "./pack-index.ts";
import { type EntryLocation, PackSet } from "./pack-set.ts";
import type { PackSource } from "./pack-source.ts";
import type { StoredEntry } from "./pack-writer.ts";

export interface ObjectReaderOptions {
  /** Packs are read and kept in blocks of so many bytes. Default 64 KiB. */
  readonly blockSizeBytes?: number;
  /** In a batch, so many bytes between two wanted blocks are rather read than asked around. Default 256 KiB. */
  readonly gapSizeBytes?: number;
  /** No request asks for more, in bytes; entries above it are read in parts. Default 8 MiB. */
  readonly rangeSizeBytes?: number;
  /** So many requests of a batch are under way at a time. Default 4. */
  readonly rangeConcurrency?: number;
  /** So many bytes of packs are kept in memory. Default 64 MiB. */
  readonly blockCacheSizeBytes?: number;
  /** So many bytes of objects that others are deltas against are kept in memory. Default 64 MiB. */
  readonly baseCacheSizeBytes?: number;
  /** Larger objects are read as streams only, and not at all when they are stored as deltas. Default 128 MiB. */
  readonly maxObjectSizeBytes?: number;
}

export interface ReadManyOptions extends RequestOptions {
  /** Whether an object that no pack holds is left out, instead of being an error. Default false. */
  readonly skipMissing?: boolean;
}

/** A delta whose base does not come along, so that its object has to be made. */
export interface BaselessEntry {
  readonly id: ObjectId;
  readonly deflated: undefined;
  /** The nearest of the objects behind its base that came before it. */
  readonly nearId: ObjectId | undefined;
  /** The same for entries that are deltas of the same object in the end. */
  readonly family: string;
}

export interface ObjectInfo {
  readonly type: ObjectType;
  /** In bytes. */
  readonly size: number;
}

/** So many bytes of objects are handed on at a time. */
const batchSizeBytes = 2 ** 18;

/**
 * Reads a repository's objects out of packs, by ranges, without any of the packs being whole anywhere. What it answers was
 * hashed and is the object of that id; anything else throws `CORRUPT` with the pack's name. "Not there" is `undefined`.
 */
export class ObjectReader {
  readonly #format: ObjectFormat;
  readonly #packs: PackSet;
  readonly #resolver: EntryResolver;
  readonly #settings: Required<ObjectReaderOptions>;

  /** The packs are asked in this order, so that the one asked most should come first. */
  constructor(format: ObjectFormat, sources: readonly PackSource[], options: ObjectReaderOptions = {}) {
    this.#format = format;
    this.#settings = {
      blockSizeBytes: 2 ** 16,
      gapSizeBytes: 2 ** 18,
      rangeSizeBytes: 2 ** 23,
      rangeConcurrency: 4,
      blockCacheSizeBytes: 2 ** 26,
      baseCacheSizeBytes: 2 ** 26,
      maxObjectSizeBytes: 2 ** 27,
      ...options,
    };
    this.#packs = new PackSet(format, sources, this.#settings);
    this.#resolver = new EntryResolver(this.#packs, this.#settings);
  }

  /** Reads from these packs from now on. Of those that it had before it keeps what it knows. */
  useSources(sources: readonly PackSource[]): void {
    this.#packs.replace(sources);
  }

  async has(id: ObjectId, options: RequestOptions = {}): Promise<boolean> {
    return (await this.#packs.locate(id, options)) !== undefined;
  }

  /** The ids, in order and at most `limit` of them, that begin with these hexadecimal digits. */
  async findPrefix(prefix: string, limit: number, options: RequestOptions = {}): Promise<ObjectId[]> {
    return this.#packs.findPrefix(prefix, limit, options);
  }

  /** The indexes of all packs. */
  async indexes(options: RequestOptions = {}): Promise<PackIndex[]> {
    return this.#packs.indexes(options);
  }

  /** Type and size of an object. Not proved by its id: that would take reading all of it. */
  async info(id: ObjectId, options: RequestOptions = {}): Promise<ObjectInfo | undefined> {
    const place = await this.#packs.locate(id, options);
    return place && explained(id, place, () => this.#resolver.info(place, options));
  }

  /** How many deltas it takes to make an object; `undefined` when it is in no pack. */
  async chainLength(id: ObjectId, options: RequestOptions = {}): Promise<number | undefined> {
    const place = await this.#packs.locate(id, options);
    return place && explained(id, place, () => this.#resolver.chainLength(place, options));
  }

  /** The object. Throws `NOT_SUPPORTED` when it is larger than `maxObjectSizeBytes`. */
  async read(id: ObjectId, options: RequestOptions = {}): Promise<GitObject | undefined> {
    const place = this.#packs.locateOpen(id) ?? (await this.#packs.locate(id, options));
    if (place === undefined) return undefined;
    const object = { id, place };
    throwIfAborted(options.signal);
    const atHand = this.#objectAtHand(object);
    if (atHand !== undefined) return atHand;
    // What is asked for at the same moment comes along, and then most objects are at hand.
    await explained(id, place, () => this.#resolver.bring(place, options));
    return this.#objectAtHand(object) ?? this.#object(object, options);
  }

  /**
   * The objects, each once, in the order in which they can be read fastest. Few requests are made, and memory is bounded
   * whatever their number. Throws `NOT_FOUND` before the first when one of them is in no pack, unless told otherwise.
   */
  async *readMany(ids: Iterable<ObjectId>, options: ReadManyOptions = {}): AsyncGenerator<IdentifiedObject> {
    for await (const objects of this.readBatches(ids, options)) yield* objects;
  }

  /** As `readMany`, some at a time: for very many small objects, each of which would be waited for longer than it takes. */
  async *readBatches(ids: Iterable<ObjectId>, options: ReadManyOptions = {}): AsyncGenerator<IdentifiedObject[]> {
    const objects = await locateMany(this.#packs, ids, options);
    // Objects that are made at one moment are handed on together, and let go together.
    const room = new Room();
    const prefetch: Prefetch = (group, span) => prefetchEntries(this.#resolver, group, span, options);
    for await (const group of this.#groups(objects, prefetch)) {
      let batch: IdentifiedObject[] = [];
      let size = 0;
      for (const object of group) {
        throwIfAborted(options.signal);
        const { type, data } = this.#objectAtHand(object, room) ?? (await this.#object(object, options));
        batch.push({ id: object.id, type, data });
        size += data.length;
        if (size < batchSizeBytes) continue;
        yield batch;
        batch = [];
        size = 0;
      }
      if (batch.length > 0) yield batch;
    }
  }

  /**
   * The objects' entries as they stand in the packs, in an order in which each delta comes behind its base. A delta whose base
   * does not come before it is named without its bytes. Otherwise as `readMany`.
   */
  async *copyMany(ids: Iterable<ObjectId>, options: RequestOptions = {}): AsyncGenerator<StoredEntry | BaselessEntry> {
    const objects = await locateMany(this.#packs, ids, options);
    const coming = new ObjectOrder(objects);
    const comes = (place: EntryLocation) => coming.find(place) !== undefined;
    const prefetch: Prefetch = (group, span) => prefetchCopies(this.#resolver, group, comes, span, options);
    let position = -1;
    const copied = (place: EntryLocation | undefined): ObjectId | undefined => {
      const found = place && coming.find(place);
      return found !== undefined && found < position ? objects[found]?.id : undefined;
    };
    for await (const { id, place } of oneByOne(this.#groups(objects, prefetch))) {
      position++;
      const header = await explained(id, place, () => this.#resolver.header(place, options));
      const baseId = isDelta(header) ? copied(this.#resolver.knownBases(place).next().value) : undefined;
      if (isDelta(header) && baseId === undefined) {
        const bases = [...this.#resolver.knownBases(place)];
        const nearId = bases.map(copied).find((one) => one !== undefined);
        const root = bases.at(-1) ?? place;
        yield { id, deflated: undefined, nearId, family: `${root.pack.source.name} ${root.start}` };
        continue;
      }
      const content = baseId === undefined ? (header.type as ObjectType) : { baseId };
      // At hand nearly always, and then nothing has to be waited for.
      const bytes = storedBytesAtHand(id, place, header);
      const deflated =
        bytes === undefined ? storedBytes(id, place, header, this.#settings.rangeSizeBytes, options) : [bytes];
      yield { id, content, size: header.size, deflated };
    }
  }

  /**
   * Those of the objects that have fewer than `limitBytes` bytes, by what their entries say: no id proves it. Entries that take as
   * many in their pack are not looked at, for deflating adds little. Otherwise as `readMany`.
   */
  async *smallerThan(
    limitBytes: number,
    ids: Iterable<ObjectId>,
    options: RequestOptions = {},
  ): AsyncGenerator<ObjectId> {
    const stored = 1.001 * limitBytes + maxEntryHeaderSizeBytes;
    const located = await locateMany(this.#packs, ids, options);
    const objects = located.filter(({ place }) => place.end - place.start <= stored);
    const rangeOf = (place: EntryLocation) => this.#resolver.sizeRange(place);
    const prefetch: Prefetch = async (group) => {
      const places = group.map(({ place }) => place);
      await prefetchPlaces(this.#resolver, places, options, rangeOf);
    };
    for await (const { id, place } of oneByOne(this.#groups(objects, prefetch))) {
      if ((await explained(id, place, () => this.#resolver.size(place, options))) < limitBytes) yield id;
    }
  }

  /**
   * An object of any size as a stream, in bounded memory. Its id is proved at the end: the last step throws `CORRUPT` when
   * what came before it is another object. One that is stored as a delta is made in memory first, as `read` does.
   */
  async readStream(id: ObjectId, options: RequestOptions = {}): Promise<ObjectStream | undefined> {
    const place = await this.#packs.locate(id, options);
    if (place === undefined) return undefined;
    const header = await explained(id, place, () => this.#resolver.header(place, options));
    if (isDelta(header)) {
      const { type, data } = await this.#object({ id, place }, options);
      return { type, size: data.length, [Symbol.asyncIterator]: () => onePiece(data) };
    }
    const pieces = entryStream(place, header, this.#settings.rangeSizeBytes, options);
    const type = header.type as ObjectType;
    const proved = provedStream(this.#format, id, { type, size: header.size }, pieces);
    return { type, size: header.size, [Symbol.asyncIterator]: () => explainedStream(id, place, proved) };
  }

  /**
   * Part of an object's bytes. Of an object above `rangeSizeBytes` everything before the range is inflated too and thrown
   * away, and its id is not proved.
   */
  async readRange(id: ObjectId, range: ByteRange, options: RequestOptions = {}): Promise<Uint8Array | undefined> {
    const place = await this.#packs.locate(id, options);
    if (place === undefined) return undefined;
    const { rangeSizeBytes } = this.#settings;
    const header = await explained(id, place, () => this.#resolver.header(place, options));
    if (isDelta(header) || header.size <= rangeSizeBytes) {
      const { data } = await this.#object({ id, place }, options);
      const { start, end } = resolveRange(range, data.length);
      return data.subarray(start, end);
    }
    const { start, end } = resolveRange(range, header.size);
    const pieces = entryStream(place, header, rangeSizeBytes, options);
    return explained(id, place, () => cutOut(pieces, start, end));
  }

  #groups(objects: readonly LocatedObject[], prefetch: Prefetch): AsyncGenerator<LocatedObject[]> {
    const { blockCacheSizeBytes, blockSizeBytes } = this.#settings;
    // By a block or two less than whole requests bring, since a group begins and ends within a block.
    return prefetchedGroups(objects, Math.floor(blockCacheSizeBytes / 4) - 2 * blockSizeBytes, prefetch);
  }

  async #object({ id, place }: LocatedObject, options: RequestOptions): Promise<GitObject> {
    throwIfAborted(options.signal);
    const object = await explained(id, place, () => this.#resolver.object(place, options));
    return this.#proved(id, place, object);
  }

  #objectAtHand({ id, place }: LocatedObject, room?: Room): GitObject | undefined {
    let object: GitObject | undefined;
    try {
      object = this.#resolver.objectAtHand(place, room);
    } catch (error) {
      throw explanation(id, place, error);
    }
    return object && this.#proved(id, place, object);
  }

  #proved(id: ObjectId, place: EntryLocation, object: GitObject): GitObject {
    const found = objectId(this.#format, object.type, object.data);
    if (found === id) return object;
    throw new TrunksError(
      "CORRUPT",
      `object ${id} in pack ${place.pack.source.name}: it is ${found} that stands there`,
    );
  }
}

async function* oneByOne<Item>(groups: AsyncIterable<Item[]>): AsyncGenerator<Item> {
  for await (const group of groups) yield* group;
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw abortedError(signal);
}
