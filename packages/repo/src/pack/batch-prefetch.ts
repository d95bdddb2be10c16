import type { RequestOptions } from "@trunks/core";
import type { EntryResolver } from "./entry-resolver.ts";
import { groupsBySpan, type LocatedObject } from "./located-objects.ts";
import type { PackRange } from "./pack-blocks.ts";
import { isDelta } from "./pack-entry.ts";
import type { EntryLocation, OpenPack } from "./pack-set.ts";
import { PlaceSet } from "./place-set.ts";

/** What brings a group of objects, or the beginning of it that spans no more bytes than this, into memory. */
export type Prefetch = (group: readonly LocatedObject[], maxSize: number) => Promise<void>;

/**
 * The objects in groups that span no more than so many bytes of packs, each when what it needs was prefetched; the next is
 * prefetched while one is worked on.
 */
export async function* prefetchedGroups(
  objects: readonly LocatedObject[],
  maxSpan: number,
  prefetch: Prefetch,
): AsyncGenerator<LocatedObject[]> {
  const begin = (group: readonly LocatedObject[]): Promise<void> => {
    const coming = prefetch(group, maxSpan);
    // Its failure is met when its turn comes, or never when the caller stops before.
    coming.catch(() => {});
    return coming;
  };
  const groups = groupsBySpan(objects, maxSpan);
  let group = groups.next().value;
  let coming = group && begin(group);
  while (group !== undefined) {
    await coming;
    const next = groups.next().value;
    coming = next && begin(next);
    yield group;
    group = next;
  }
}

/**
 * Brings entries and the entries that they are deltas against into memory, in few requests: one round for the entries, one
 * for all their bases, one for the bases of those. Ends early when `maxSize` bytes have been asked for; what is left is
 * read when it is met.
 */
export async function prefetchEntries(
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
      const base = basePlace(resolver, place);
      if (base === undefined || !seen.add(base)) continue;
      (resolver.peekHeader(base) === undefined ? missing : wanted).push(base);
    }
    wanted = missing;
  }
}

/** Brings the entries into memory, and the bases only of those deltas whose base `comes` not along. */
export async function prefetchCopies(
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
    const base = basePlace(resolver, place);
    return base !== undefined && !comes(base);
  });
  if (made.length > 0) await prefetchEntries(resolver, made, maxSize, options);
}

/** Brings what is needed of the entries into memory, by default what is read of them first; answers how much that is. */
export async function prefetchPlaces(
  resolver: EntryResolver,
  places: readonly EntryLocation[],
  options: RequestOptions,
  rangeOf: (place: EntryLocation) => PackRange = (place) => resolver.firstRange(place),
): Promise<number> {
  const rangesOf = new Map<OpenPack, PackRange[]>();
  let size = 0;
  for (const place of places) {
    const range = rangeOf(place);
    size += range.end - range.start;
    const others = rangesOf.get(place.pack);
    if (others === undefined) rangesOf.set(place.pack, [range]);
    else others.push(range);
  }
  const reads = [...rangesOf].map(([{ blocks }, ranges]) => {
    ranges.sort((left, right) => left.start - right.start);
    return blocks.prefetch(ranges, options);
  });
  await Promise.all(reads);
  return size;
}

/** Where the base of an entry stands, if it has one that is not made yet. */
function basePlace(resolver: EntryResolver, place: EntryLocation): EntryLocation | undefined {
  // Most are none: by their first byte they are told soonest.
  const header = resolver.peekDelta(place) === true ? resolver.peekHeader(place) : undefined;
  if (header === undefined || !isDelta(header)) return undefined;
  const base = resolver.knownBase(place, header);
  return base?.pack.bases.get(base.start) === undefined ? base : undefined;
}
