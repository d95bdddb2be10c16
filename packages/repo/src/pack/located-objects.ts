import { type RequestOptions, TrunksError } from "@trunks/core";
import { IdSet } from "./id-set.ts";
import type { ObjectId } from "./object-format.ts";
import type { EntryLocation, OpenPack, PackSet } from "./pack-set.ts";

/** An object that is wanted, and where it is. */
export interface LocatedObject {
  readonly id: ObjectId;
  readonly place: EntryLocation;
}

/**
 * Where the objects are, each once, in the order of their places. Throws `NOT_FOUND` when one of them is in no pack, unless those
 * are to be left out.
 */
export async function locateMany(
  packs: PackSet,
  ids: Iterable<ObjectId>,
  options: RequestOptions & { readonly skipMissing?: boolean },
): Promise<LocatedObject[]> {
  const objects: LocatedObject[] = [];
  for (const id of eachOnce(ids)) {
    const place = packs.locateOpen(id) ?? (await packs.locate(id, options));
    if (place !== undefined) objects.push({ id, place });
    else if (!options.skipMissing) throw new TrunksError("NOT_FOUND", `object ${id} is in no pack`);
  }
  const ranks = new Map<OpenPack, number>();
  for (const { place } of objects) if (!ranks.has(place.pack)) ranks.set(place.pack, ranks.size);
  return objects.sort((left, right) => {
    if (left.place.pack === right.place.pack) return left.place.start - right.place.start;
    return (ranks.get(left.place.pack) as number) - (ranks.get(right.place.pack) as number);
  });
}

/** The same ids, each once, which can be gone through again. */
export function eachOnce(ids: Iterable<ObjectId>): Iterable<ObjectId> {
  return ids instanceof Set || ids instanceof IdSet ? ids : new Set(ids);
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
