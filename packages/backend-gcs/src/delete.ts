import { refusalOf } from "./refusal.ts";
import type { GcsStore, StoreRequest } from "./store.ts";

const concurrency = 16;

/** Removes keys, many at once. The first that fails ends the others. */
export async function deleteObjects(
  store: GcsStore,
  keys: readonly string[],
  signal: AbortSignal | undefined,
): Promise<void> {
  let next = 0;
  async function work(): Promise<void> {
    while (next < keys.length) await deleteObject(store, keys[next++] as string, signal);
  }
  const workers = Array.from({ length: Math.min(concurrency, keys.length) }, work);
  try {
    await Promise.all(workers);
  } catch (error) {
    next = keys.length;
    await Promise.allSettled(workers);
    throw error;
  }
}

async function deleteObject(store: GcsStore, key: string, signal: AbortSignal | undefined): Promise<void> {
  const path = store.objectsPath(key);
  const request: StoreRequest = { method: "DELETE", path, operation: "delete", key, loss: "repeatable", signal };
  try {
    await store.send(request);
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal?.status !== 404) throw error;
    if (!/^No such object\b/.test(refusal.message)) await store.requireBucket(request);
  }
}
