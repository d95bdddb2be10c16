import { type RequestOptions, TrunksError } from "@trunks/core";
import { inflate, maxInflation, type Room } from "../platform.ts";
import { applyDelta, parseDeltaSizes } from "./delta.ts";
import { inflateLargeEntry } from "./entry-stream.ts";
import type { GitObject, ObjectType } from "./git-object.ts";
import type { ObjectId } from "./object-format.ts";
import { beginsDelta, type EntryHeader, isDelta, maxEntryHeaderSizeBytes, parseEntryHeader } from "./pack-entry.ts";
import { type EntryLocation, locationOf, type PackSet } from "./pack-set.ts";
import { PlaceSet } from "./place-set.ts";

/** Git writes no longer chains; following one further would only serve an attacker. */
const maxChainLength = 4096;

/** Smaller entries are read whole when a size is asked for: of a delta all is needed. */
const wholeForSizeBytes = 4096;

/** A delta on the way to an object that is stored whole. */
interface Hop {
  readonly place: EntryLocation;
  readonly header: EntryHeader;
  /** Where its base stands, as far as known and not tried yet. */
  readonly bases: EntryLocation[];
  /** Whether all packs were searched for its base. */
  searched: boolean;
}

/** The deltas from an entry to what they begin with. */
interface Chain {
  readonly hops: readonly Hop[];
  /** The entry that is stored whole, or one whose object was made before. */
  readonly end: EntryLocation;
  readonly made: GitObject | undefined;
  readonly endHeader: EntryHeader | undefined;
}

export interface EntryResolverSettings {
  /** Objects and deltas above this size in bytes are not held in memory. */
  readonly maxObjectSizeBytes: number;
  /** No request asks for more, in bytes. */
  readonly rangeSizeBytes: number;
}

/** Makes objects of entries: inflates, and follows deltas through all packs of a set. */
export class EntryResolver {
  readonly #packs: PackSet;
  readonly #settings: EntryResolverSettings;

  constructor(packs: PackSet, settings: EntryResolverSettings) {
    this.#packs = packs;
    this.#settings = settings;
  }

  /** The header of an entry whose bytes are in memory. */
  peekHeader(place: EntryLocation): EntryHeader | undefined {
    const bytes = place.pack.blocks.peek(this.firstRange(place));
    return bytes && this.#parseHeader(place, bytes);
  }

  /** Brings what is read of an entry first into memory. */
  async bring(place: EntryLocation, options: RequestOptions): Promise<void> {
    const range = this.firstRange(place);
    if (place.pack.blocks.peek(range) === undefined) await place.pack.blocks.read(range, options);
  }

  async header(place: EntryLocation, options: RequestOptions): Promise<EntryHeader> {
    const range = this.firstRange(place);
    const bytes = place.pack.blocks.peek(range) ?? (await place.pack.blocks.read(range, options));
    return this.#parseHeader(place, bytes);
  }

  /** What is read of an entry first: all of it, or the header of one that is read in parts later. */
  firstRange(place: EntryLocation): { start: number; end: number } {
    return this.#isLarge(place) ? { start: place.start, end: place.start + maxEntryHeaderSizeBytes } : place;
  }

  /** The base of a delta where it most often is: in the same pack, or in one whose index is loaded. */
  knownBase({ pack }: EntryLocation, { baseOffset, baseId }: EntryHeader): EntryLocation | undefined {
    const offset = baseOffset ?? pack.index.find(baseId as ObjectId);
    return offset === undefined ? this.#packs.locateOpen(baseId as ObjectId) : locationOf(pack, offset);
  }

  /** The bases of an entry, the nearest first, as far as they are known without a request. */
  *knownBases(place: EntryLocation): Generator<EntryLocation> {
    let last: EntryLocation | undefined = place;
    for (let length = 0; length < maxChainLength; length++) {
      const header = this.peekHeader(last);
      if (header === undefined || !isDelta(header)) return;
      last = this.knownBase(last, header);
      if (last === undefined) return;
      yield last;
    }
  }

  /** How many deltas there are between an entry and what is stored whole. */
  async chainLength(place: EntryLocation, options: RequestOptions): Promise<number> {
    let last = place;
    for (let length = 0; length < maxChainLength; length++) {
      const header = this.peekHeader(last) ?? (await this.header(last, options));
      if (!isDelta(header)) return length;
      const base = this.knownBase(last, header);
      if (base === undefined) return length + 1;
      last = base;
    }
    return maxChainLength;
  }

  /** What is read of an entry to learn its object's size: of a large one the header is enough, unless it is a delta. */
  sizeRange({ start, end }: EntryLocation): { start: number; end: number } {
    return { start, end: end - start > wholeForSizeBytes ? start + maxEntryHeaderSizeBytes : end };
  }

