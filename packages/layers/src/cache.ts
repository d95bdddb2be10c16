import { type Backend, replaceMethods } from "@trunks/core";
import { CacheFolder, type CacheFolderOptions } from "./cache-folder.ts";

export interface CacheOptions extends CacheFolderOptions {
  /** Says of a key that its bytes never change, or that old ones still serve. Others are not kept. */
  readonly cacheable: (key: string) => boolean;
}

/**
 * Keeps bodies on the local disk once they were read whole, and answers later reads, whole or by range, from there.
 * Absence is never kept. What a write through this layer changes is dropped; what others change is not noticed: an entry
 * may be stale, but it was true once. Journal records bear that: a stub says less than the record that it replaced.
 *
 * Any number of processes share a folder without locks: an entry appears at once by renaming and is never changed. Each
 * read is checked against digests in the entry, and a damaged entry is dropped and read from the store again. Whatever
 * goes wrong with the disk, full included, costs speed and never fails a read. The least recently read entries go first.
 */
export function cache(backend: Backend, options: CacheOptions): Backend {
  const entries = new CacheFolder(options);
  const { cacheable } = options;
  let closed = false;

  async function dropAfter<Answer>(keys: readonly string[], write: Promise<Answer>): Promise<Answer> {
    try {
      return await write;
    } finally {
      // After a failure too: what was written is not known then.
      for (const key of keys) if (cacheable(key)) await entries.drop(key);
    }
  }

  return replaceMethods(backend, {
    async get(key, getOptions = {}) {
      if (!cacheable(key)) return await backend.get(key, getOptions);
      const { range, signal } = getOptions;
      if (closed || signal?.aborted) return await backend.get(key, getOptions);
      const kept = await entries.read(key, range);
      if (kept !== undefined) return kept;
      const content = await backend.get(key, getOptions);
      return content && entries.keepWhenRead(key, content);
    },
    create: (key, body, requestOptions) => dropAfter([key], backend.create(key, body, requestOptions)),
    put: (key, body, requestOptions) => dropAfter([key], backend.put(key, body, requestOptions)),
    delete: (keys, requestOptions) => dropAfter(keys, backend.delete(keys, requestOptions)),
    async close() {
      closed = true;
      await backend.close();
    },
  });
}
