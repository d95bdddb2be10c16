import { type Backend, isTrunksError, type RequestOptions } from "@trunks/core";
import { mapConcurrent } from "../concurrent.ts";
import { isThin, type Segment } from "../format/pack-name.ts";
import type { CataloguePack, State } from "../format/state.ts";
import type { ReadRecord } from "../journal/slots.ts";
import type { ObjectFormat, ObjectId } from "../pack/object-format.ts";
import { objectNames } from "../pack/object-names.ts";
import type { ObjectReader } from "../pack/object-reader.ts";
import type { PackIndex } from "../pack/pack-index.ts";
import { packIndexBytes } from "../pack/pack-index-bytes.ts";
import { type MergePart, mergePacks } from "../pack/pack-merge.ts";
import { scanPack } from "../pack/pack-scan.ts";
import { downloadIndex, downloadInline, downloadSegment } from "../transfer/download.ts";
import { trunkObjects } from "../transfer/objects.ts";
import type { SegmentBody } from "../transfer/segment-upload.ts";
import { totalSize } from "./compaction-plan.ts";
import type { Scratch, ScratchFile } from "./scratch.ts";

/**
 * Up to this size in bytes all objects are read for better deltas: what came in single pushes was packed without a view of the
 * others. Larger packs were looked at when they were small, or are git's own work.
 */
const maxNamedSizeBytes = 2 ** 25;
/** So many indexes, or inline packs, are asked for at a time. */
const partConcurrency = 8;

/** Where packs are read, and what has been read of them. */
export interface TrunkPacks {
  readonly backend: Backend;
  readonly state: State;
  readonly records: readonly ReadRecord[];
}

/** A new pack that waits to be uploaded. */
export interface RewrittenPack {
  readonly body: SegmentBody;
  /** Size in bytes of the pack. */
  readonly size: number;
  readonly file: ScratchFile;
}

/**
 * Makes one pack of all that these packs hold, or of what `keeps` says of it: complete in itself, unless it may be `thin`.
 * `undefined` when nothing is left. The caller removes the file. A pack that is gone throws `NOT_FOUND`: the catalogue has changed.
 */
export async function rewritePacks(
  source: TrunkPacks,
  packs: readonly CataloguePack[],
  scratch: Scratch,
  options: RequestOptions & { readonly keeps?: (id: ObjectId) => boolean; readonly thin?: boolean } = {},
): Promise<RewrittenPack | undefined> {
  const { backend, state, records } = source;
  const objects = trunkObjects(backend, state, records);
  // The bases of thin packs are in segments, thin ones too, those of inline packs also in inline packs that came before.
  const isSegment = ({ name }: CataloguePack) => name.kind === "segment";
  const ordered = [
    ...packs.filter((pack) => !isThin(pack)),
    ...packs.filter((pack) => isThin(pack) && isSegment(pack)),
    ...packs.filter((pack) => !isSegment(pack)),
  ];
  const parts = await mapConcurrent(ordered, partConcurrency, (pack) =>
    isSegment(pack) ? segmentPart(source, pack.pack as Segment, options) : inlinePart(source, pack, objects, options),
  );
  const file = await scratch.create();
  try {
    const isSmall = totalSize(packs) <= maxNamedSizeBytes;
    const names = isSmall ? await namesOf(state.objects, objects, parts, options) : undefined;
    const write = (bytes: Uint8Array) => file.write(bytes);
    const written = await mergePacks(state.objects, parts, objects, write, { ...options, names });
    if (written === undefined) {
      await file.remove();
      return undefined;
    }
    const index = packIndexBytes(state.objects, written.entries, written.checksum);
    const body = { pack: await file.body(), index, objectCount: written.entries.length };
    return { body, size: written.size, file };
  } catch (error) {
    await file.remove();
    throw error;
  }
}

/** `undefined` when one of the objects is too large to be looked at: then all stay as they are. */
async function namesOf(
  format: ObjectFormat,
  objects: ObjectReader,
  parts: readonly MergePart[],
  { signal }: RequestOptions,
): Promise<Map<ObjectId, string> | undefined> {
  const ids = new Set<ObjectId>();
  for (const { index } of parts) for (const { id } of index.entries()) ids.add(id);
  try {
    return await objectNames(format, objects, ids, { signal });
  } catch (error) {
    if (isTrunksError(error, "NOT_SUPPORTED")) return undefined;
    throw error;
  }
}

/** What a pack of the catalogue holds. `objects` are the trunk's. */
export async function readIndexOf(
  source: TrunkPacks,
  pack: CataloguePack,
  objects: ObjectReader,
  { signal }: RequestOptions,
): Promise<PackIndex> {
  const { backend, state } = source;
  if (pack.name.kind !== "segment") return (await inlinePart(source, pack, objects, { signal })).index;
  return downloadIndex(backend, state.objects, pack.pack as Segment, { signal });
}

/** Read when its turn comes, and never whole in memory. */
async function segmentPart(source: TrunkPacks, segment: Segment, { signal }: RequestOptions): Promise<MergePart> {
  const index = await downloadIndex(source.backend, source.state.objects, segment, { signal });
  return { index, read: () => downloadSegment(source.backend, segment, "pack", { signal }) };
}

async function inlinePart(
  { backend, state, records }: TrunkPacks,
  pack: CataloguePack,
  objects: ObjectReader,
  { signal }: RequestOptions,
): Promise<MergePart> {
  const bytes = await downloadInline(backend, pack, records, { signal });
  const externalBases = (ids: readonly ObjectId[], within: RequestOptions) =>
    objects.readMany(ids, { ...within, skipMissing: true });
  const { index } = await scanPack(state.objects, bytes, { signal, externalBases });
  async function* read(): AsyncGenerator<Uint8Array> {
    yield bytes;
  }
  return { index, read };
}
