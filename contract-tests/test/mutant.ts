import { type BackendMethods, type Body, bytesBody, type ListPage, replaceMethods } from "@trunks/core";
import { MemoryBackend } from "@trunks/core/memory";
import type { ContractNeeds, OpenBackend } from "../src/index.ts";
import { turns } from "../src/turn.ts";

/** What one client of a mutant does otherwise than the memory backend it wraps. */
export type Mutation = (memory: MemoryBackend) => Partial<BackendMethods>;

/** A memory backend with one fault, and the case that must find it. */
export interface Mutant {
  readonly name: string;
  readonly caughtBy: string;
  /** Called once a store, so that its clients can share state. */
  mutate(): Mutation;
  readonly needs?: ContractNeeds;
}

/** Opens clients of one mutated store. */
export function openMutant(mutant: Mutant): OpenBackend {
  const store = new MemoryBackend();
  const mutation = mutant.mutate();
  return async () => {
    const memory = new MemoryBackend({ storeOf: store });
    return { ...replaceMethods(memory, mutation(memory)), name: "mutant" };
  };
}

export async function has(memory: MemoryBackend, key: string): Promise<boolean> {
  return (await memory.get(key)) !== undefined;
}

/** All keys under `prefix` on one page of any length. */
export function listWhole(memory: MemoryBackend, prefix = ""): Promise<ListPage> {
  return memory.list(prefix, { limit: Number.POSITIVE_INFINITY });
}

/** The folder of a key, with its slash. */
export function folderOf(key: string): string {
  return key.slice(0, key.lastIndexOf("/") + 1);
}

/** Shows half a body before it shows the whole. */
export async function writeHalves(memory: MemoryBackend, key: string, body: Body): Promise<void> {
  const bytes = await bytesBody(body);
  await memory.put(key, bytes.subarray(0, bytes.length / 2));
  await turns(1);
  await memory.put(key, bytes);
}
