import { type Backend, isTrunksError, type RequestOptions, TrunksError } from "@trunks/core";
import { isFollower, type Mirror, type MirrorMap } from "../format/mirror-map.ts";
import { packKeys } from "../format/pack-name.ts";
import type { CataloguePack, State } from "../format/state.ts";
import { newestSlot } from "../journal/read.ts";
import type { Repository } from "../repository.ts";
import { bringUp, copyTrunk, diverged, packsAfter } from "./copy.ts";
import type { CopyOptions } from "./copy-packs.ts";
import { explained } from "./mirror-error.ts";
import { checkPrimary, readPlace, writePlace } from "./place.ts";
import { standingOf } from "./standing.ts";

export interface SyncOptions extends RequestOptions {
  /** Told how many bytes of packs are at the mirror, of all that it lacked. */
  readonly progress?: (doneBytes: number, totalBytes: number) => void;
}

/** Brings one mirror up, whatever is missing there, and removes from a store what upkeep has removed from the primary. */
export async function syncMirror(repository: Repository, name: string, options: SyncOptions = {}): Promise<State> {
  const state = await readPrimary(repository, options);
  const mirror = mirrorNamed(state.map, name);
  checkPrimary(state, await repository.mirrors.self(options));
  await explaining(repository, mirror, state, () => copyTo(repository, mirror, state, options), options);
  if (isFollower(mirror)) return state;
  const live = new Set([...state.packs.values()].flatMap((pack) => packKeys(pack.name)));
  const gone = [...state.doomed.keys()].filter((key) => /^(objects|chunks|intents)\//.test(key) && !live.has(key));
  if (gone.length > 0) await (await repository.mirrors.store(mirror)).delete(gone, options);
  return state;
}

/** Brings a mirror to `state`; a store on from where it is, or from the beginning when its first copy was never finished. */
export async function copyTo(
  repository: Repository,
  mirror: Mirror,
  state: State,
  options: SyncOptions,
): Promise<void> {
  const { mirrors, backend } = repository;
  if (isFollower(mirror)) return mirrors.followers.follow(mirror, state, options);
  const store = await mirrors.store(mirror);
  const place = await readPlace(store, options);
  const whole = place !== undefined && !place.copying && place.trunkId === state.trunkId;
  const standing = whole ? await standingOf(store, state, options) : ({ kind: "behind", slot: -1 } as const);
  const strict = state.map.mirrors.get(mirror.name)?.mode === "strict";
  const from = standing.kind === "behind" ? standing.slot : state.slot;
  const progress = counted(packsAfter(state, from), options.progress);
  const copying = { signal: options.signal, sleep: mirrors.sleep, strict, progress };
  if (!whole) await copyFirst(backend, store, mirror, state, copying);
  else await bringUp(backend, store, state, from, copying);
  if (whole && place.name !== mirror.name) {
    await writePlace(store, { trunkId: state.trunkId, name: mirror.name, copying: false }, options);
  }
  if (standing.kind === "ahead") await mirrors.checkAhead(store, state, options);
}

/** The first copy is made in no order, and says so until it is whole. */
async function copyFirst(source: Backend, store: Backend, mirror: Mirror, state: State, options: CopyOptions) {
  const newest = (await newestSlot(store, options)) ?? -1;
  if (newest > state.slot) throw diverged(newest);
  const place = { trunkId: state.trunkId, name: mirror.name };
  await writePlace(store, { ...place, copying: true }, options);
  await copyTrunk(source, store, state, options);
  await writePlace(store, { ...place, copying: false }, options);
}

/** Runs work on a mirror; when that holds something else because it was made the primary, the error says so. */
export async function explaining(
  { mirrors }: Repository,
  mirror: Mirror,
  state: State,
  work: () => Promise<void>,
  options: RequestOptions,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!isTrunksError(error, "PRECONDITION_FAILED") || isFollower(mirror)) throw error;
    throw await explained(await mirrors.store(mirror), state, error, options);
  }
}

/** Turns bytes done into a part of the whole. */
export function counted(packs: readonly CataloguePack[], progress: SyncOptions["progress"]): CopyOptions["progress"] {
  if (progress === undefined) return undefined;
  const total = packs.reduce((sum, { pack }) => sum + pack.size + indexSize(pack), 0);
  let done = 0;
  return (bytes) => {
    done += bytes;
    progress(done, total);
  };
}

function indexSize(pack: object): number {
  return "indexSize" in pack ? Number(pack.indexSize) : 0;
}

/** The newest state of the trunk in this store. Throws `NOT_FOUND` when there is none. */
export async function readPrimary(repository: Repository, options: RequestOptions): Promise<State> {
  const state = await repository.read({ signal: options.signal, forPush: true, mirrors: false });
  if (state !== undefined) return state;
  throw new TrunksError("NOT_FOUND", "there is no trunk here");
}

/** Throws `NOT_FOUND` for a name that the map does not have. */
export function mirrorNamed({ mirrors }: MirrorMap, name: string): Mirror {
  const mirror = mirrors.get(name);
  if (mirror === undefined) throw unknown(name);
  return mirror;
}

export function unknown(name: string): TrunksError {
  return new TrunksError("NOT_FOUND", `the trunk has no mirror called ${name}`, {
    hint: "`trunks storage list` lists them",
  });
}
