import type { State } from "../format/state.ts";
import { planCompaction } from "./compaction-plan.ts";

/** Of so many slots one is that of a writer who looks after the trunk: where many write at once they shall not all do so. */
const maintenanceInterval = 16;

/** Whether a run of `compact` that makes up to so many bytes at once would find something to do; costs no request. */
export function compactionDue(state: State, maxSizeBytes?: number): boolean {
  return planCompaction(state.packs.values(), maxSizeBytes) !== undefined;
}

/** Whether the writer whose push led to this state should run maintenance, of up to so many bytes at once; costs no request. */
export function maintenanceDue(state: State, maxSizeBytes?: number): boolean {
  return state.slot % maintenanceInterval === 0 && compactionDue(state, maxSizeBytes);
}
