import type { Backend, RequestOptions } from "@trunks/core";
import { damaged } from "../format/headed-file.ts";
import { indexKey } from "../format/key.ts";
import type { Segment } from "../format/pack-name.ts";
import type { State } from "../format/state.ts";
import { scanPack } from "../pack/pack-scan.ts";
import { downloadSegment } from "./download.ts";
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
    readWhole(backend, segment, "pack", { signal }),
    readWhole(backend, segment, "index", { signal }),
  ]);
  const { indexBytes } = await scanPack(state.objects, pack, { signal, externalBases });
  const isEqual = index.length === indexBytes.length && indexBytes.every((byte, at) => byte === index[at]);
  if (!isEqual) throw damaged(indexKey(segment.id), "it is not the index of its pack");
}

/** A file of a segment, checked; for small ones, as thin segments are. */
async function readWhole(
  backend: Backend,
  segment: Segment,
  part: "pack" | "index",
  options: RequestOptions = {},
): Promise<Uint8Array> {
  const bytes = new Uint8Array(part === "pack" ? segment.size : segment.indexSize);
  let filled = 0;
  for await (const chunk of downloadSegment(backend, segment, part, options)) {
    bytes.set(chunk, filled);
    filled += chunk.length;
  }
  return bytes;
}
