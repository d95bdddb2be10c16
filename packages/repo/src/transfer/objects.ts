import type { Backend, RequestOptions } from "@trunks/core";
import { damaged } from "../format/headed-file.ts";
import { indexKey, packKey } from "../format/key.ts";
import { packNameText, type Segment } from "../format/pack-name.ts";
import type { CataloguePack, State } from "../format/state.ts";
import type { ReadRecord } from "../journal/slots.ts";
import type { ObjectFormat } from "../pack/object-format.ts";
import { ObjectReader } from "../pack/object-reader.ts";
import { PackIndex } from "../pack/pack-index.ts";
import { scanPack } from "../pack/pack-scan.ts";
import type { PackSource } from "../pack/pack-source.ts";
import { downloadInline, downloadSegment, missing } from "./download.ts";

/**
 * Reads the objects of a trunk by range. An index is loaded when an object is in none of those loaded before; `records` are
 * those that were read already, whose inline packs need not be asked for again.
 */
export function trunkObjects(backend: Backend, state: State, records: readonly ReadRecord[] = []): ObjectReader {
  const segments: PackSource[] = [];
  const inline: PackSource[] = [];
  const sources = [...state.packs.values()].map((pack) => {
    const count = inline.length;
    const bases = () => [...segments, ...inline.slice(0, count)];
    const isSegment = pack.name.kind === "segment";
    const source = isSegment
      ? segmentSource(backend, state.objects, pack.pack as Segment)
      : new InlineSource(backend, state.objects, pack, records, bases);
    (isSegment ? segments : inline).push(source);
    return source;
  });
  // The newest pushes are asked for most.
  return new ObjectReader(state.objects, sources.reverse(), rangeSettings(backend));
}

function rangeSettings({ capabilities }: Backend) {
  return { rangeConcurrency: Math.max(1, capabilities.rangeConcurrency), rangeSizeBytes: capabilities.rangeSizeBytes };
}

function segmentSource(backend: Backend, format: ObjectFormat, segment: Segment): PackSource {
  const key = packKey(segment.id);
  let index: Promise<PackIndex> | undefined;
  return {
    name: key,
    size: segment.size,
    index(options) {
      index ??= loadIndex(backend, format, segment, options).catch((error) => {
        index = undefined; // Another call may have more luck.
        throw error;
      });
      return index;
    },
    async read(start, end, options) {
      const content = await backend.get(key, { ...options, range: { start, end } });
      if (content === undefined) throw missing(key);
      return content.bytes();
    },
  };
}

async function loadIndex(
  backend: Backend,
  format: ObjectFormat,
  segment: Segment,
  options?: RequestOptions,
): Promise<PackIndex> {
  const bytes = new Uint8Array(segment.indexSize);
  let filled = 0;
  for await (const chunk of downloadSegment(backend, segment, "index", options)) {
    bytes.set(chunk, filled);
    filled += chunk.length;
  }
  if (filled !== bytes.length) throw damaged(indexKey(segment.id), "it is cut short");
  return new PackIndex(format, bytes, segment.size);
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
