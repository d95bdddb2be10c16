import type { Backend, ByteRange, Content } from "@trunks/core";
import { streamContent } from "@trunks/core";
import { MemoryBackend } from "@trunks/core/memory";

export const text = (value: string): Uint8Array => new TextEncoder().encode(value);

/** The text under `key`, or undefined. */
export async function readText(backend: Backend, key: string, range?: ByteRange): Promise<string | undefined> {
  const content = await backend.get(key, { range });
  return content && new TextDecoder().decode(await content.bytes());
}

/** The same, chunk by chunk. */
export async function streamText(backend: Backend, key: string, range?: ByteRange): Promise<string | undefined> {
  const content = await backend.get(key, { range });
  if (content === undefined) return undefined;
  const decoder = new TextDecoder();
  let read = "";
  for await (const chunk of content) read += decoder.decode(chunk, { stream: true });
  return read;
}

/** A memory backend that streams its bodies in chunks of `chunkSizeBytes`, as a network does. */
export class StreamingMemoryBackend extends MemoryBackend {
  readonly #chunkSizeBytes: number;
  cancelled = 0;

  constructor(chunkSizeBytes: number) {
    super();
    this.#chunkSizeBytes = chunkSizeBytes;
  }

  override async get(...parameters: Parameters<Backend["get"]>): Promise<Content | undefined> {
    const content = await super.get(...parameters);
    if (content === undefined) return undefined;
    const bytes = await content.bytes();
    const size = this.#chunkSizeBytes;
    async function* chunks() {
      for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size);
    }
    const stream = streamContent(chunks(), content.size, content.totalSize);
    const cancel = async () => {
      this.cancelled += 1;
      await stream.cancel();
    };
    return { ...stream, cancel };
  }
}
