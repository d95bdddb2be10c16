import { type Backend, isTrunksError, type RequestOptions } from "@trunks/core";
import { latestKey, snapshotKey, snapshotKeySlot, snapshotPrefix } from "../format/key.ts";
import { decodeLatest, type Latest } from "../format/latest.ts";
import { decodeSnapshot } from "../format/snapshot.ts";
import type { State } from "../format/state.ts";

/** What `latest` says. A missing or damaged pointer is as good as none; one of a newer version is not. */
export async function readLatest(backend: Backend, options: RequestOptions): Promise<Latest | undefined> {
  const content = await backend.get(latestKey, options);
  if (content === undefined) return undefined;
  try {
    return decodeLatest(await content.bytes());
  } catch (error) {
    if (isTrunksError(error, "CORRUPT")) return undefined;
    throw error;
  }
}

/** `undefined` when it is not there. */
export async function readSnapshot(backend: Backend, key: string, options: RequestOptions): Promise<State | undefined> {
  const content = await backend.get(key, options);
  return content === undefined ? undefined : decodeSnapshot(await content.bytes(), key);
}

/** Keys of snapshots, the newest first; not all if there are many. */
export async function listSnapshots(backend: Backend, options: RequestOptions): Promise<string[]> {
  const page = await backend.list(snapshotPrefix, { ...options, limit: 64 });
  return page.keys.map(({ key }) => key).filter((key) => snapshotKeySlot(key) !== undefined);
}

/** The newest snapshot of a slot below `slot` that can be read; `undefined` when there is none. */
export async function readSnapshotBelow(
  backend: Backend,
  slot: number,
  options: RequestOptions,
): Promise<State | undefined> {
  if (slot <= 0) return undefined;
  // Behind every snapshot of this slot, in the order of keys.
  const after = snapshotKey(slot, "g");
  const { keys } = await backend.list(snapshotPrefix, { ...options, after, limit: 64 });
  for (const { key } of keys) {
    if (snapshotKeySlot(key) === undefined) continue;
    const state = await readSnapshot(backend, key, options);
    if (state !== undefined) return state;
  }
  return undefined;
}
