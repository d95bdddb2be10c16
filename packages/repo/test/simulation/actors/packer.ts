import { rounds } from "../rounds.ts";
import { count, type Scene } from "../scene.ts";

/** Makes few packs of many, as the product does. */
export function packer(scene: Scene): Promise<void> {
  return rounds(scene, 6, 30_000, async (process) => {
    const { retiredPacks } = await scene.code.compact(process.repository(), { newId: () => process.newId() });
    if (retiredPacks > 0) count(scene, "packed");
  });
}
