import { append, rounds } from "../rounds.ts";
import { count, type Scene } from "../scene.ts";

/** Carries entries that were judged long ago, as a careless carrier might: nothing may come of it. */
export function carrier(scene: Scene): Promise<void> {
  return rounds(scene, 4, 60_000, async (process) => {
    const repository = process.repository();
    const state = await process.read(repository);
    const entries = repository.records
      .flatMap(({ record }) => record.entries)
      .filter(({ inline }) => inline === undefined);
    if (entries.length === 0) return;
    const carried = entries.filter(() => scene.world.random.chance(0.5)).map((entry) => ({ ...entry, carried: true }));
    if (await append(process, state, { entries: carried })) count(scene, "carried");
  });
}
