import { abortedError, bodySize, bytesBody } from "@trunks/core";
import { chunkBytes, writeInChunks } from "./chunks.ts";
import { removeContent } from "./removal.ts";
import type { PostgresStore } from "./store.ts";
import { visibleAttempt, type Write } from "./write.ts";

/** Writes the body: true when it was written, false when `ifAbsent` and the key was taken. */
export async function writeBody(store: PostgresStore, write: Write): Promise<boolean> {
  if (bodySize(write.body) > chunkBytes) return await writeInChunks(store, write);
  const { ifAbsent, signal } = write;
  const bytes = await bytesBody(write.body);
  if (signal?.aborted) throw abortedError(signal);
  const key = store.options.keyPrefix + write.key;
  const attempt = visibleAttempt(write);
  if (ifAbsent) return (await store.write(store.statements.create(key, bytes), attempt)).rowCount === 1;
  const { rows } = await store.write(store.statements.put(key, bytes), attempt);
  removeContent(store, rows[0]?.replaced);
  return true;
}
