import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { LocalRepository } from "./local-repository.ts";

/**
 * Up to which slot of a trunk all packs were installed in this repository. Only a hint for how much to download: git may
 * have pruned objects since, which is checked after each fetch.
 */
export async function readSynced(local: LocalRepository, trunkId: string): Promise<number> {
  try {
    const text = await readFile(await syncedFile(local, trunkId), "latin1");
    return /^[0-9]{1,15}\n$/.test(text) ? Number(text) : -1;
  } catch {
    return -1;
  }
}

export async function writeSynced(local: LocalRepository, trunkId: string, slot: number): Promise<void> {
  const file = await syncedFile(local, trunkId);
  const temporary = join(await local.ownFolder("tmp"), `synced-${process.pid}`);
  await writeFile(temporary, `${slot}\n`);
  await rename(temporary, file);
}

async function syncedFile(local: LocalRepository, trunkId: string): Promise<string> {
  return join(await local.ownFolder(), `synced-${trunkId}`);
}
