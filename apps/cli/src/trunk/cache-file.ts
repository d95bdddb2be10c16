import { randomUUID } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

/**
 * A file in `<common git dir>/trunks`, of what can be found out again: whoever reads it must bear that it is missing, old or damaged.
 * Any number of processes may read and replace it.
 */
export class CacheFile {
  readonly #folder: string;
  readonly #path: string;

  /** `path` begins in the folder, and is in it or in a folder of it: `primary-…`, `<digest>/state`. */
  constructor(commonDir: string, path: string) {
    this.#folder = join(commonDir, "trunks");
    this.#path = join(this.#folder, path);
  }

  /** `undefined` when it cannot be read: as good as never written. */
  async read(): Promise<Uint8Array | undefined> {
    return await readFile(this.#path).catch(() => undefined);
  }

  /** Replaces it as a whole. Throws when that cannot be done; the old one stays. */
  async replace(content: Uint8Array | string): Promise<void> {
    // What a process that is killed leaves in `tmp` is removed some day.
    const temporaries = join(this.#folder, "tmp");
    for (const folder of [this.#folder, temporaries, dirname(this.#path)]) await makeFolder(folder);
    const written = join(temporaries, `cache-${randomUUID()}`);
    try {
      // Not flushed to the disk: a file that a crash has cut counts as none.
      await writeFile(written, content, { flag: "wx" });
      await rename(written, this.#path);
    } catch (error) {
      await rm(written, { force: true });
      throw error;
    }
  }
}

/** Not with those above it: a clone that failed is removed by git, and must not be there again. */
async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}
