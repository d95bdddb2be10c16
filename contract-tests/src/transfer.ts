import type { Backend, GetOptions } from "@trunks/core";
import { check, checkBytes } from "./check.ts";

/** Enough to hide a round trip, and what any store stands. */
const concurrency = 32;

/** Runs `work` for each item, a bounded number at once. */
export async function forEach<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < items.length) await work(items[next++] as Item);
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, items.length) }, worker));
}

/** Creates every key with a small body of its own. */
export async function createAll(backend: Backend, keys: readonly string[]): Promise<void> {
  await forEach(keys, async (key) => {
    check(await backend.create(key, smallBody(key)), `create answered false for the absent key ${key}`);
  });
}

/** A body that tells which key it was written under. */
export function smallBody(key: string): Uint8Array {
  return new TextEncoder().encode(`the body of ${key}`);
}

/** The bytes under `key`, or `undefined` when it is absent. */
export async function read(backend: Backend, key: string, options?: GetOptions): Promise<Uint8Array | undefined> {
  const content = await backend.get(key, options);
  return content?.bytes();
}

/** Fails unless `key` holds exactly `expected`. */
export async function checkStored(backend: Backend, key: string, expected: Uint8Array): Promise<void> {
  const content = await backend.get(key);
  check(content !== undefined, `${key} is absent`);
  check(content.size === expected.length, `${key}: size says ${content.size} of ${expected.length} bytes`);
  check(
    content.totalSize === expected.length,
    `${key}: totalSize says ${content.totalSize} of ${expected.length} bytes`,
  );
  checkBytes(await content.bytes(), expected, key);
}

export async function checkAbsent(backend: Backend, key: string): Promise<void> {
  const content = await backend.get(key);
  await content?.cancel();
  check(content === undefined, `${key} is there, and should be absent`);
}
