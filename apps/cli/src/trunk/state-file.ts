import { createHash, randomUUID } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { StateCache } from "@trunks/repo";

/** Keeps the last known state of a trunk in `<common git dir>/trunks/<digest of its URL>/state`. */
export function stateFile(commonDir: string, canonicalUrl: string): StateCache {
  const digest = createHash("sha256").update(canonicalUrl).digest("hex").slice(0, 16);
  const own = join(commonDir, "trunks");
  const temporaries = join(own, "tmp");
  const folder = join(own, digest);
  const path = join(folder, "state");
  return {
    async load() {
      try {
        return await readFile(path);
      } catch {
        return undefined; // As good as never written.
      }
    },
    async save(bytes) {
      // Not with `recursive`: a clone that failed is removed by git, and must not be there again.
      for (const made of [own, temporaries, folder]) await mkdir(made).catch(existsAlready);
      const written = join(temporaries, `state-${randomUUID()}`);
      try {
        // Not flushed to the disk: a state that a crash has cut fails its digest, and is read from the store again.
        await writeFile(written, bytes, { flag: "wx" });
        await rename(written, path);
      } catch (error) {
        await rm(written, { force: true });
        throw error;
      }
    },
  };
}

function existsAlready(error: NodeJS.ErrnoException): void {
  if (error.code !== "EEXIST") throw error;
}
