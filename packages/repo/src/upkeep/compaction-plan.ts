import { isInline } from "../format/pack-name.ts";
import type { CataloguePack } from "../format/state.ts";

/** So many packs of one size class become one of the next. */
const fanOut = 16;
/** So many packs that travel inside records and intents become a segment; they are smaller, and each costs a reader a request. */
const inlineCount = 64;
/** Or so many bytes of them. */
const inlineSizeBytes = 2 ** 22;
/** Packs above this size in bytes stay as they are. */
const largestSizeBytes = 2 ** 30;

/**
 * The packs to be made one next, in the order of the catalogue; `undefined` when all is well. Segments fall into classes of
 * size, each 16 times the one before, and a class is merged when it holds 16 of them: so an object is written once when its
 * push is taken in, and once for each class that it rises through.
 */
export function planCompaction(packs: Iterable<CataloguePack>, maxSizeBytes = Infinity): CataloguePack[] | undefined {
  const inline: CataloguePack[] = [];
  const classes = new Map<number, CataloguePack[]>();
  for (const pack of packs) {
    if (isInline(pack.name)) inline.push(pack);
    else if (pack.name.kind === "segment" && pack.pack.size < largestSizeBytes) {
      const number = sizeClass(pack.pack.size);
      classes.set(number, [...(classes.get(number) ?? []), pack]);
    }
  }
  if (inline.length >= inlineCount || totalSize(inline) >= inlineSizeBytes) return within(inline, maxSizeBytes);
  const full = [...classes].sort(([left], [right]) => left - right).find(([, members]) => members.length >= fanOut);
  return full && within(full[1], maxSizeBytes);
}

export function totalSize(packs: readonly CataloguePack[]): number {
  return packs.reduce((sum, { pack }) => sum + pack.size, 0);
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
