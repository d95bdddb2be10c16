import { isInline, isThin } from "../format/pack-name.ts";
import type { CataloguePack } from "../format/state.ts";

/** So many segments of one size class become one of the next. */
const fanOut = 16;
/** So many packs that travel inside records and intents become a segment; each costs a reader a request, and it has no index. */
const inlineCount = 32;
/** Or so many bytes of them. */
const inlineSizeBytes = 2 ** 22;
/** So many thin segments at most are beside each other. */
const thinCount = 128;
/** Or so many bytes of thin packs. */
const thinSizeBytes = 2 ** 24;
/** All becomes one when the rest weighs so many times as much as the thin packs, or less. */
const heavyRatio = 2;
/** Packs above this size in bytes stay as they are. */
const largestSizeBytes = 2 ** 30;

/** The packs to be made one, in the order of the catalogue, and whether the result may leave bases of its deltas outside. */
export interface CompactionPlan {
  readonly packs: readonly CataloguePack[];
  readonly thin: boolean;
}

/**
 * What is to be made one next; `undefined` when all is well. Inline packs become a thin segment, so that nothing is repeated in
 * it. When thin packs weigh half as much as all else, everything becomes one segment; when they are many, they alone do. Those
 * that are complete fall into classes of size, each 16 times the one before, and a class is merged when it holds 16 of them.
 */
export function planCompaction(packs: Iterable<CataloguePack>, maxSizeBytes = Infinity): CompactionPlan | undefined {
  const all = [...packs].filter(({ name }) => name.kind !== "container");
  const inline = all.filter(({ name }) => isInline(name));
  if (inline.length >= inlineCount || totalSize(inline) >= inlineSizeBytes) {
    const tail = all.filter(isThin);
    const isHeavy = totalSize(all) <= Math.min((1 + heavyRatio) * totalSize(tail), maxSizeBytes, largestSizeBytes);
    if (isHeavy) return { packs: all, thin: false };
    const isLong = tail.length - inline.length >= thinCount - 1 || totalSize(tail) >= thinSizeBytes;
    const complete = isLong ? within(tail, maxSizeBytes) : undefined;
    if (complete !== undefined) return { packs: complete, thin: false };
    const fitting = within(inline, maxSizeBytes);
    return fitting && { packs: fitting, thin: true };
  }
  const full = fullClass(all.filter((pack) => !isThin(pack)));
  const fitting = full && within(full, maxSizeBytes);
  return fitting && { packs: fitting, thin: false };
}

export function totalSize(packs: readonly CataloguePack[]): number {
  return packs.reduce((sum, { pack }) => sum + pack.size, 0);
}

/** The smallest class of segments that is full. */
function fullClass(segments: readonly CataloguePack[]): CataloguePack[] | undefined {
  const classes = new Map<number, CataloguePack[]>();
  for (const pack of segments) {
    if (pack.pack.size >= largestSizeBytes) continue;
    const number = sizeClass(pack.pack.size);
    classes.set(number, [...(classes.get(number) ?? []), pack]);
  }
  return [...classes].sort(([left], [right]) => left - right).find(([, members]) => members.length >= fanOut)?.[1];
}

function sizeClass(sizeBytes: number): number {
  return Math.floor(Math.log2(sizeBytes) / Math.log2(fanOut));
}

/** The oldest of them that fit; two at least are worth the work. */
function within(packs: readonly CataloguePack[], maxSizeBytes: number): CataloguePack[] | undefined {
  let size = 0;
  const fitting = packs.filter(({ pack }) => {
    size += pack.size;
    return size <= maxSizeBytes;
  });
  return fitting.length < 2 ? undefined : fitting;
}
