import { randomBytes } from "node:crypto";
import { type Body, bodySize, bodySlice, isTrunksError } from "@trunks/core";
import { lossOf, pause, type Write } from "@trunks/http-store";
import { contentMd5 } from "./digest.ts";
import { maxPartMemoryBytes } from "./options.ts";
import type { AzureStore } from "./store.ts";
import { blobOptions, requestOf } from "./write.ts";

/** Azure's own limit. */
const maxBlocks = 50_000;
const mebibyte = 2 ** 20;
const maxBlockAttempts = 5;

/** The largest body that fits in blocks which fit in memory. */
export const maxBodyBytes = maxBlocks * maxPartMemoryBytes;

/** How a body is cut, and how many blocks travel at once: together they stay within `maxPartMemoryBytes`. */
export interface BlockPlan {
  readonly partSizeBytes: number;
  readonly concurrency: number;
  readonly count: number;
}

export function planBlocks(size: number, leastPartSizeBytes: number, uploadConcurrency: number): BlockPlan {
  const needed = Math.ceil(size / maxBlocks / mebibyte) * mebibyte;
  const partSizeBytes = size / leastPartSizeBytes > maxBlocks ? needed : leastPartSizeBytes;
  const concurrency = Math.max(1, Math.min(uploadConcurrency, Math.floor(maxPartMemoryBytes / partSizeBytes)));
  return { partSizeBytes, concurrency, count: Math.ceil(size / partSizeBytes) };
}

/**
 * Writes a body as blocks that nobody sees, and a last request with their names, which carries the condition. Blocks that
 * are never named vanish by themselves after a week. Their names are new ones each time, so that of two writers of one key
 * none can name the other's.
 */
export async function writeInBlocks(store: AzureStore, write: Write): Promise<void> {
  const { partSizeBytes, uploadConcurrency } = store.options;
  const plan = planBlocks(bodySize(write.body), partSizeBytes, uploadConcurrency);
  const upload = randomBytes(12).toString("hex");
  const names = Array.from({ length: plan.count }, (_, index) => blockName(upload, index));
  await stageAll(store, write, plan, names);
  await store.send(requestOf(write, lossOf(write)), (container, abortSignal) =>
    container
      .getBlockBlobClient(store.blobName(write.key))
      .commitBlockList(names, { ...blobOptions(write), abortSignal }),
  );
}

/** All of one blob must be of one length. */
function blockName(upload: string, index: number): string {
  return Buffer.from(`${upload}-${String(index).padStart(5, "0")}`).toString("base64");
}

/** The first block that fails ends the others. */
async function stageAll(store: AzureStore, write: Write, plan: BlockPlan, names: readonly string[]): Promise<void> {
  const failed = new AbortController();
  const signal = write.signal ? AbortSignal.any([write.signal, failed.signal]) : failed.signal;
  let next = 0;
  async function work(): Promise<void> {
    // One place for all blocks of a worker: memory that was used before is at hand sooner than new memory.
    const place = Buffer.allocUnsafeSlow(write.body instanceof Uint8Array ? 0 : plan.partSizeBytes);
    while (next < plan.count) {
      const index = next++;
      const start = index * plan.partSizeBytes;
      const end = Math.min(start + plan.partSizeBytes, bodySize(write.body));
      const bytes = await readPart(write.body, start, end, place);
      await stage(store, { ...write, signal }, names[index] as string, bytes);
    }
  }
  const workers = Array.from({ length: Math.min(plan.concurrency, plan.count) }, work);
  try {
    await Promise.all(workers);
  } catch (error) {
    failed.abort(error);
    await Promise.allSettled(workers);
    throw error;
  }
}

/** Sends one block, again where that may help: a block is seen by nobody before it is named. */
async function stage(store: AzureStore, write: Write, name: string, bytes: Uint8Array): Promise<void> {
  const transactionalContentMD5 = contentMd5(bytes);
  for (let attempt = 1; ; attempt++) {
    try {
      await store.send(requestOf(write, "harmless"), (container, abortSignal) =>
        container
          .getBlockBlobClient(store.blobName(write.key))
          .stageBlock(name, bytes, bytes.length, { transactionalContentMD5, abortSignal }),
      );
      return;
    } catch (error) {
      if (!isTrunksError(error) || !error.retryable || attempt === maxBlockAttempts) throw error;
      await pause(attempt, error.retryAfterMs, write.signal);
    }
  }
}

async function readPart(body: Body, start: number, end: number, place: Uint8Array): Promise<Uint8Array> {
  if (body instanceof Uint8Array) return body.subarray(start, end);
  let filled = 0;
  for await (const chunk of bodySlice(body, start, end)) {
    place.set(chunk, filled);
    filled += chunk.length;
  }
  return place.subarray(0, filled);
}
