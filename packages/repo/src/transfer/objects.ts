import type { Backend, RequestOptions } from "@trunks/core";
import { packKey } from "../format/key.ts";
import { isInline, packNameText, type Segment } from "../format/pack-name.ts";
import type { CataloguePack, State } from "../format/state.ts";
import type { ReadRecord } from "../journal/slots.ts";
import { containersOf } from "../large/large-blobs.ts";
import { LargeReader } from "../large/large-reader.ts";
import { LastingReader, type Renew } from "../large/lasting-reader.ts";
import { TrunkReader } from "../large/trunk-reader.ts";
import type { ObjectFormat } from "../pack/object-format.ts";
import { ObjectReader, type ObjectReaderOptions } from "../pack/object-reader.ts";
import { PackIndex } from "../pack/pack-index.ts";
import { scanPack } from "../pack/pack-scan.ts";
import type { PackSource } from "../pack/pack-source.ts";
import { downloadIndex, downloadInline, missing } from "./download.ts";
import { packHeadSize, type SegmentsAhead } from "./segments-ahead.ts";

/**
 * Reads the objects of a trunk by range. An index is loaded when an object is in none of those loaded before; `records` are
 * those that were read already, whose inline packs need not be asked for again.
 */
export function trunkObjects(
  backend: Backend,
  state: State,
  records: readonly ReadRecord[] = [],
  options: TrunkObjectsOptions = {},
): ObjectReader {
  return new TrunkObjects(state.objects, 0, options).use(backend, state, records);
}

/** By the name of its pack. */
export type PackIndexes = Map<string, Promise<PackIndex>>;

export interface TrunkObjectsOptions extends ObjectReaderOptions {
  /** Called when a pack is gone; has newer ones be used by `use`. Default: that is an error. */
  readonly renew?: Renew;
  /** Indexes that several readers share, by the names of the packs; grows. Default: each has its own. */
  readonly indexes?: PackIndexes;
}

/** The objects of a trunk whose state moves on: of packs that stay, what was read stays. */
export class TrunkObjects {
  readonly #format: ObjectFormat;
  #backend: Backend | undefined;
  #reader: ObjectReader | undefined;
  #large: LargeReader | undefined;
  /** By name, in the order of the catalogue. */
  #sources = new Map<string, PackSource>();
  #roomSizeBytes: number;
  readonly #options: TrunkObjectsOptions;
  readonly #ahead: SegmentsAhead | undefined;

  /**
   * Packs up to 1 MiB are read whole beside their indexes, and of larger ones the first 256 KiB, where the newest commits
   * and trees stand: so both come in one round trip. Together no more than `roomSizeBytes`, default 16 MiB. What was read
   * `ahead` is not asked for again.
   */
  constructor(
    format: ObjectFormat,
    roomSizeBytes = 2 ** 24,
    options: TrunkObjectsOptions = {},
    ahead: SegmentsAhead | undefined = undefined,
  ) {
    this.#ahead = ahead;
    this.#format = format;
    this.#options = options;
    this.#roomSizeBytes = roomSizeBytes;
  }

