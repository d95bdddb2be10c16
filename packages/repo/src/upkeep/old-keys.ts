import { type Backend, type ListedKey, listPages, type RequestOptions } from "@trunks/core";
import {
  containerPrefix,
  doomedPrefix,
  intentPrefix,
  isDoomListKey,
  segmentPrefix,
  snapshotKeySlot,
  snapshotPrefix,
} from "../format/key.ts";
import { readLatest } from "../journal/snapshots.ts";
import { probeSizeBytes } from "./store-clock.ts";

/** Keys that one request deletes. */
const batchLength = 1000;
/** In slots. Of so many one snapshot stays, from which the ref log can tell what became of old pushes. */
const snapshotBlock = 4096;

/** The files of packs that were written before `beforeMs` by the store's clock, whether anybody names them or not. */
export async function listOldPacks(
  backend: Backend,
  beforeMs: number,
  options: RequestOptions,
): Promise<Map<string, ListedKey>> {
  const found = new Map<string, ListedKey>();
  for (const prefix of [segmentPrefix, containerPrefix, intentPrefix])
    for (const [key, listed] of await listOld(backend, prefix, beforeMs, options)) found.set(key, listed);
  return found;
}

/**
 * Deletes snapshots that have newer ones, and what looks at the clock have left behind: nobody's correctness depends on
 * them. Answers how many.
 */
export async function deleteNameless(backend: Backend, beforeMs: number, options: RequestOptions): Promise<number> {
  const [snapshots, lists, latest, newest] = await Promise.all([
    listOld(backend, snapshotPrefix, beforeMs, options),
    listOld(backend, doomedPrefix, beforeMs, options),
    readLatest(backend, options),
    backend.list(snapshotPrefix, { ...options, limit: 1 }),
  ]);
  const blocks = Map.groupBy(snapshots.keys(), (key) => Math.floor((snapshotKeySlot(key) ?? 0) / snapshotBlock));
  const kept = new Set([...blocks.values()].map((keys) => keys[0]));
  for (const key of [newest.keys[0]?.key, latest?.snapshotKey]) kept.add(key);
  const probes = [...lists.values()].filter(({ key, size }) => isDoomListKey(key) && size === probeSizeBytes);
  const keys = [...[...snapshots.keys()].filter((key) => !kept.has(key)), ...probes.map(({ key }) => key)];
  for (let start = 0; start < keys.length; start += batchLength) {
    await backend.delete(keys.slice(start, start + batchLength), options);
  }
  return keys.length;
}

async function listOld(
  backend: Backend,
  prefix: string,
  beforeMs: number,
  options: RequestOptions,
): Promise<Map<string, ListedKey>> {
  const found = new Map<string, ListedKey>();
  for await (const page of listPages(backend, prefix, options)) {
    for (const listed of page) if (listed.modifiedMs < beforeMs) found.set(listed.key, listed);
  }
  return found;
}
