import type { Backend, RequestOptions } from "@trunks/core";
import { damaged } from "../format/headed-file.ts";
import { indexKey } from "../format/key.ts";
import type { Segment } from "../format/pack-name.ts";
import type { State } from "../format/state.ts";
import { scanPack } from "../pack/pack-scan.ts";
import { downloadWhole } from "./download.ts";
import { trunkObjects } from "./objects.ts";

/**
 * Makes every object of a thin segment, and holds its index against one that is made anew: git cannot do it, to which a thin
 * pack is none. Throws `CORRUPT` when a base is missing, or when they differ.
 */
export async function verifyThinSegment(
  backend: Backend,
  state: State,
  segment: Segment,
  { signal }: RequestOptions = {},
): Promise<void> {
  const objects = trunkObjects(backend, state);
  const externalBases = (ids: readonly string[], within: RequestOptions) =>
    objects.readMany(ids, { ...within, skipMissing: true });
  const [pack, index] = await Promise.all([
    downloadWhole(backend, segment, "pack", { signal }),
    downloadWhole(backend, segment, "index", { signal }),
  ]);
  const { indexBytes } = await scanPack(state.objects, pack, { signal, externalBases });
  const isEqual = index.length === indexBytes.length && indexBytes.every((byte, at) => byte === index[at]);
  if (!isEqual) throw damaged(indexKey(segment.id), "it is not the index of its pack");
}
