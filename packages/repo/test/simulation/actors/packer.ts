import { rounds } from "../rounds.ts";
import { count, type Scene } from "../scene.ts";

/** Makes few packs of many, as the product does. */
export function packer(scene: Scene): Promise<void> {
  return rounds(scene, 6, 30_000, async (process) => {
    const options = { scratch: process.scratch, newId: () => process.newId() };
    const { retiredPacks } = await scene.code.compact(process.repository(), options);
    if (retiredPacks > 0) count(scene, "packed");
  });
}
