import { type Backend, isTrunksError, type RequestOptions } from "@trunks/core";
import { latestKey, snapshotKeySlot, snapshotPrefix } from "../format/key.ts";
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
