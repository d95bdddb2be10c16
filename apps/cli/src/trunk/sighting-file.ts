import { randomUUID } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Sighting, SightingCache } from "@trunks/repo";

/** Keeps which store was seen to be a trunk's primary in `<common git dir>/trunks/primary-<id>`, whatever URL it was read by. */
export function sightingFile(commonDir: string): SightingCache {
  const folder = join(commonDir, "trunks");
  const pathOf = (trunkId: string) => join(folder, `primary-${trunkId}`);
  return {
    async load(trunkId) {
      try {
        const sighting: Sighting = JSON.parse(await readFile(pathOf(trunkId), "utf8"));
        return Number.isSafeInteger(sighting.slot) && typeof sighting.primary.url === "string" ? sighting : undefined;
      } catch {
        return undefined; // As good as never written.
      }
    },
    async save(trunkId, sighting) {
      // Not with `recursive`: a clone that failed is removed by git, and must not be there again.
      await mkdir(folder).catch(() => {});
      const written = join(folder, `primary-${randomUUID()}`);
      try {
        await writeFile(written, JSON.stringify(sighting), { flag: "wx" });
        await rename(written, pathOf(trunkId));
      } catch (error) {
        await rm(written, { force: true });
        throw error;
      }
    },
  };
}
