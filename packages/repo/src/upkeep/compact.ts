import { type Backend, isTrunksError, type RequestOptions } from "@trunks/core";
import { indexKey, packKey } from "../format/key.ts";
import type { Segment } from "../format/pack-name.ts";
import type { State } from "../format/state.ts";
import { uploadSegments } from "../transfer/segment-upload.ts";
import { type CompactionPlan, planCompaction, totalSize } from "./compaction-plan.ts";
import { type RewrittenPack, rewritePacks } from "./rewrite.ts";
import { memoryScratch, type Scratch } from "./scratch.ts";
import type { TendedTrunk } from "./tended-trunk.ts";
import { appendUpkeep, isCurrent, readForUpkeep } from "./upkeep-record.ts";

export interface CompactOptions extends RequestOptions {
  /** Default: 64 MiB of memory. */
  readonly scratch?: Scratch;
  /** Makes names that nobody has used. */
  readonly newId: () => string;
  /** Told before packs are made one: how many, and their size in bytes. */
  readonly progress?: (packs: number, sizeBytes: number) => void;
}

/** What a compaction did; sizes are in bytes. */
export interface Compaction {
  readonly retiredPacks: number;
  readonly retiredSize: number;
  readonly segments: number;
  readonly writtenSize: number;
  /** The state behind it. */
  readonly state: State;
}

/** Merges in one run; by far enough for a trunk that was never tended. */
const maxMerges = 64;
/** Merges that may come to nothing because somebody else does the same. */
const maxLost = 3;

/**
 * Makes few large packs of many small ones, as long as there is something to be gained. Waits for nobody, and nobody waits
 * for it: pushes go on meanwhile, what is retired stays readable, and a run that ends half-way leaves a file that nobody
 * names. Of two runs at once one does the work.
 */
export async function compact(repository: TendedTrunk, options: CompactOptions): Promise<Compaction> {
  const { scratch = memoryScratch() } = options;
  let state = await readForUpkeep(repository, options);
  const total = { retiredPacks: 0, retiredSize: 0, segments: 0, writtenSize: 0 };
  let lost = 0;
  for (let merges = 0; merges < maxMerges && lost < maxLost; merges++) {
    const plan = planCompaction(state.packs.values(), scratch.sizeBytes);
    if (plan === undefined) break;
    const { packs } = plan;
    options.progress?.(packs.length, totalSize(packs));
    const merged = await mergeOnce(repository, state, plan, scratch, options);
    if (merged === undefined) {
      lost++;
      state = await readForUpkeep(repository, options);
      continue;
    }
    total.retiredPacks += packs.length;
    total.retiredSize += totalSize(packs);
    total.segments += 1;
    total.writtenSize += merged.size;
    ({ state } = merged);
  }
  return { ...total, state };
}

/** `undefined` when somebody else was first. */
async function mergeOnce(
  repository: TendedTrunk,
  state: State,
  { packs, thin }: CompactionPlan,
  scratch: Scratch,
  options: CompactOptions,
): Promise<{ state: State; size: number } | undefined> {
  const source = { backend: repository.backend, state, records: repository.records };
  let rewritten: RewrittenPack | undefined;
  try {
    rewritten = await rewritePacks(source, packs, scratch, { ...options, thin });
    const bodies = rewritten === undefined ? [] : [rewritten.body];
    const uploads = repository.mirrors.uploads(state.map);
    const uploaded = await uploadSegments(uploads, bodies, options.newId, {
      signal: options.signal,
      sleep: repository.mirrors.sleep,
    });
    const segments = thin ? uploaded.map((segment): Segment => ({ ...segment, thin })) : uploaded;
    const change = { retired: packs.map(({ name }) => name), segments };
    const still = (later: State) => isCurrent(change, state, later);
    const after = await appendUpkeep(repository, state, change, still, options);
    if (after === undefined) await discard(uploads, segments, options);
    return after && { state: after, size: rewritten?.size ?? 0 };
  } catch (error) {
    // What was to be read is gone: another run has retired it, and its grace time is over.
    if (isTrunksError(error, "NOT_FOUND")) return undefined;
    throw error;
  } finally {
    await rewritten?.file.remove();
  }
}

/** Uploads that no record names, and none ever will: every slot that one was made for holds another's. */
async function discard(uploads: Backend, segments: readonly Segment[], options: RequestOptions): Promise<void> {
  try {
    await uploads.delete(
      segments.flatMap(({ id }) => [packKey(id), indexKey(id)]),
      options,
    );
  } catch {
    // A sweep finds them.
  }
}
