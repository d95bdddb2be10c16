import { rounds } from "../rounds.ts";
import { count, type Scene } from "../scene.ts";
import { graceMs } from "../simulated-store.ts";

/** Writes snapshots, and stubs in the place of old records, as the product does. */
export function archivist(scene: Scene): Promise<void> {
  return rounds(scene, 4, 30_000, async (process) => {
    const repository = process.repository();
    await process.read(repository);
    await repository.snapshot();
    const stubs = await scene.code.stubOldRecords(repository, {
      retentionMs: graceMs,
      newId: () => process.newId(),
    });
    if (stubs > 0) count(scene, "archived");
  });
}
