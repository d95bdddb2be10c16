import type { Backend, RequestOptions } from "@trunks/core";
import { mapConcurrent } from "../concurrent.ts";
import { isThin, packNameText, type Segment } from "../format/pack-name.ts";
import type { CataloguePack, State } from "../format/state.ts";
import type { ReadRecord } from "../journal/slots.ts";
import type { ObjectFormat } from "../pack/object-format.ts";
import { ObjectReader } from "../pack/object-reader.ts";
import { concatWhole, type PackPart } from "../pack/pack-concat.ts";
import { PackIndex } from "../pack/pack-index.ts";
import { type IndexedPack, type JoinedPack, joinPacks } from "../pack/pack-join.ts";
import { scanPack } from "../pack/pack-scan.ts";
import { memoryPackSource } from "../pack/pack-source.ts";
import { downloadInline, downloadWhole } from "./download.ts";

/** In bytes: so much is in memory. */
const maxSizeBytes = 2 ** 26;
/** Objects of inline packs have to be made; for more of them git is quicker. */
const maxInlineObjects = 1000;
/** Packs that are asked for at a time: they are small, and many waves of them would take long where the store is far. */
const packConcurrency = 64;

export interface JoinOptions extends RequestOptions {
  readonly records?: readonly ReadRecord[];
  /** Told of bytes of packs that have come. */
  readonly progress?: (sizeBytes: number) => void;
}

/** All packs of a catalogue, each behind those that it builds on. */
export interface WholeCatalogue {
  readonly parts: readonly PackPart[];
  /** All in one; `undefined` when an object is in two of them. */
  readonly joined: JoinedPack | undefined;
}

/**
 * Downloads the whole catalogue, for it to be one pack in which whatever is thin finds its bases. `undefined`, before anything is
 * downloaded, when no segment is thin, so that segments are best left as they are; or when it is large.
 */
export async function downloadCatalogue(
  backend: Backend,
  state: State,
  options: JoinOptions = {},
): Promise<WholeCatalogue | undefined> {
  const packs = [...state.packs.values()].filter(({ name }) => name.kind !== "container");
  const inline = packs.filter(({ name }) => name.kind !== "segment");
  const whole = packs.filter((pack) => !isThin(pack));
  const segments = [...whole, ...packs.filter((pack) => pack.name.kind === "segment" && isThin(pack))];
  const isSmall = packs.reduce((sum, { pack }) => sum + pack.size, 0) <= maxSizeBytes;
  const isQuick = inline.reduce((sum, { pack }) => sum + pack.objectCount, 0) <= maxInlineObjects;
  if (packs.length < 2 || whole.length === segments.length || !isSmall || !isQuick) return undefined;
  const [read, bodies] = await Promise.all([
    mapConcurrent(segments, packConcurrency, ({ pack }) => readSegment(backend, pack as Segment, options)),
    mapConcurrent(inline, packConcurrency, (pack) => downloadInline(backend, pack, options.records, options)),
  ]);
  for (const { length } of bodies) options.progress?.(length);
  const named = (all: readonly CataloguePack[], packs: readonly Uint8Array[]) =>
    all.map(({ name }, place): PackPart => ({ name: packNameText(name), body: packs[place] as Uint8Array }));
  const parts = named(
    segments,
    read.map(({ pack }) => pack),
  );
  const thin = named(inline, bodies);
  const own = thin.length === 0 ? [] : [await indexed(state.objects, parts, read, thin, options)];
  return { parts: [...parts, ...thin], joined: joinPacks(state.objects, [...read, ...own]) };
}

/** Inline packs as one with its index, for which the objects that they are built on are made. */
async function indexed(
  format: ObjectFormat,
  segments: readonly PackPart[],
  read: readonly IndexedPack[],
  parts: readonly PackPart[],
  { signal }: RequestOptions,
): Promise<IndexedPack> {
  // At once, for each is most often built on the one before.
  const pack = await concatWhole(format, parts);
  const sources = read.map(({ pack, index }, place) =>
    memoryPackSource((segments[place] as PackPart).name, pack, new PackIndex(format, index, pack.length)),
  );
  // What is built on was most often pushed just before.
  const objects = new ObjectReader(format, sources.toReversed());
  const externalBases = (ids: readonly string[], within: RequestOptions) =>
    objects.readMany(ids, { ...within, skipMissing: true });
  const { indexBytes: index } = await scanPack(format, pack, { signal, externalBases });
  return { pack, index };
}

async function readSegment(
  backend: Backend,
  segment: Segment,
  { signal, progress }: JoinOptions,
): Promise<IndexedPack> {
  const [pack, index] = await Promise.all([
    downloadWhole(backend, segment, "pack", { signal, progress }),
    downloadWhole(backend, segment, "index", { signal }),
  ]);
  return { pack, index };
}
