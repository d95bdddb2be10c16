import type { RequestOptions } from "@trunks/core";
import type { EntryResolver } from "./entry-resolver.ts";
import type { PackRange } from "./pack-blocks.ts";
import { isDelta } from "./pack-entry.ts";
import { type EntryLocation, locationOf, type OpenPack, type PackSet } from "./pack-set.ts";
import { PlaceSet } from "./place-set.ts";

/** An object that is wanted, and where it is. */
export interface LocatedObject {
  readonly id: string;
  readonly place: EntryLocation;
}

/** Finds objects that come in the order of their places by the place: the list is all that it takes. */
export class ObjectOrder {
  readonly #objects: readonly LocatedObject[];
  /** By pack, where its objects begin and end in the list. */
  readonly #runs = new Map<OpenPack, { readonly start: number; end: number }>();

  constructor(objects: readonly LocatedObject[]) {
    this.#objects = objects;
    for (const [index, { place }] of objects.entries()) {
      const run = this.#runs.get(place.pack);
      if (run === undefined) this.#runs.set(place.pack, { start: index, end: index + 1 });
      else run.end = index + 1;
    }
  }

  /** The number in the list of the object whose entry stands there. */
  find({ pack, start }: EntryLocation): number | undefined {
    const run = this.#runs.get(pack);
    if (run === undefined) return undefined;
    let { start: low, end: high } = run;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#objects[middle] as LocatedObject).place.start < start) low = middle + 1;
      else high = middle;
    }
    return low < run.end && this.#objects[low]?.place.start === start ? low : undefined;
  }
}

/**
 * Cuts objects that come in the order of their places into groups that span no more than so many bytes of packs; the first no
 * more than half of it, for it is waited for and the others come meanwhile.
 */
export function* groupsBySpan(objects: readonly LocatedObject[], maxSpan: number): Generator<LocatedObject[]> {
  let limit = Math.floor(maxSpan / 2);
  let group: LocatedObject[] = [];
  let span = 0;
  let previous: EntryLocation | undefined;
  for (const object of objects) {
    const { pack, start, end } = object.place;
    span += end - (previous?.pack === pack ? Math.min(previous.end, start) : start);
    if (span > limit && group.length > 0) {
      yield group;
      group = [];
      limit = maxSpan;
      span = end - start;
    }
    group.push(object);
    previous = object.place;
  }
  if (group.length > 0) yield group;
}

/**
 * Brings entries and the entries that they are deltas against into memory, in few requests: one round for the entries, one
 * for all their bases, one for the bases of those. Ends early when `maxSize` bytes have been asked for; what is left is
 * read when it is met.
 */
export async function prefetchEntries(
  packs: PackSet,
  resolver: EntryResolver,
  objects: readonly LocatedObject[],
  maxSize: number,
  options: RequestOptions,
): Promise<void> {
  const seen = new PlaceSet();
  let wanted = objects.map((object) => object.place);
  for (let size = 0; wanted.length > 0 && size <= maxSize; ) {
    size += await prefetchPlaces(resolver, wanted, options);
    const missing: EntryLocation[] = [];
    // Grows while it is walked: a base that is in memory leads on at once.
    for (const place of wanted) {
      const base = basePlace(packs, resolver, place);
      if (base === undefined || !seen.add(base)) continue;
      (resolver.peekHeader(base) === undefined ? missing : wanted).push(base);
    }
    wanted = missing;
  }
}

/** Brings the entries into memory, and the bases only of those deltas whose base `comes` not along. */
export async function prefetchCopies(
  packs: PackSet,
  resolver: EntryResolver,
  objects: readonly LocatedObject[],
  comes: (base: EntryLocation) => boolean,
  maxSize: number,
  options: RequestOptions,
): Promise<void> {
  await prefetchPlaces(
    resolver,
    objects.map(({ place }) => place),
    options,
  );
  const made = objects.filter(({ place }) => {
    const base = basePlace(packs, resolver, place);
    return base !== undefined && !comes(base);
  });
  if (made.length > 0) await prefetchEntries(packs, resolver, made, maxSize, options);
}

/** Brings what is needed of the entries into memory, by default what is read of them first; answers how much that is. */
export async function prefetchPlaces(
  resolver: EntryResolver,
  places: readonly EntryLocation[],
  options: RequestOptions,
  rangeOf: (place: EntryLocation) => PackRange = (place) => resolver.firstRange(place),
): Promise<number> {
  const byPack = Map.groupBy(places, (place) => place.pack);
  let size = 0;
  const reads = [...byPack].map(([pack, wanted]) => {
    const ranges = wanted.map(rangeOf).sort((left, right) => left.start - right.start);
    for (const range of ranges) size += range.end - range.start;
    return pack.blocks.prefetch(ranges, options);
  });
  await Promise.all(reads);
  return size;
}

/** Where the base of an entry stands, if it has one that is not made yet. */
function basePlace(packs: PackSet, resolver: EntryResolver, place: EntryLocation): EntryLocation | undefined {
  // Most are none: by their first byte they are told soonest.
  const header = resolver.peekDelta(place) === true ? resolver.peekHeader(place) : undefined;
  if (header === undefined || !isDelta(header)) return undefined;
  const { baseOffset, baseId } = header;
  const offset = baseOffset ?? place.pack.index.find(baseId as string);
  const base = offset === undefined ? packs.locateOpen(baseId as string) : locationOf(place.pack, offset);
  return base?.pack.bases.get(base.start) === undefined ? base : undefined;
}
