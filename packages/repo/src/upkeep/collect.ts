import { isTrunksError, type RequestOptions, TrunksError } from "@trunks/core";
import { packKey } from "../format/key.ts";
import { isThin } from "../format/pack-name.ts";
import { noRecordDigest } from "../format/record.ts";
import type { CataloguePack, State } from "../format/state.ts";
import { retainedTips } from "../history/retained-tips.ts";
import { fold } from "../journal/fold.ts";
import { recordBehind } from "../journal/record-behind.ts";
import { needlessContainers } from "../large/needless-containers.ts";
import { IdSet } from "../pack/id-set.ts";
import { type PackIndexes, trunkObjects } from "../transfer/objects.ts";
import { uploadSegments } from "../transfer/segment-upload.ts";
import { totalSize } from "./compaction-plan.ts";
import type { ObjectMarks } from "./object-marks.ts";
import { defaultRetentionMs } from "./old-records.ts";
import { type ReachableOptions, reachableObjects } from "./reachable.ts";
import { type RewrittenPack, readIndexOf, rewritePacks, type TrunkPacks } from "./rewrite.ts";
import { memoryScratch, type Scratch } from "./scratch.ts";
import { storeTimeMs } from "./store-clock.ts";
import type { TendedTrunk } from "./tended-trunk.ts";
import { appendUpkeep, isCurrent, readForUpkeep, type UpkeepChange } from "./upkeep-record.ts";

export interface CollectOptions extends RequestOptions {
  /** What refs pointed to within this time stays, in milliseconds by the store's clock. Default 30 days. */
  readonly retentionMs?: number;
  /** Default: 64 MiB of memory. A segment that does not fit stays as it is. */
  readonly scratch?: Scratch;
  /** Makes names that nobody has used. */
  readonly newId: () => string;
  /** Told what is done, and how many objects it is about. */
  readonly progress?: (what: "found" | "needless", objects: number) => void;
}

/** What a collection did; sizes are in bytes. */
export interface Collection {
  /** Objects that the trunk needs. */
  readonly keptObjects: number;
  /** Objects that were in a pack and are not in the catalogue any more. */
  readonly droppedObjects: number;
  readonly retiredSize: number;
  readonly writtenSize: number;
  /** Segments that hold something needless and are too large for the scratch. */
  readonly oversized: number;
  readonly state: State;
}

/** Times that the work is begun again because pushes have brought back what was needless. */
const maxTries = 3;

/**
 * Takes out of the catalogue what neither a ref nor the log of refs within the retention reaches. What is retired stays for the
 * grace time: `sweep` deletes it. Throws `CORRUPT`, and changes nothing, when something is missing that a ref reaches.
 */
export async function collect(repository: TendedTrunk, options: CollectOptions): Promise<Collection> {
  for (let attempt = 1; ; attempt++) {
    const collection = await collectOnce(repository, options);
    if (collection !== undefined) return collection;
    if (attempt === maxTries) {
      throw new TrunksError("CONFLICT", "others push to this trunk again and again", { hint: "try again" });
    }
  }
}

async function collectOnce(repository: TendedTrunk, options: CollectOptions): Promise<Collection | undefined> {
  const { retentionMs = defaultRetentionMs, signal, scratch = memoryScratch() } = options;
  const state = await readForUpkeep(repository, { signal });
  const source: TrunkPacks = { backend: repository.backend, state, records: repository.records };
  const nowMs = await storeTimeMs(source.backend, options.newId, { signal });
  const sinceMs = nowMs === undefined ? -Infinity : nowMs - retentionMs;
  const { ids: logged } = await retainedTips(source.backend, state, sinceMs, { signal });
  const indexes: PackIndexes = new Map();
  const kept = await reachableObjects(source, tipsOf(state), {
    signal,
    indexes,
    optional: logged,
    progress: (objects) => options.progress?.("found", objects),
  });
  const needless = await findNeedless(source, kept, { signal, indexes });
  options.progress?.("needless", needless.droppedObjects);
  const counts = { keptObjects: kept.size, droppedObjects: needless.droppedObjects };
  const groups = groupsWithin(needless.packs, scratch.sizeBytes);
  const { containers, forgotten } = await needlessContainers(source.backend, state, kept, { signal });
  const chosen = [...groups.flat(), ...containers];
  const oversized = needless.packs.length - groups.flat().length;
  if (chosen.length + forgotten.length === 0) return { ...counts, retiredSize: 0, writtenSize: 0, oversized, state };
  const rewritten: RewrittenPack[] = [];
  try {
    for (const group of groups) {
      const pack = await rewritePacks(source, group, scratch, { signal, keeps: (id) => kept.has(id) });
      if (pack !== undefined) rewritten.push(pack);
    }
    const bodies = rewritten.map(({ body }) => body);
    const uploads = repository.mirrors.uploads(state.map);
    const { sleep } = repository.mirrors;
    const segments = await uploadSegments(uploads, bodies, options.newId, { signal, sleep });
    const change = { retired: chosen.map(({ name }) => name), segments, forgotten, drop: true };
    const still = async (later: State) =>
      isCurrent(change, state, later) &&
      !hasNewThinSegments(state, later) &&
      (containers.length + forgotten.length === 0 || !hasNewContainers(state, later)) &&
      (await isWhole(repository, later, change, kept, { signal, indexes }));
    const after = await appendUpkeep(repository, state, change, still, { signal });
    const sizes = { retiredSize: totalSize(chosen), writtenSize: rewritten.reduce((sum, { size }) => sum + size, 0) };
    return after && { ...counts, ...sizes, oversized, state: after };
  } finally {
    for (const { file } of rewritten) await file.remove();
  }
}

