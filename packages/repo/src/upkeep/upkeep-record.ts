import { type RequestOptions, TrunksError } from "@trunks/core";
import type { ForgottenBlob } from "../format/container.ts";
import { type PackName, packKeys, packNameText, type Segment } from "../format/pack-name.ts";
import { type DoomList, encodeRecord } from "../format/record.ts";
import type { State } from "../format/state.ts";
import { recordBehind } from "../journal/record-behind.ts";
import { checkPrimary } from "../mirror/place.ts";
import type { TendedTrunk } from "./tended-trunk.ts";

/** What upkeep does to the catalogue, in one record. */
export interface UpkeepChange {
  readonly retired?: readonly PackName[];
  /** Segments that this writer has uploaded, which hold nothing that the retired packs did not hold. */
  readonly segments?: readonly Segment[];
  /** Large blobs that nobody needs, in containers that stay. */
  readonly forgotten?: readonly ForgottenBlob[];
  /** Some object of the retired packs is in none of the segments. */
  readonly drop?: boolean;
  readonly doomed?: readonly string[];
  readonly doomLists?: readonly DoomList[];
}

/** Slots tried for while others push. */
const maxTries = 64;

/** The newest state of a trunk whose primary this is. Upkeep of a mirror is that of its primary. */
export async function readForUpkeep(repository: TendedTrunk, { signal }: RequestOptions): Promise<State> {
  const state = await repository.read({ signal, forPush: true });
  if (state === undefined) throw new TrunksError("NOT_FOUND", "there is no trunk here");
  if (state.map.primary !== undefined) checkPrimary(state, await repository.mirrors.self({ signal }));
  return state;
}

/**
 * Adds a record of upkeep behind `state`, or further on: when other writers take the slot, `still` says whether the change
 * is right for the state that they have led to. Answers the state behind the record, or `undefined` when the change is not
 * right any more: then it is in no record, and never will be.
 */
export async function appendUpkeep(
  repository: TendedTrunk,
  state: State,
  change: UpkeepChange,
  still: (state: State) => boolean | Promise<boolean>,
  options: RequestOptions = {},
): Promise<State | undefined> {
  let last = state;
  for (let attempt = 0; attempt < maxTries; attempt++) {
    const record = recordBehind(last, change);
    const won = await repository.mirrors.append(last, record, encodeRecord(record), options);
    const next = await readForUpkeep(repository, options);
    if (won) return next;
    last = next;
    if (!(await still(last))) return undefined;
  }
  return undefined;
}

/**
 * Whether a change that was made for `basis` holds for a later state: what it retires is still there, what it brings
 * was not swept away, and what that may need outside itself was not dropped. Past the horizon that cannot be told any more.
 */
export function isCurrent({ retired = [], segments = [] }: UpkeepChange, basis: State, state: State): boolean {
  if (state.horizon > basis.slot) return false;
  if (segments.some(({ thin }) => thin) && state.dropped !== basis.dropped) return false;
  const keys = segments.flatMap(({ id }) => packKeys({ kind: "segment", id }));
  return retired.every((name) => state.packs.has(packNameText(name))) && keys.every((key) => !state.doomed.has(key));
}
