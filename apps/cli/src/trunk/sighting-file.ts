import type { Sighting, SightingCache } from "@trunks/repo";
import { CacheFile } from "./cache-file.ts";

/** Keeps which store was seen to be a trunk's primary in `<common git dir>/trunks/primary-<id>`, whatever URL it was read by. */
export function sightingFile(commonDir: string): SightingCache {
  const fileOf = (trunkId: string) => new CacheFile(commonDir, `primary-${trunkId}`);
  return {
    async load(trunkId) {
      try {
        const sighting: Sighting = JSON.parse(new TextDecoder().decode(await fileOf(trunkId).read()));
        return Number.isSafeInteger(sighting.slot) && typeof sighting.primary.url === "string" ? sighting : undefined;
      } catch {
        return undefined; // As good as never written.
      }
    },
    save: (trunkId, sighting) => fileOf(trunkId).replace(JSON.stringify(sighting)),
  };
}
