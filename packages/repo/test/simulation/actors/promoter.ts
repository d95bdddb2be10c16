import { rounds } from "../rounds.ts";
import { count, newestSlotIn, primaryName, type Scene } from "../scene.ts";

/** Makes another store the primary, while everybody goes on; a promotion that somebody did not finish first. */
export function promoter(scene: Scene): Promise<void> {
  return rounds(scene, 2, 60_000, async (process) => {
    const { truth, mirrors, world, code } = scene;
    const names = [primaryName, ...mirrors.keys()];
    const isFinished = newestSlotIn(scene, truth.primary) === truth.slot;
    const target = isFinished ? world.random.pick(names.filter((name) => name !== truth.primary)) : truth.primary;
    process.move(names.find((name) => newestSlotIn(scene, name) === truth.slot) as string);
    await code.promote(process.repository(), target);
    count(scene, "promoted");
  });
}
