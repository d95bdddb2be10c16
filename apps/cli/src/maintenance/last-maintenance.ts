import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

/** How the last maintenance that this clone ran ended. */
export interface LastMaintenance {
  /** ISO 8601. */
  readonly finished_at: string;
  readonly url: string;
  readonly ok: boolean;
  /** What went wrong, or nothing. */
  readonly message: string;
}

/** `undefined` when there was none, or nobody knows. */
export async function readLastMaintenance(commonDir: string): Promise<LastMaintenance | undefined> {
  try {
    return JSON.parse(await readFile(pathIn(commonDir), "utf8"));
  } catch {
    return undefined;
  }
}

/** Never throws: it is a note for people. */
export async function writeLastMaintenance(commonDir: string, last: LastMaintenance): Promise<void> {
  try {
    // Not with `recursive`: a clone that was removed meanwhile must not be there again.
    await mkdir(dirname(pathIn(commonDir))).catch(() => {});
    await writeFile(pathIn(commonDir), `${JSON.stringify(last)}\n`);
  } catch {
    // As if it had not been.
  }
}

function pathIn(commonDir: string): string {
  return join(commonDir, "trunks", "maintenance.json");
}
