import { isTrunksError } from "@trunks/core";
import type { TrunkRecord } from "../../src/format/record.ts";
import type { State } from "../../src/format/state.ts";
import { recordAfter } from "../samples.ts";
import { isAway, Process, type Scene } from "./scene.ts";
import { graceMs } from "./simulated-store.ts";

/** What upkeep may end with: others were first, or nobody knows. */
const given = ["OUTCOME_UNKNOWN", "NOT_FOUND", "CONFLICT"] as const;

/** Upkeep as plain as may be; what it cannot finish it leaves. Answers what `work` does not throw, again and again. */
export async function rounds(
  scene: Scene,
  number: number,
  longestMs: number,
  work: (process: Process) => Promise<void>,
) {
  const process = new Process(scene);
  for (let round = scene.world.rounds(number); round > 0; round--) {
    await process.nap(longestMs);
    try {
      await work(process);
    } catch (error) {
      const isGiven = isAway(error) || given.some((code) => isTrunksError(error, code));
      if (!isGiven && !process.isSentElsewhere(error)) throw error;
      scene.world.note(() => `gives up: ${(error as Error).message}`);
    }
  }
}

/** Takes the slot behind `state` with a record of upkeep; a slot that is lost ends the round. */
export async function append(process: Process, state: State, fields: Partial<TrunkRecord>): Promise<boolean> {
  const { code, world } = process.scene;
  const record = recordAfter(state, fields);
  return code.appendRecord(process.backend, record.slot, code.encodeRecord(record), (ms) => world.sleep(ms));
}

/** Whether the grace time of what was done then is over. */
export function isPast(scene: Scene, modifiedMs: number): boolean {
  return scene.world.nowMs - modifiedMs > graceMs;
}