  /** Size in bytes of the object that an entry holds. */
  async size(place: EntryLocation, options: RequestOptions): Promise<number> {
    const range = this.sizeRange(place);
    const bytes = place.pack.blocks.peek(range) ?? (await place.pack.blocks.read(range, options));
    const header = this.#parseHeader(place, bytes);
    if (!isDelta(header)) return header.size;
    return parseDeltaSizes(await this.#inflated(place, header, options)).size;
  }

  /**
   * The object that an entry holds, for the caller alone: no cache shares its bytes. Throws `NOT_SUPPORTED` for one that is
   * too large to be held in memory.
   */
  async object(place: EntryLocation, options: RequestOptions): Promise<GitObject> {
    const chain = await this.#chain(place, options);
    let { made, end } = chain;
    if (made !== undefined && chain.hops.length === 0) return { type: made.type, data: made.data.slice() };
    if (made === undefined) {
      const header = chain.endHeader as EntryHeader;
      made = { type: header.type as ObjectType, data: await this.#inflated(end, header, options) };
    }
    for (const hop of chain.hops.toReversed()) {
      if (end.pack.bases.get(end.start) === undefined) end.pack.bases.set(end.start, made, made.data.length);
      const delta = await this.#inflated(hop.place, hop.header, options);
      made = { type: made.type, data: applyDelta(made.data, delta, this.#settings.maxObjectSizeBytes) };
      end = hop.place;
    }
    return made;
  }

  /** Whether the entry is a delta; `undefined` when it is not here. */
  peekDelta(place: EntryLocation): boolean | undefined {
    const first = place.pack.blocks.peekByte(place.start);
    return first === undefined ? undefined : beginsDelta(first);
  }

  /** The object when it is stored whole, and here in one piece: without waiting, and perhaps in a `room`. */
  objectAtHand(place: EntryLocation, room?: Room): GitObject | undefined {
    if (this.#isLarge(place)) return undefined;
    const run = place.pack.blocks.peekRun(place);
    if (run === undefined) return undefined;
    const start = place.start - run.start;
    const header = this.#parseHeader(place, run.bytes, start);
    if (isDelta(header) || header.size > this.#settings.maxObjectSizeBytes) return undefined;
    const { bytes: data } = inflate(run.bytes, header.size, room, start + header.headerSize, place.end - run.start);
    return { type: header.type as ObjectType, data };
  }

  /** Type and size in bytes of the object that an entry holds, without making it. */
  async info(place: EntryLocation, options: RequestOptions): Promise<{ type: ObjectType; size: number }> {
    const { hops, made, endHeader } = await this.#chain(place, options);
    const type = made?.type ?? (endHeader?.type as ObjectType);
    const top = hops[0];
    if (top === undefined) return { type, size: made?.data.length ?? (endHeader as EntryHeader).size };
    return { type, size: parseDeltaSizes(await this.#inflated(top.place, top.header, options)).size };
  }

  #parseHeader(place: EntryLocation, bytes: Uint8Array, start = 0): EntryHeader {
    const header = parseEntryHeader(this.#packs.format, bytes, start, place.start);
    if (header.size <= (place.end - place.start) * maxInflation) return header;
    throw new TrunksError(
      "CORRUPT",
      `pack entry at ${place.start}: declares ${header.size} bytes, more than it can hold`,
    );
  }

  #isLarge(place: EntryLocation): boolean {
    return place.end - place.start > this.#settings.rangeSizeBytes;
  }

  async #inflated(place: EntryLocation, header: EntryHeader, options: RequestOptions): Promise<Uint8Array> {
    const { maxObjectSizeBytes, rangeSizeBytes } = this.#settings;
    if (header.size > maxObjectSizeBytes) {
      throw new TrunksError("NOT_SUPPORTED", `${header.size} bytes are more than may be held in memory`);
    }
    if (this.#isLarge(place)) return inflateLargeEntry(place, header, rangeSizeBytes, options);
    const { blocks } = place.pack;
    const bytes = blocks.peek(place) ?? (await blocks.read(place, options));
    return inflate(bytes, header.size, undefined, header.headerSize).bytes;
  }

  async #chain(start: EntryLocation, options: RequestOptions): Promise<Chain> {
    const hops: Hop[] = [];
    let tried: PlaceSet | undefined;
    let place = start;
    for (;;) {
      const made = place.pack.bases.get(place.start);
      if (made !== undefined) return { hops, end: place, made, endHeader: undefined };
      const header = this.peekHeader(place) ?? (await this.header(place, options));
      if (!isDelta(header)) return { hops, end: place, made: undefined, endHeader: header };
      if (hops.length === maxChainLength) throw new TrunksError("CORRUPT", "a chain of deltas does not end");
      if (header.baseOffset !== undefined) {
        hops.push({ place, header, bases: [], searched: true });
        place = locationOf(place.pack, header.baseOffset);
        if (tried?.add(place) !== false) continue;
      } else {
        const base = this.knownBase(place, header);
        hops.push({ place, header, bases: base === undefined ? [] : [base], searched: false });
        tried ??= placesOf(hops);
      }
      place = await this.#nextBase(hops, tried, options);
    }
  }

  /**
   * A place of the last delta's base that was not tried yet. Packs that were made apart may hold the same two objects, each as
   * a delta against the other; then a third pack has one of them whole, and the way back leads to it.
   */
  async #nextBase(hops: Hop[], tried: PlaceSet, options: RequestOptions): Promise<EntryLocation> {
    for (let hop = hops.at(-1); hop !== undefined; hop = hops.at(-1)) {
      const base = hop.bases.shift();
      if (base !== undefined) {
        if (tried.add(base)) return base;
      } else if (!hop.searched) {
        hop.searched = true;
        const { baseId } = hop.header;
        hop.bases.push(...(await this.#packs.locateAll(baseId as ObjectId, options)));
        if (hop.bases.length === 0) throw new TrunksError("CORRUPT", `the base ${baseId} of a delta is missing`);
      } else {
        hops.pop();
      }
    }
    throw new TrunksError("CORRUPT", "deltas have each other as their base");
  }
}

function placesOf(hops: readonly Hop[]): PlaceSet {
  const places = new PlaceSet();
  for (const { place } of hops) places.add(place);
  return places;
}