/**
 * Whether the refs of a later state would be whole behind the change: pushes that came in between may have been built on
 * what is to be dropped.
 */
async function isWhole(
  repository: TendedTrunk,
  later: State,
  change: UpkeepChange,
  kept: ObjectMarks,
  options: Pick<ReachableOptions, "signal" | "indexes">,
): Promise<boolean> {
  const state = fold(later, [{ record: recordBehind(later, change), digest: noRecordDigest, doomedKeys: [] }]);
  try {
    const source = { backend: repository.backend, state, records: repository.records };
    await reachableObjects(source, tipsOf(later), { ...options, known: kept });
    return true;
  } catch (error) {
    if (isTrunksError(error, "CORRUPT")) return false;
    throw error;
  }
}

/** Whether one came in between, whose deltas may be against what is to be dropped. */
function hasNewThinSegments(state: State, later: State): boolean {
  return [...later.packs].some(
    ([text, pack]) => pack.name.kind === "segment" && isThin(pack) && !state.packs.has(text),
  );
}

/** Whether one came in between, whose manifests may name chunks of any other. */
function hasNewContainers(state: State, later: State): boolean {
  return [...later.packs].some(([text, { name }]) => name.kind === "container" && !state.packs.has(text));
}

/**
 * Packs with something needless in them. When there are any, all thin packs are among them: their bases are perhaps needless
 * themselves.
 */
async function findNeedless(
  source: TrunkPacks,
  kept: ObjectMarks,
  { indexes, ...options }: RequestOptions & { readonly indexes: PackIndexes },
): Promise<{ packs: CataloguePack[]; droppedObjects: number }> {
  const dropped = new IdSet(source.state.objects);
  const packs: CataloguePack[] = [];
  const objects = trunkObjects(source.backend, source.state, source.records);
  for (const pack of source.state.packs.values()) {
    if (pack.name.kind === "container") continue;
    let isNeedless = false;
    const present = pack.name.kind === "segment" ? await indexes.get(packKey(pack.name.id)) : undefined;
    const index = present ?? (await readIndexOf(source, pack, objects, options));
    for (let place = 0; place < index.objectCount; place++) {
      const id = index.idBytesAt(place);
      if (kept.hasBytes(id, 0)) continue;
      isNeedless = true;
      dropped.addBytes(id, 0);
    }
    if (isNeedless || isThin(pack)) packs.push(pack);
  }
  return { packs: dropped.size === 0 ? [] : packs, droppedObjects: dropped.size };
}

/** Groups that can be made one pack each: thin packs together, segments as they fit. What is too large is left out. */
function groupsWithin(packs: readonly CataloguePack[], maxSizeBytes: number): CataloguePack[][] {
  const thin = packs.filter(isThin);
  const groups: CataloguePack[][] = thin.length === 0 ? [] : [thin];
  let size = Infinity;
  for (const pack of packs) {
    if (pack.name.kind !== "segment" || isThin(pack) || pack.pack.size > maxSizeBytes) continue;
    if (size + pack.pack.size > maxSizeBytes) {
      groups.push([]);
      size = 0;
    }
    groups.at(-1)?.push(pack);
    size += pack.pack.size;
  }
  return groups;
}

function tipsOf(state: State): string[] {
  return [...state.refs.values()].map(({ id }) => id);
}
