import type { Backend, RequestOptions } from "@trunks/core";
import { mapConcurrent } from "../concurrent.ts";
import type { RefMove } from "../format/entry.ts";
import type { State } from "../format/state.ts";
import { readRefLog } from "../history/ref-log.ts";
import type { Follower } from "./follower.ts";

/** A ref that somebody has moved in a follower: nothing there is thrown away that the trunk did not throw away itself. */
export interface RefConflict {
  readonly ref: string;
  readonly theirId: string;
}

/** What brings a follower to a state of the trunk. */
export interface FollowPlan {
  readonly moves: readonly RefMove[];
  readonly conflicts: readonly RefConflict[];
}

export interface PlanOptions extends RequestOptions {
  /** These refs alone. Default: all. */
  readonly only?: ReadonlySet<string>;
}

/** Pushes read back at most, to tell what the trunk has moved from what somebody has moved in the follower. */
const maxLogEntries = 256;
/** Each question of history is a run of git. */
const historyConcurrency = 4;

/** Only these follow. A name that is no UTF-8 cannot be told to another program. */
export function isFollowed(ref: string): boolean {
  return /^refs\/(heads|tags)\//.test(ref) && ref.isWellFormed();
}

/**
 * What has to move where a follower's refs are `theirs`. A ref may go on from what the trunk had there itself, or, a branch,
 * to a commit behind it. One that the trunk has not is deleted if the trunk deleted it, and left alone if the trunk never
 * had it. Everything else is a conflict.
 */
export async function planFollow(
  primary: Backend,
  follower: Follower,
  state: State,
  theirs: ReadonlyMap<string, string>,
  options: PlanOptions = {},
): Promise<FollowPlan> {
  const moves: RefMove[] = [];
  const moved: RefConflict[] = [];
  for (const ref of [...new Set([...state.refs.keys(), ...theirs.keys()])].filter(isFollowed).sort()) {
    if (options.only?.has(ref) === false) continue;
    const newId = state.refs.get(ref)?.id;
    const theirId = theirs.get(ref);
    if (theirId === newId) continue;
    if (theirId === undefined) moves.push({ ref, oldId: undefined, newId });
    else moved.push({ ref, theirId });
  }
  const behind = await mapConcurrent(moved, historyConcurrency, async ({ ref, theirId }) => {
    const newId = state.refs.get(ref)?.id;
    return newId !== undefined && ref.startsWith("refs/heads/") && (await follower.includes(newId, theirId, options));
  });
  const open = moved.filter((_, index) => !behind[index]);
  const past = await pastOf(open, primary, state, options);
  const conflicts: RefConflict[] = [];
  for (const conflict of moved) {
    const { ref, theirId } = conflict;
    const newId = state.refs.get(ref)?.id;
    const known = past.get(ref);
    if (known === "held" || !open.includes(conflict)) moves.push({ ref, oldId: theirId, newId });
    else if (known === "other" || newId !== undefined) conflicts.push(conflict);
  }
  return { moves, conflicts };
}

/** Whether the trunk's refs had these values lately, or only others; nothing of refs that the log does not speak of. */
async function pastOf(
  values: readonly RefConflict[],
  primary: Backend,
  state: State,
  options: RequestOptions,
): Promise<ReadonlyMap<string, "held" | "other">> {
  const past = new Map<string, "held" | "other">();
  const wanted = new Map(values.map(({ ref, theirId }) => [ref, theirId]));
  if (wanted.size === 0) return past;
  let entries = 0;
  for await (const { moves } of readRefLog(primary, state, options)) {
    for (const { ref, oldId, newId } of moves) {
      const theirId = wanted.get(ref);
      if (theirId === undefined) continue;
      const held = oldId === theirId || newId === theirId;
      past.set(ref, held ? "held" : "other");
      if (held) wanted.delete(ref);
    }
    if (wanted.size === 0 || ++entries === maxLogEntries) break;
  }
  return past;
}

/** How many of the trunk's last pushes a follower lacks that needs these moves; no more are counted than are read back. */
export async function pushesBehind(
  primary: Backend,
  state: State,
  moves: readonly RefMove[],
  options: RequestOptions,
): Promise<number> {
  const lacking = new Map(moves.map(({ ref, oldId }) => [ref, oldId]));
  if (lacking.size === 0) return 0;
  let count = 0;
  for await (const entry of readRefLog(primary, state, options)) {
    if (entry.moves.some(({ ref }) => isFollowed(ref))) count++;
    for (const { ref, oldId } of entry.moves) {
      if (lacking.has(ref) && lacking.get(ref) === oldId) lacking.delete(ref);
    }
    if (lacking.size === 0 || count === maxLogEntries) break;
  }
  return count;
}
