import { bodySize, bytesBody } from "@trunks/core";
import { lossOf, pause, type Write } from "@trunks/http-store";
import { writeInBlocks } from "./blocks.ts";
import { contentMd5 } from "./digest.ts";
import { refusalOf } from "./refusal.ts";
import type { AzureStore } from "./store.ts";
import { blobOptions, requestOf } from "./write.ts";

/** How often a write is begun again whose blocks another one has swept away. */
const maxAttempts = 8;

/** Writes the body: true when it was written, false when `ifAbsent` and the key was taken. */
export async function writeBlob(store: AzureStore, write: Write): Promise<boolean> {
  const inBlocks = bodySize(write.body) > 2 * store.options.partSizeBytes;
  for (let attempt = 1; ; attempt++) {
    try {
      await (inBlocks ? writeInBlocks(store, write) : writeWhole(store, write));
      return true;
    } catch (error) {
      if (write.ifAbsent && isTaken(error)) return false;
      // Who completes a blob throws away all blocks for it that wait, others' too. Nothing of this write was done.
      if (refusalOf(error)?.code !== "InvalidBlockList" || attempt === maxAttempts) throw error;
    }
    await pause(attempt, 0, write.signal);
  }
}

/** Azure says the first to who came second, and the second to who came at the same time; emulators either. */
function isTaken(error: unknown): boolean {
  const { status, code } = refusalOf(error) ?? {};
  return status === 412 || (status === 409 && code === "BlobAlreadyExists");
}

async function writeWhole(store: AzureStore, write: Write): Promise<void> {
  const bytes = await bytesBody(write.body);
  const options = { ...blobOptions(write), transactionalContentMD5: contentMd5(bytes) };
  await store.send(requestOf(write, lossOf(write)), (container, abortSignal) =>
    container.getBlockBlobClient(store.blobName(write.key)).upload(bytes, bytes.length, { ...options, abortSignal }),
  );
}
