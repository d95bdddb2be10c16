import { type Backend, isTrunksError, type RequestOptions, TrunksError } from "@trunks/core";
import { isFollower, type Mirror, type Place } from "../format/mirror-map.ts";
import { encodeRecord } from "../format/record.ts";
import type { State } from "../format/state.ts";
import { readCold } from "../journal/read.ts";
import { recordBehind } from "../journal/record-behind.ts";
import type { Sleep } from "../journal/sleep.ts";
import { readSlotDigest } from "../journal/tip.ts";
import type { Repository } from "../repository.ts";
import { changeMap, type MapOutcome } from "./change.ts";
import { bringUp, fillSlot, settleConflict } from "./copy.ts";
import { type OpenPlace, requiredPlaces } from "./place.ts";
import { mirrorNamed, readPrimary, syncMirror, unknown } from "./sync.ts";

/**
 * Makes the mirror `name` the primary, and this store a strict mirror of it. The record that says so takes this store's
 * next slot, so that whoever pushes here at the same time comes before it, or reads it and stops. May be repeated after
 * it was ended half-way.
 */
export async function promote(repository: Repository, name: string, options: RequestOptions = {}): Promise<MapOutcome> {
  const before = await readPrimary(repository, options);
  const { primary } = before.map;
  if (primary?.name === name) return finish(repository, before, options);
  checkStore(mirrorNamed(before.map, name));
  // A mirror that is far behind takes its time: before the record, and not while everyone waits.
  await syncMirror(repository, name, options);
  return changeMap(
    repository,
    ({ map }) => {
      if (map.primary?.name === name) return undefined;
      const target = mirrorNamed(map, name);
      if (map.primary === undefined) throw unknown(name);
      return { removed: [], mirrors: [{ ...map.primary, mode: "strict" }], primary: placeOf(target) };
    },
    options,
  );
}

/** A promotion of which this store has the record already: the new primary may still lack it. */
async function finish(repository: Repository, state: State, options: RequestOptions): Promise<MapOutcome> {
  const { primary } = state.map;
  const self = await repository.mirrors.self(options);
  if (primary === undefined || self?.name === primary.name) return { state, missed: [] };
  await repository.mirrors.makeEven(primary, state, options);
  return { state, missed: [] };
}

export interface TakeoverOptions extends RequestOptions {
  readonly open: OpenPlace;
  readonly sleep: Sleep;
  /** Names of the places that are gone for good, the primary's among them: nothing is asked of them, and they leave the map. */
  readonly gone: readonly string[];
  /** Makes a lagging mirror the primary though no strict one vouches for what it holds. */
  readonly acceptLoss?: boolean;
}

/** A copy that takes part in a takeover. */
interface Copy {
  readonly place: Place;
  readonly store: Backend;
  readonly state: State;
}

/** Rounds of a takeover while others take over too. */
const maxRounds = 8;

/**
 * Makes the mirror `target` the primary when the old one is gone for good. Every strict mirror must be reached, but for
 * those that are `gone` too; the first of them by name decides between two who do this at once. See docs/mirrors.md for why no
 * acknowledged push is lost, and why the old primary can acknowledge none any more. Answers the state of the new primary.
 */
export async function takeOver(target: Place, options: TakeoverOptions): Promise<State> {
  for (let round = 0; round < maxRounds; round++) {
    const state = await attemptTakeover(target, options);
    if (state !== undefined) return state;
  }
  throw new TrunksError("CONFLICT", "others take over this trunk at the same time", { hint: "try again" });
}

