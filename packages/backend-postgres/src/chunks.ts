import { randomUUID } from "node:crypto";
import { abortedError, type Body, bodySize, bodySlice, TrunksError } from "@trunks/core";
import type { Attempt } from "./failure.ts";
import { removeAbandoned, removeContent } from "./removal.ts";
import type { PostgresStore } from "./store.ts";
import { visibleAttempt, type Write } from "./write.ts";

/** The size of a row of a large body; no larger bodies stand in a row of their own. */
export const chunkBytes = 2 ** 20;
/** So many rows are on their way at once. */
const concurrency = 4;

/**
 * Writes a body in rows under a new id, which nobody can see, and then its key. An id that comes to no key is removed:
 * here, or, where this process or the server ends before, by a later write of a large body.
 */
export async function writeInChunks(store: PostgresStore, write: Write): Promise<boolean> {
  const { key, body, ifAbsent, signal } = write;
  const { statements } = store;
  const content = randomUUID();
  const attempt = visibleAttempt(write);
  // Until the key is written nothing can be seen, so that what is lost on the way has just failed.
  const hidden: Attempt = { ...attempt, loss: "harmless" };
  try {
    await store.write(statements.beginContent(content), hidden);
    await addChunks(store, content, body, { ...hidden, bulk: true });
    if (signal?.aborted) throw abortedError(signal);
    const parameters = [store.options.keyPrefix + key, bodySize(body), content, chunkBytes] as const;
    const statement = ifAbsent ? statements.createFromContent(...parameters) : statements.putFromContent(...parameters);
    const [row] = (await store.run(statement, attempt)).rows;
    if (row?.held !== 1) throw removedMeanwhile(attempt);
    removeContent(store, row.replaced);
    if (store.isFirstLargeWrite()) removeAbandoned(store);
    if (!ifAbsent || row.written === 1) return true;
  } catch (error) {
    // Whatever became of the key: only what no key holds is removed.
    removeContent(store, content);
    throw error;
  }
  removeContent(store, content);
  return false;
}

async function addChunks(store: PostgresStore, content: string, body: Body, attempt: Attempt): Promise<void> {
  const running = new Set<Promise<void>>();
  let failed: unknown;
  let number = 0;
  const add = async (bytes: Uint8Array) => {
    const { rowCount } = await store.run(store.statements.addChunk(content, number++, bytes), attempt);
    if (rowCount !== 1) throw removedMeanwhile(attempt);
  };
  try {
    for await (const bytes of inChunks(body)) {
      if (attempt.signal?.aborted) throw abortedError(attempt.signal);
      const adding: Promise<void> = add(bytes)
        .catch((error: unknown) => {
          failed ??= error;
        })
        .finally(() => running.delete(adding));
      running.add(adding);
      if (running.size >= concurrency) await Promise.race(running);
      if (failed !== undefined) throw failed;
    }
  } finally {
    await Promise.all(running);
  }
  if (failed !== undefined) throw failed;
}

/** The body in pieces of exactly `chunkBytes`, but for the last. Nothing is copied that comes in such pieces. */
async function* inChunks(body: Body): AsyncGenerator<Uint8Array> {
  let left = bodySize(body);
  let chunk: Uint8Array | undefined;
  let filled = 0;
  for await (const bytes of bodySlice(body)) {
    for (let offset = 0; offset < bytes.length; ) {
      const size = Math.min(left, chunkBytes);
      const part = bytes.subarray(offset, offset + size - filled);
      offset += part.length;
      if (part.length < size) {
        chunk ??= new Uint8Array(size);
        chunk.set(part, filled);
        filled += part.length;
        if (filled < size) continue;
      }
      yield chunk ?? part;
      left -= size;
      chunk = undefined;
      filled = 0;
    }
  }
}

function removedMeanwhile({ operation, key }: Attempt): TrunksError {
  const text = `${operation} ${key}: it took so long that what was written was removed as abandoned`;
  return new TrunksError("UNAVAILABLE", text, { retryable: true });
}
