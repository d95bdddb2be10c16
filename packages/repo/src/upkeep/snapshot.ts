import type { Backend, RequestOptions } from "@trunks/core";
import { latestKey, snapshotKey } from "../format/key.ts";
import { encodeLatest } from "../format/latest.ts";
import { encodeSnapshot } from "../format/snapshot.ts";
import type { State } from "../format/state.ts";

/** A cold reader reads about this many records behind a snapshot, and twice as many when a writer died at the wrong time. */
const snapshotInterval = 64;
/** Whoever has read more records than this behind the newest snapshot, and pushes, knows that it is time for one. */
export const longTail = 2 * snapshotInterval - 1;

/** A record of so many moves is read more slowly than a snapshot with the same refs in it. */
const manyMoves = 1000;

/**
 * Whether the writer of this slot should write a snapshot, with so many moves in its push. Every writer can tell from the slot alone, so nobody needs to
 * know when the last one was written, and no two of them write the same one.
 */
export function snapshotDue(slot: number, moves: number): boolean {
  return slot % snapshotInterval === snapshotInterval - 1 || moves >= manyMoves;
}

/** Writes a snapshot of `state` under a fresh id and points `latest` to it. Readers profit; nobody depends on it. */
export async function writeSnapshot(
  backend: Backend,
  state: State,
  id: string,
  options: RequestOptions = {},
): Promise<void> {
  const key = snapshotKey(state.slot, id);
  await backend.create(key, encodeSnapshot(state), options);
  await backend.put(latestKey, encodeLatest({ trunkId: state.trunkId, slot: state.slot, snapshotKey: key }), options);
}