  /** The objects as of `state`; the same reader for as long as the backend is the same. */
  use(backend: Backend, state: State, records: readonly ReadRecord[] = []): ObjectReader {
    if (backend !== this.#backend) this.#sources = new Map();
    const before = this.#sources;
    // From the newest on, for which there shall be room; they are asked for most.
    const names = [...state.packs].filter(([, { name }]) => name.kind !== "container").reverse();
    const sources = names.map(([text, pack]) => before.get(text) ?? this.#source(backend, text, pack, records));
    this.#sources = new Map(names.map(([text], index) => [text, sources[index] as PackSource] as const).reverse());
    if (backend !== this.#backend) {
      this.#large = new LargeReader(backend, this.#format);
      const { renew, indexes: _, ...options } = this.#options;
      const settings = { ...rangeSettings(backend), ...options };
      this.#reader =
        renew === undefined
          ? new TrunkReader(this.#format, this.#large, settings)
          : new LastingReader(this.#format, this.#large, renew, settings);
    }
    this.#backend = backend;
    this.#large?.use(containersOf(state));
    const reader = this.#reader as ObjectReader;
    reader.useSources(sources);
    return reader;
  }

  #source(backend: Backend, text: string, pack: CataloguePack, records: readonly ReadRecord[]): PackSource {
    if (isInline(pack.name)) {
      return new InlineSource(backend, this.#format, pack, records, () => this.#basesOf(text));
    }
    const segment = pack.pack as Segment;
    const wanted = packHeadSize(segment.size);
    const headSize = wanted <= this.#roomSizeBytes ? wanted : 0;
    this.#roomSizeBytes -= headSize;
    const ahead = this.#ahead?.backend === backend ? this.#ahead : undefined;
    return new SegmentSource(backend, this.#format, segment, headSize, ahead, this.#options.indexes);
  }

  /** All segments, and the inline packs that came before this one. */
  #basesOf(text: string): PackSource[] {
    const end = [...this.#sources.keys()].indexOf(text);
    return [...this.#sources.values()].filter((source, index) => source instanceof SegmentSource || index < end);
  }
}

function rangeSettings({ capabilities }: Backend) {
  return { rangeConcurrency: Math.max(1, capabilities.rangeConcurrency), rangeSizeBytes: capabilities.rangeSizeBytes };
}

class SegmentSource implements PackSource {
  readonly name: string;
  readonly size: number;
  readonly #backend: Backend;
  readonly #format: ObjectFormat;
  readonly #segment: Segment;
  /** So many bytes are read beside the index. */
  readonly #headSize: number;
  readonly #ahead: SegmentsAhead | undefined;
  readonly #indexes: PackIndexes;
  #head: Promise<Uint8Array> | undefined;

  constructor(
    backend: Backend,
    format: ObjectFormat,
    segment: Segment,
    headSize: number,
    ahead: SegmentsAhead | undefined,
    indexes: PackIndexes = new Map(),
  ) {
    this.#indexes = indexes;
    this.name = packKey(segment.id);
    this.size = segment.size;
    this.#backend = backend;
    this.#format = format;
    this.#segment = segment;
    this.#headSize = headSize;
    this.#ahead = ahead;
  }

  index(options?: RequestOptions): Promise<PackIndex> {
    const present = this.#indexes.get(this.name);
    const index =
      present ??
      this.#readIndex(options).catch((error) => {
        this.#indexes.delete(this.name); // Another call may have more luck.
        throw error;
      });
    if (present === undefined) this.#indexes.set(this.name, index);
    if (this.#headSize > 0) this.#readHead(options).catch(() => {}); // Met by whoever reads.
    return index;
  }

  async read(start: number, end: number, options?: RequestOptions): Promise<Uint8Array> {
    if (end <= this.#headSize) return (await this.#readHead(options)).subarray(start, end);
    return this.#get(start, end, options);
  }

  async #readIndex(options?: RequestOptions): Promise<PackIndex> {
    const bytes = await this.#ahead?.index(this.#segment, options);
    if (bytes !== undefined) return new PackIndex(this.#format, bytes, this.size);
    return downloadIndex(this.#backend, this.#format, this.#segment, options);
  }

  #readHead(options?: RequestOptions): Promise<Uint8Array> {
    this.#head ??= this.#firstBytes(options).catch((error) => {
      this.#head = undefined;
      throw error;
    });
    return this.#head;
  }

  async #firstBytes(options?: RequestOptions): Promise<Uint8Array> {
    return (await this.#ahead?.head(this.#segment, options)) ?? this.#get(0, this.#headSize, options);
  }

  async #get(start: number, end: number, options?: RequestOptions): Promise<Uint8Array> {
    const content = await this.#backend.get(this.name, { ...options, range: { start, end } });
    if (content === undefined) throw missing(this.name);
    return content.bytes();
  }
}

/**
 * An inline pack: small, so it is loaded whole and indexed in memory. Its bases are in segments, or in inline packs that
 * came before it: what it was built on may have been compacted since.
 */
class InlineSource implements PackSource {
  readonly name: string;
  readonly size: number;
  readonly #load: (options?: RequestOptions) => Promise<Uint8Array>;
  readonly #format: ObjectFormat;
  readonly #backend: Backend;
  readonly #bases: () => PackSource[];
  #bytes: Promise<Uint8Array> | undefined;
  #index: Promise<PackIndex> | undefined;

  constructor(
    backend: Backend,
    format: ObjectFormat,
    pack: CataloguePack,
    records: readonly ReadRecord[],
    bases: () => PackSource[],
  ) {
    this.name = packNameText(pack.name);
    this.size = pack.pack.size;
    this.#backend = backend;
    this.#format = format;
    this.#bases = bases;
    this.#load = (options) => downloadInline(backend, pack, records, options);
  }

  index(options?: RequestOptions): Promise<PackIndex> {
    this.#index ??= this.#scan(options).catch((error) => {
      this.#index = undefined;
      throw error;
    });
    return this.#index;
  }

  async read(start: number, end: number, options?: RequestOptions): Promise<Uint8Array> {
    return (await this.#whole(options)).subarray(start, end);
  }

  async #scan(options?: RequestOptions): Promise<PackIndex> {
    const externalBases = (ids: readonly string[], within: RequestOptions) => {
      const bases = new ObjectReader(this.#format, this.#bases().reverse(), rangeSettings(this.#backend));
      return bases.readMany(ids, { ...within, skipMissing: true });
    };
    return (await scanPack(this.#format, await this.#whole(options), { ...options, externalBases })).index;
  }

  #whole(options?: RequestOptions): Promise<Uint8Array> {
    this.#bytes ??= this.#load(options).catch((error) => {
      this.#bytes = undefined;
      throw error;
    });
    return this.#bytes;
  }
}
