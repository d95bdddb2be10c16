import { fetchAll } from "../fetch.ts";
import { ClientCache, Process, type Scene } from "../scene.ts";

/** Someone who fetches: everything that the catalogue names can be had, or the catalogue has changed. */
export async function reader(scene: Scene): Promise<void> {
  const process = new Process(scene, new ClientCache());
  for (let fetches = scene.world.rounds(4); fetches > 0; fetches--) {
    await process.nap(20_000);
    const repository = process.repository();
    await fetchAll(process, repository);
    await repository.save();
  }
}
