import { rounds } from "../rounds.ts";
import { count, type Scene } from "../scene.ts";
import { graceMs } from "../simulated-store.ts";

/** Takes out of the catalogue what no ref reaches, as the product does. */
export function collector(scene: Scene): Promise<void> {
  return rounds(scene, 4, 60_000, async (process) => {
    const retentionMs = scene.world.random.chance(0.5) ? 0 : graceMs;
    const options = { retentionMs, scratch: process.scratch, newId: () => process.newId() };
    const { droppedObjects } = await scene.code.collect(process.repository(), options);
    if (droppedObjects > 0) count(scene, "collected");
  });
}
