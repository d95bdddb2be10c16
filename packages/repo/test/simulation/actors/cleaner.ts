import { rounds } from "../rounds.ts";
import { count, type Scene } from "../scene.ts";
import { graceMs } from "../simulated-store.ts";

/** Deletes what has been needless for the grace time, as the product does. */
export function cleaner(scene: Scene): Promise<void> {
  return rounds(scene, 4, 60_000, async (process) => {
    const grace = scene.lapses.sweepsAtOnce ? 0 : graceMs;
    const options = { graceMs: grace, force: true, newId: () => process.newId() };
    const { deletedKeys } = await scene.code.sweep(process.repository(), options);
    if (deletedKeys > 0) count(scene, "cleaned");
  });
}
