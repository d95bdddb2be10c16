import type { Backend, RequestOptions } from "@trunks/core";
import { mapConcurrent } from "../concurrent.ts";
import { isThin, packNameText, type Segment } from "../format/pack-name.ts";
import type { CataloguePack, State } from "../format/state.ts";
import type { ReadRecord } from "../journal/slots.ts";
import type { ObjectFormat } from "../pack/object-format.ts";
import type { PackPart } from "../pack/pack-concat.ts";
import { type JoinedPack, joinIndexes, joinPacks, wholePack } from "../pack/pack-join.ts";
import { scanPack } from "../pack/pack-scan.ts";
import { PlainIndex } from "../pack/plain-index.ts";
import { type WholePack, WholePacks } from "../pack/whole-packs.ts";
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
  /** All in one. */
  readonly joined: JoinedPack;
  /** The index of what is joined, which takes a while to make; `undefined` when an object is in two of the parts, so that it cannot be used. */
  index(): Promise<Uint8Array | undefined>;
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
  const parts = [
    ...named(
      segments,
      read.map(({ pack }) => pack),
    ),
    ...named(inline, bodies),
  ];
  const { objects } = state;
  const own = inline.length === 0 ? [] : [wholePack(joinPacks(objects, bodies))];
  const joined = joinPacks(objects, [...read.map(({ pack }) => pack), ...own]);
  return { parts, joined, index: () => indexOf(objects, joined, read, own[0], options) };
}

/** Joins the indexes of segments and that of inline packs, for which the objects that they are built on are made. */
async function indexOf(
  format: ObjectFormat,
  { checksum }: JoinedPack,
  segments: readonly IndexedPack[],
  inline: Uint8Array | undefined,
  { signal }: RequestOptions,
): Promise<Uint8Array | undefined> {
  const packs = segments.map(({ pack, index }) => ({ pack, index: PlainIndex.of(format, index) }));
  if (!packs.every(isIndexed)) return undefined;
  if (inline === undefined) return joinIndexes(format, packs, checksum);
  // What is built on was most often pushed just before.
  const whole = new WholePacks(format, packs.toReversed());
  let isMade = true;
  async function* externalBases(ids: readonly string[]) {
    for (const id of ids) {
      const object = whole.read(id);
      if (object !== undefined) yield { id, ...object };
      else isMade = false;
    }
  }
  try {
    const { indexBytes } = await scanPack(format, inline, { signal, externalBases });
    const index = PlainIndex.of(format, indexBytes);
    return index && joinIndexes(format, [...packs, { pack: inline, index }], checksum);
  } catch (error) {
    // Git knows another way where an object is in several packs, or says what is wrong.
    if (!isMade) return undefined;
    throw error;
  }
}

function isIndexed(pack: { readonly pack: Uint8Array; readonly index: PlainIndex | undefined }): pack is WholePack {
  return pack.index !== undefined;
}

/** A segment's two files. */
interface IndexedPack {
  readonly pack: Uint8Array;
  readonly index: Uint8Array;
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
