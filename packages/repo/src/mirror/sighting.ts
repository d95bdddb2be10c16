import type { Backend, RequestOptions } from "@trunks/core";
import { isFollower, type Place } from "../format/mirror-map.ts";
import type { State } from "../format/state.ts";
import { readCold } from "../journal/read.ts";
import { readSlotDigest } from "../journal/tip.ts";
import type { Mirrors } from "./mirrors.ts";
import { standingOf } from "./standing.ts";

/** Which store a client has seen to be a trunk's primary, by whatever way it read the trunk. */
export interface Sighting {
  readonly primary: Place;
  /** A slot in whose state it was, and the digest of that slot's record. */
  readonly slot: number;
  readonly recordDigest: string;
}

/** Where a client keeps sightings, by the trunk's id. Losing one costs a warning, nothing else. */
export interface SightingCache {
  load(trunkId: string): Promise<Sighting | undefined>;
  /** Must replace the old one as a whole. */
  save(trunkId: string, sighting: Sighting): Promise<void>;
}

/** What is worth keeping of a state beside what was seen before; `undefined` for nothing. */
export function newSighting({ map, slot, recordDigest }: State, seen: Sighting | undefined): Sighting | undefined {
  const { primary } = map;
  if (primary === undefined || (primary.name === seen?.primary.name && primary.url === seen.primary.url)) {
    return undefined;
  }
  return { primary, slot, recordDigest };
}

/**
 * The primary that was chosen since, when `state` is that of a store which does not know of it. It is when the primary that was
 * seen is a mirror there, and the record by which it was seen to be more is not in the store's journal. One request, where names
 * differ.
 */
export async function supersededBy(
  backend: Backend,
  state: State,
  seen: Sighting | undefined,
  options: RequestOptions,
): Promise<Place | undefined> {
  const { primary, mirrors } = state.map;
  if (seen === undefined || primary === undefined || primary.name === seen.primary.name) return undefined;
  if (!mirrors.has(seen.primary.name)) return undefined;
  const isLater = state.slot >= seen.slot && (await readSlotDigest(backend, seen.slot, options)) === seen.recordDigest;
  return isLater ? undefined : seen.primary;
}

/**
 * Asks the strict mirrors whether one of them was made the primary since, of which this store was not told. `undefined` when
 * none of those that can be asked says so.
 */
export async function askForPrimary(
  mirrors: Mirrors,
  state: State,
  options: RequestOptions = {},
): Promise<Place | undefined> {
  const { primary } = state.map;
  const places = [...state.map.mirrors.values()].filter((place) => place.mode === "strict" && !isFollower(place));
  const asked = places.map(async (place) => {
    const store = await mirrors.store(place);
    const { kind } = await standingOf(store, state, options);
    if (kind === "even" || kind === "behind") return undefined;
    return (await readCold(store, options))?.state.map.primary;
  });
  const answers = await Promise.allSettled(asked);
  const found = answers.map((answer) => (answer.status === "fulfilled" ? answer.value : undefined));
  return found.find((place) => place !== undefined && place.name !== primary?.name);
}

/** For those who have read such a store. */
export function supersededNotice(primary: Place): string {
  return `this store was the primary, and lacks what was pushed since ${primary.name} is, ${primary.url}; go on there: git remote set-url <remote> trunks::${primary.url}`;
}
