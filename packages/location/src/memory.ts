import type { Backend } from "@trunks/core";
import { MemoryBackend } from "@trunks/core/memory";

const stores = new Map<string, MemoryBackend>();

export const schemes = ["memory"];

/** Opens a store in this process's memory: the same URL, the same store, for as long as the process lives. */
export async function openBackend(url: URL): Promise<Backend> {
  const store = stores.get(url.href) ?? new MemoryBackend();
  stores.set(url.href, store);
  // A client of its own, so that closing one leaves the others open.
  return new MemoryBackend({ storeOf: store });
}
