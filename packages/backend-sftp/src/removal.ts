import type { Connection } from "./connection.ts";
import type { Attempt } from "./failure.ts";
import { type Folders, kindOf, parentOf } from "./folders.ts";
import { isRefusal, Refusal, status } from "./refusal.ts";

/** So many files are removed at once. */
const concurrency = 32;

/** Removes files, those that are there, and then the folders that are left empty. */
export async function removeFiles(
  connection: Connection,
  paths: readonly string[],
  folders: Folders,
  attempt: Attempt,
): Promise<{ removed: number }> {
  const emptied = new Set<string>();
  let removed = 0;
  let next = 0;
  const worker = async () => {
    while (next < paths.length) {
      const path = paths[next++] as string;
      if (!(await removeFile(connection, path, attempt))) continue;
      removed++;
      emptied.add(parentOf(path));
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, paths.length) }, worker));
  for (const folder of emptied) await folders.prune(connection, folder, attempt);
  return { removed };
}

/** Whether there was a file to remove. */
async function removeFile(connection: Connection, path: string, attempt: Attempt): Promise<boolean> {
  try {
    await connection.remove(path, attempt.signal);
    return true;
  } catch (error) {
    if (isRefusal(error, status.noSuchFile)) return false;
    if (!(error instanceof Refusal)) throw error;
    // A folder is no key, and below a key there is none; servers say no more than that they failed.
    const found = await connection.stat(path, attempt.signal).catch(() => undefined);
    if (found?.kind === "folder") return false;
    if (found === undefined && (await kindOf(connection, path, attempt)) !== "folder") return false;
    throw error;
  }
}
