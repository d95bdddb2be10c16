import { type Backend, type RequestOptions, TrunksError } from "@trunks/core";
import { placeKey } from "../format/key.ts";
import { isFollower, type Mirror, type MirrorMap, type Place } from "../format/mirror-map.ts";
import { decodePlaceFile, encodePlaceFile, type PlaceFile } from "../format/place-file.ts";
import type { State } from "../format/state.ts";

/** Opens the trunk in another store: a backend whose keys are relative to the trunk's folder there. */
export type OpenPlace = (place: Place) => Promise<Backend>;

/** What this store is called; `undefined` when nobody has said so. */
export async function readPlace(backend: Backend, options: RequestOptions = {}): Promise<PlaceFile | undefined> {
  const content = await backend.get(placeKey, options);
  return content === undefined ? undefined : decodePlaceFile(await content.bytes());
}

export async function writePlace(backend: Backend, place: PlaceFile, options: RequestOptions = {}): Promise<void> {
  await backend.put(placeKey, encodePlaceFile(place), options);
}

/** The stores that a push must reach beside the one whose journal it enters, which is called `self`. */
export function requiredPlaces({ primary, mirrors }: MirrorMap, self: string | undefined): Place[] {
  const strict = [...mirrors.values()].filter((mirror) => mirror.mode === "strict" && !isFollower(mirror));
  const promoted = primary === undefined || primary.name === self ? [] : [primary];
  return [...promoted, ...strict.filter(({ name }) => name !== self)];
}

export function laggingPlaces({ mirrors }: MirrorMap): Mirror[] {
  return [...mirrors.values()].filter((mirror) => mirror.mode === "lagging" && !isFollower(mirror));
}

/** The Git repositories that follow the trunk in this mode. */
export function followersOf({ mirrors }: MirrorMap, mode: Mirror["mode"]): Mirror[] {
  return [...mirrors.values()].filter((mirror) => mirror.mode === mode && isFollower(mirror));
}

/** Throws `PRECONDITION_FAILED` unless the store of this name is the one whose journal decides. */
export function checkPrimary(state: State, self: PlaceFile | undefined): void {
  const { primary } = state.map;
  if (primary === undefined || (self?.trunkId === state.trunkId && self.name === primary.name)) return;
  if (self === undefined) {
    throw new TrunksError("PRECONDITION_FAILED", "this trunk has mirrors, and does not say what it is called itself", {
      hint: `if it is ${primary.name}, run \`trunks storage promote ${primary.name}\`; if it was copied by hand, push to ${primary.url}`,
    });
  }
  throw notPrimary(self.name, primary);
}

function notPrimary(name: string, primary: Place): TrunksError {
  return new TrunksError(
    "PRECONDITION_FAILED",
    `this is ${name}, a mirror: the trunk's primary is ${primary.name}, ${primary.url}`,
    {
      hint: `push there: git push trunks::${primary.url} …, or for good: git remote set-url <remote> trunks::${primary.url}`,
    },
  );
}
