import { type RequestOptions, TrunksError } from "@trunks/core";
import { mapConcurrent } from "../concurrent.ts";
import { ByteCache, type CacheDrawer } from "./byte-cache.ts";
import type { GitObject } from "./git-object.ts";
import type { ObjectFormat, ObjectId } from "./object-format.ts";
import { type BlockRun, type BlockSettings, PackBlocks, type PackRange } from "./pack-blocks.ts";
import type { PackIndex } from "./pack-index.ts";
import type { PackSource } from "./pack-source.ts";
import { SharedRead } from "./shared-read.ts";

/** So many indexes are loaded at a time. */
const indexConcurrency = 16;

/** A pack that is read from, with what is kept of it. */
export interface OpenPack {
  readonly source: PackSource;
  readonly index: PackIndex;
  readonly blocks: PackBlocks;
  /** By the offset of its entry, an object that others are deltas against. */
  readonly bases: CacheDrawer<GitObject>;
}

/** Where an entry stands. */
export interface EntryLocation extends PackRange {
  readonly pack: OpenPack;
}

export interface PackSetSettings extends BlockSettings {
  /** So many bytes of objects that others are deltas against are kept. */
  readonly baseCacheSizeBytes: number;
}

/**
 * Several packs as one store of objects. When an object is in none of the packs whose indexes are loaded, all others are
 * loaded at once: that takes one round trip where asking pack after pack could take as many as there are packs.
 */
export class PackSet {
  readonly format: ObjectFormat;
  #sources: readonly PackSource[];
  readonly #unopened: Set<PackSource>;
  #open: OpenPack[] = [];
  readonly #openings = new Map<PackSource, SharedRead<void>>();
  readonly #settings: PackSetSettings;
  readonly #keptBlocks: ByteCache<BlockRun>;
  readonly #keptBases: ByteCache<GitObject>;
  /** The next object is most often where the last one was. */
  #lastFound: OpenPack | undefined;

  /** The sources in the order in which they are asked. */
  constructor(format: ObjectFormat, sources: readonly PackSource[], settings: PackSetSettings) {
    this.format = format;
    this.#sources = sources;
    this.#unopened = new Set(sources);
    this.#settings = settings;
    this.#keptBlocks = new ByteCache(settings.blockCacheSizeBytes);
    this.#keptBases = new ByteCache(settings.baseCacheSizeBytes);
  }

  /** Takes these sources in place of the others; one that was there before keeps what is known of it. */
  replace(sources: readonly PackSource[]): void {
    const wanted = new Set(sources);
    this.#sources = sources;
    for (const source of this.#unopened) if (!wanted.has(source)) this.#unopened.delete(source);
    this.#open = this.#open.filter(({ source }) => wanted.delete(source));
    for (const source of wanted) this.#unopened.add(source);
    if (this.#lastFound !== undefined && !this.#open.includes(this.#lastFound)) this.#lastFound = undefined;
  }

  /** Where the object is, or `undefined` when no pack holds it. */
  async locate(id: ObjectId, options: RequestOptions): Promise<EntryLocation | undefined> {
    const found = this.locateOpen(id);
    if (found !== undefined || this.#unopened.size === 0) return found;
    await this.openAll(options);
    return this.locateOpen(id);
  }

  /** Where the object is in the packs whose indexes are loaded. */
  locateOpen(id: ObjectId): EntryLocation | undefined {
    const last = this.#lastFound;
    const offset = last?.index.find(id);
    if (last !== undefined && offset !== undefined) return locationOf(last, offset);
    for (const pack of this.#open) {
      const other = pack === last ? undefined : pack.index.find(id);
      if (other === undefined) continue;
      this.#lastFound = pack;
      return locationOf(pack, other);
    }
    return undefined;
  }

  /** Every place where the object is. */
  async locateAll(id: ObjectId, options: RequestOptions): Promise<EntryLocation[]> {
    await this.openAll(options);
    return this.#open.flatMap((pack) => {
      const offset = pack.index.find(id);
      return offset === undefined ? [] : [locationOf(pack, offset)];
    });
  }

  /** The ids that begin with these digits, in order, at most `limit` of them. */
  async findPrefix(prefix: string, limit: number, options: RequestOptions): Promise<ObjectId[]> {
    await this.openAll(options);
    const found = new Set(this.#open.flatMap((pack) => pack.index.findPrefix(prefix, limit)));
    return [...found].sort().slice(0, limit);
  }

  /** The indexes of all packs, in the order in which they are asked. */
  async indexes(options: RequestOptions): Promise<PackIndex[]> {
    await this.openAll(options);
    return this.#open.map(({ index }) => index);
  }

  /** Loads the indexes that are not loaded yet. */
  async openAll(options: RequestOptions): Promise<void> {
    await mapConcurrent([...this.#unopened], indexConcurrency, (source) =>
      this.#opening(source).result(options.signal),
    );
  }

  #opening(source: PackSource): SharedRead<void> {
    const present = this.#openings.get(source);
    if (present !== undefined && !present.abandoned) return present;
    const opening = new SharedRead(async (signal) => {
      try {
        this.#add(source, await source.index({ signal }));
      } finally {
        if (this.#openings.get(source) === opening) this.#openings.delete(source);
      }
    });
    this.#openings.set(source, opening);
    return opening;
  }

  #add(source: PackSource, index: PackIndex): void {
    if (index.format !== this.format || index.packSize !== source.size) {
      throw new TrunksError("CORRUPT", `pack ${source.name}: its index is that of another pack`);
    }
    // An abandoned request may come through all the same, beside the one that took its place.
    if (!this.#unopened.delete(source)) return;
    this.#open.push({
      source,
      index,
      blocks: new PackBlocks(source, this.#keptBlocks.drawer(), this.#settings),
      bases: this.#keptBases.drawer(),
    });
    // Indexes arrive in any order, and what is read must not depend on it.
    if (this.#unopened.size > 0) return;
    const ranks = new Map(this.#sources.map((one, rank) => [one, rank]));
    const rank = (pack: OpenPack) => ranks.get(pack.source) as number;
    this.#open.sort((left, right) => rank(left) - rank(right));
  }
}

/** The place of the entry that begins at `offset`. Throws `CORRUPT` when none begins there. */
export function locationOf(pack: OpenPack, offset: number): EntryLocation {
  return { pack, start: offset, end: pack.index.entryEnd(offset) };
}
