import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";

/** Waits while git holds a folder's index, as it does when it switches branches, and at most `patienceMs`. */
export async function indexReleased(folder: string, patienceMs: number): Promise<void> {
  const lock = join(folder, ".git", "index.lock");
  for (let waitedMs = 0; waitedMs < patienceMs && existsSync(lock); waitedMs += 50) await wait(50);
}
