import { refusalOf } from "./refusal.ts";
import type { AzureStore, StoreRequest } from "./store.ts";

const concurrency = 16;

/** Removes keys, many at once. The first that fails ends the others. */
export async function deleteBlobs(
  store: AzureStore,
  keys: readonly string[],
  signal: AbortSignal | undefined,
): Promise<void> {
  let next = 0;
  async function work(): Promise<void> {
    while (next < keys.length) await deleteBlob(store, keys[next++] as string, signal);
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

async function deleteBlob(store: AzureStore, key: string, signal: AbortSignal | undefined): Promise<void> {
  const request: StoreRequest = { operation: "delete", key, loss: "repeatable", signal };
  try {
    // A blob with snapshots, which someone else made, is not deleted without them.
    await store.send(request, (container, abortSignal) =>
      container.getBlobClient(store.blobName(key)).delete({ deleteSnapshots: "include", abortSignal }),
    );
  } catch (error) {
    if (refusalOf(error)?.code !== "BlobNotFound") throw error;
  }
}
