import type { TrunkRecord } from "../format/record.ts";
import type { State } from "../format/state.ts";

/** The record for the slot behind `state`, with nothing in it but `content`. */
export function recordBehind(
  state: State,
  content: Partial<Omit<TrunkRecord, "trunkId" | "objects" | "slot" | "previous">>,
): TrunkRecord {
  return {
    trunkId: state.trunkId,
    objects: state.objects,
    slot: state.slot + 1,
    previous: state.recordDigest,
    retired: [],
    segments: [],
    drop: false,
    doomed: [],
    doomLists: [],
    entries: [],
    ...content,
  };
}
