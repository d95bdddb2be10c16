import { type RequestOptions, TrunksError } from "@trunks/core";
import { placeKey } from "../format/key.ts";
import { isFollower, type MapChange, type Mirror, maxMirrors, type Place } from "../format/mirror-map.ts";
import { encodePlaceFile } from "../format/place-file.ts";
import { encodeRecord } from "../format/record.ts";
import type { State } from "../format/state.ts";
import { recordBehind } from "../journal/record-behind.ts";
import type { Repository } from "../repository.ts";
import type { AppendOptions, MissedMirror } from "./mirrors.ts";
import { checkPrimary, readPlace, writePlace } from "./place.ts";
import { copyTo, mirrorNamed, readPrimary, type SyncOptions } from "./sync.ts";

/** What a change of the map led to. */
export interface MapOutcome {
  readonly state: State;
  /** Strict mirrors that did not take the record; the next push brings them up. */
  readonly missed: readonly MissedMirror[];
}

/** Tries for a slot while others push. */
const maxTries = 32;

/**
 * Makes `mirror` a copy of the trunk, or a follower: brings everything there, then says so in the journal. One that is in the map already is
 * brought up, unless it may lag, and its mode becomes what is asked for. `primary` is what this store is called, if nobody
 * has said so before. Throws `ALREADY_EXISTS` when something else is in its place.
 */
export async function addMirror(
  repository: Repository,
  mirror: Mirror,
  primary: Place,
  options: SyncOptions = {},
): Promise<MapOutcome> {
  const state = await readPrimary(repository, options);
  const own = await namedPrimary(repository, state, primary, options);
  const known = state.map.mirrors.get(mirror.name);
  if (own.name === mirror.name) throw taken(`${mirror.name} is the trunk's primary`);
  if (known !== undefined && known.url !== mirror.url) throw taken(`${mirror.name} is a mirror already: ${known.url}`);
  if (known === undefined && state.map.mirrors.size >= maxMirrors)
    throw taken(`a trunk has at most ${maxMirrors} mirrors`);
  if (known === undefined || mirror.mode === "strict") {
    await checkStore(repository, mirror, own, state, options);
    await copyTo(repository, mirror, state, options);
  }
  const outcome = await changeMap(
    repository,
    ({ map }) => {
      const now = map.mirrors.get(mirror.name);
      if (now?.mode === mirror.mode && now.url === mirror.url) return undefined;
      return { removed: [], mirrors: [mirror], primary: map.primary === undefined ? own : undefined };
    },
    { ...options, lenient: known !== undefined && mirror.mode === "lagging" },
  );
  if (mirror.mode === "lagging" && known === undefined) await copyTo(repository, mirror, outcome.state, options);
  return outcome;
}

/** What taking a mirror out of the map led to. */
export interface Removal extends MapOutcome {
  readonly mirror: Mirror;
  /** Why its store could not be told; until it is, it takes itself for a mirror. */
  readonly untold: unknown;
}

/** Takes a mirror out of the map. Its store is not touched, but for the record that says so, if it can be reached. */
export async function removeMirror(
  repository: Repository,
  name: string,
  options: RequestOptions = {},
): Promise<Removal> {
  const before = await readPrimary(repository, options);
  const mirror = mirrorNamed(before.map, name);
  const outcome = await changeMap(repository, () => ({ removed: [name], mirrors: [], primary: undefined }), {
    ...options,
    lenient: true,
  });
  if (isFollower(mirror)) return { ...outcome, mirror, untold: undefined };
  try {
    // So that it knows itself that it is none any more.
    await copyTo(repository, mirror, outcome.state, options);
    return { ...outcome, mirror, untold: undefined };
  } catch (untold) {
    return { ...outcome, mirror, untold };
  }
}

/** Puts a change of the map in the journal, in whatever slot is free. `change` answers `undefined` for none. */
export async function changeMap(
  repository: Repository,
  change: (state: State) => MapChange | undefined,
  options: AppendOptions = {},
): Promise<MapOutcome> {
  for (let attempt = 0; attempt < maxTries; attempt++) {
    const state = await readPrimary(repository, options);
    const map = change(state);
    if (map === undefined) return { state, missed: [] };
    const record = recordBehind(state, { map });
    if (!(await repository.mirrors.append(state, record, encodeRecord(record), options))) continue;
    const missed = repository.mirrors.takeMissed();
    return { state: await readPrimary(repository, options), missed };
  }
  throw new TrunksError("CONFLICT", "others push to this trunk again and again", { hint: "try again" });
}

/** What this store is called. The first who makes a mirror gives it its name, in its own file before the map speaks of it. */
async function namedPrimary(
  repository: Repository,
  state: State,
  wanted: Place,
  options: RequestOptions,
): Promise<Place> {
  const { mirrors, backend } = repository;
  const self = await mirrors.self(options);
  if (state.map.primary !== undefined) {
    checkPrimary(state, self);
    return state.map.primary;
  }
  if (self?.trunkId === state.trunkId) return { name: self.name, url: wanted.url };
  const place = { trunkId: state.trunkId, name: wanted.name, copying: false };
  // What a copy of another trunk left here is replaced; two who do this at once agree on the first name.
  if (self !== undefined) await writePlace(backend, place, options);
  else if (!(await backend.create(placeKey, encodePlaceFile(place), options))) {
    return namedPrimary(repository, state, wanted, options);
  }
  mirrors.forgetSelf();
  return wanted;
}

/** Throws unless the store is free for this mirror, or holds the trunk under no other name of the map. */
async function checkStore(
  repository: Repository,
  mirror: Mirror,
  primary: Place,
  state: State,
  options: RequestOptions,
): Promise<void> {
  if (isFollower(mirror)) return;
  const place = await readPlace(await repository.mirrors.store(mirror), options);
  if (place === undefined || place.name === mirror.name) return;
  if (place.trunkId !== state.trunkId) throw taken(`${mirror.url} holds another trunk`);
  const others = [primary.name, ...state.map.mirrors.keys()];
  if (others.includes(place.name)) throw taken(`${mirror.url} is the same store as ${place.name}`);
}

function taken(message: string): TrunksError {
  return new TrunksError("ALREADY_EXISTS", message);
}
