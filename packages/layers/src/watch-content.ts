import type { Content } from "@trunks/core";

/** What a layer wants to know of a body on its way to the reader. */
export interface ContentWatcher {
  /** Called with each chunk, or with all bytes at once, before the reader has them; the reader waits for it. */
  chunk?(chunk: Uint8Array): void | Promise<void>;
  /**
   * Called once: when the body was read to its end, when the reader gave up the rest, or with what broke it. The reader
   * waits for it.
   */
  end?(outcome: "read" | "cancelled" | { readonly error: unknown }): void | Promise<void>;
}

/** The same content, watched. */
export function watchContent(content: Content, watcher: ContentWatcher): Content {
  let ended = false;
  async function end(outcome: Parameters<NonNullable<ContentWatcher["end"]>>[0]): Promise<void> {
    if (ended) return;
    ended = true;
    await watcher.end?.(outcome);
  }
  async function* chunks(): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of content) {
        await watcher.chunk?.(chunk);
        yield chunk;
      }
      await end("read");
    } catch (error) {
      await end({ error });
      throw error;
    } finally {
      // Reached without one of the two above when the reader left the loop.
      await end("cancelled");
    }
  }
  return {
    totalSize: content.totalSize,
    size: content.size,
    // Not by way of the chunks: what is wrapped may know better, for instance to begin again when it breaks.
    async bytes() {
      try {
        const bytes = await content.bytes();
        await watcher.chunk?.(bytes);
        await end("read");
        return bytes;
      } catch (error) {
        await end({ error });
        throw error;
      }
    },
    async cancel() {
      await content.cancel();
      await end("cancelled");
    },
    [Symbol.asyncIterator]: chunks,
  };
}
