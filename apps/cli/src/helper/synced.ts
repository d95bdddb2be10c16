import { CacheFile } from "../trunk/cache-file.ts";
import type { LocalRepository } from "./local-repository.ts";

/**
 * Up to which slot of a trunk all packs were installed in this repository. Only a hint for how much to download: git may
 * have pruned objects since, which is checked after each fetch.
 */
export async function readSynced(local: LocalRepository, trunkId: string): Promise<number> {
  const text = new TextDecoder().decode(await syncedFile(local, trunkId).read());
  return /^[0-9]{1,15}\n$/.test(text) ? Number(text) : -1;
}

export async function writeSynced(local: LocalRepository, trunkId: string, slot: number): Promise<void> {
  await syncedFile(local, trunkId).replace(`${slot}\n`);
}

function syncedFile(local: LocalRepository, trunkId: string): CacheFile {
  return new CacheFile(local.commonDir, `synced-${trunkId}`);
}