/** `undefined` when somebody else was first in the slot that decides. */
async function attemptTakeover(target: Place, options: TakeoverOptions): Promise<State | undefined> {
  const { open, gone } = options;
  checkStore(target);
  const own = await readCopy(target, open, options);
  const { map } = own.state;
  if (map.primary?.name !== target.name && !map.mirrors.has(target.name)) throw unknown(target.name);
  const strict = requiredPlaces(map, map.primary?.name).filter(({ name }) => !gone.includes(name));
  const lock = strict[0];
  if (lock === undefined) checkLoss(target, map.mirrors.get(target.name), options);
  const others = strict.filter(({ name }) => name !== target.name);
  const copies = [own, ...(await Promise.all(others.map((place) => readCopy(place, open, options))))];
  const first = copies.find(({ place }) => place.name === (lock?.name ?? target.name)) as Copy;
  const { state, changed } = await level(copies, first, options);
  if (changed) return undefined;
  const { primary } = state.map;
  if (primary?.name === target.name) return state;
  // Perhaps by another takeover, a moment ago: nobody has said that this one is gone.
  if (primary !== undefined && !gone.includes(primary.name)) {
    throw new TrunksError("ALREADY_EXISTS", `${primary.name} is the primary: ${primary.url}`, {
      hint: `push to trunks::${primary.url}; if it is gone for good, add --gone ${primary.name}`,
    });
  }
  const change = { removed: gone.filter((name) => state.map.mirrors.has(name)), mirrors: [], primary: placeOf(target) };
  const record = recordBehind(state, { map: change });
  const encoded = encodeRecord(record);
  if (!(await fillSlot(first.store, record.slot, encoded, options))) return undefined;
  for (const { store } of copies) {
    if (await fillSlot(store, record.slot, encoded, options)) continue;
    await settleConflict(first.store, store, record.slot, { ...options, strict: true });
  }
  return (await readCopy(target, open, options)).state;
}

/**
 * Brings all copies to the one that is furthest, and answers its state; `changed` when that took any copying, so that all is
 * to be read again. The first copy decides where two have different records in one slot.
 */
async function level(
  copies: readonly Copy[],
  first: Copy,
  options: TakeoverOptions,
): Promise<{ readonly state: State; readonly changed: boolean }> {
  const copying = { ...options, strict: true };
  let changed = false;
  for (const { store, state } of copies) {
    const slot = Math.min(state.slot, first.state.slot);
    if (slot < 0) continue;
    const [one, other] = await Promise.all([
      readSlotDigest(first.store, slot, options),
      readSlotDigest(store, slot, options),
    ]);
    if (one === other) continue;
    await settleConflict(first.store, store, slot, copying);
    changed = true;
  }
  const furthest = copies.reduce((left, right) => (right.state.slot > left.state.slot ? right : left), first);
  for (const { store, state } of copies) {
    if (changed || state.slot === furthest.state.slot) continue;
    await bringUp(furthest.store, store, furthest.state, state.slot, copying);
    changed = true;
  }
  return { state: furthest.state, changed };
}

async function readCopy(place: Place, open: OpenPlace, options: RequestOptions): Promise<Copy> {
  try {
    const store = await open(place);
    const reading = await readCold(store, { signal: options.signal });
    if (reading === undefined) throw new TrunksError("NOT_FOUND", "there is no trunk");
    return { place, store, state: reading.state };
  } catch (error) {
    if (!isTrunksError(error)) throw error;
    throw new TrunksError(error.code, `the mirror ${place.name} (${place.url}): ${error.message}`, {
      cause: error,
      retryable: error.retryable,
      hint: `every strict mirror is needed, so that nobody goes on with the old primary; if ${place.name} is gone for good as well, add --gone ${place.name}`,
    });
  }
}

/** Only a strict mirror is known to hold every push that was acknowledged, and only one keeps the old primary from more. */
function checkLoss(target: Place, mirror: Mirror | undefined, { acceptLoss }: TakeoverOptions): void {
  if (mirror === undefined || mirror.mode === "strict" || acceptLoss) return;
  throw new TrunksError("PRECONDITION_FAILED", `${target.name} is lagging: it may lack pushes that the primary took`, {
    hint: "if they may be lost, and the old primary never comes back, add --accept-loss",
  });
}

/** Throws for a mirror that has no journal to decide by. */
function checkStore(place: Place): void {
  if (!isFollower(place)) return;
  throw new TrunksError("NOT_SUPPORTED", `${place.name} is a Git repository, and cannot be the primary`, {
    hint: "`trunks init` with another store, and a push of all refs of a clone, make a trunk of it again",
  });
}

function placeOf({ name, url }: Place): Place {
  return { name, url };
}
