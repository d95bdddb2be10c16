import { type ByteRange, bytesContent, type Content, type ListOptions, resolveRange } from "@trunks/core";
import type { World } from "./world.ts";

/** How long what is retired stays, in simulated milliseconds. */
export const graceMs = 60_000;

interface Stored {
  readonly bytes: Uint8Array;
  readonly createdMs: number;
  readonly modifiedMs: number;
  /** Parts of the bytes that somebody has asked for, by where they begin and end. */
  readonly parts: Map<string, Uint8Array>;
}

/** The store itself: what its clients do to it happens at one moment each, as in a store that keeps its promises. */
export class SimulatedStore {
  readonly keys = new Map<string, Stored>();
  /** Called after every change of a key; throws when that broke something. */
  onChange: (key: string) => void = () => {};
  readonly #world: World;
  readonly #copies: boolean;
  /** All keys, in order. */
  readonly #sorted: string[] = [];

  /** With `copies` each answer has bytes of its own, as from a store that is far away; else they are the same for everyone. */
  constructor(world: World, copies: boolean) {
    this.#world = world;
    this.#copies = copies;
  }

  get nowMs(): number {
    return this.#world.nowMs;
  }

  create(key: string, bytes: Uint8Array): boolean {
    if (this.keys.has(key)) return false;
    this.put(key, bytes);
    return true;
  }

  get(key: string, range?: ByteRange): Content | undefined {
    const stored = this.keys.get(key);
    if (stored === undefined) return undefined;
    const { start, end } = resolveRange(range, stored.bytes.length);
    return bytesContent(this.#part(stored, start, end), stored.bytes.length);
  }

  put(key: string, bytes: Uint8Array): void {
    const { nowMs } = this.#world;
    const { createdMs } = this.keys.get(key) ?? {};
    if (createdMs === undefined) this.#sorted.splice(this.#place(key), 0, key);
    this.keys.set(key, { bytes, createdMs: createdMs ?? nowMs, modifiedMs: nowMs, parts: new Map() });
    this.onChange(key);
  }

  delete(keys: readonly string[]): void {
    for (const key of keys) {
      if (!this.keys.delete(key)) continue;
      this.#sorted.splice(this.#place(key), 1);
      this.onChange(key);
    }
  }

  list(prefix: string, { after = "", limit = 1000 }: ListOptions, delayMs: number) {
    const latestMs = this.#world.nowMs - delayMs;
    const keys: { readonly key: string; readonly size: number; readonly modifiedMs: number }[] = [];
    for (let at = this.#place(after < prefix ? prefix : after); at < this.#sorted.length; at++) {
      const key = this.#sorted[at] as string;
      if (!key.startsWith(prefix)) break;
      const { bytes, createdMs, modifiedMs } = this.keys.get(key) as Stored;
      if (createdMs > latestMs || key === after) continue;
      if (keys.length === limit) return { keys, more: true };
      keys.push({ key, size: bytes.length, modifiedMs });
    }
    return { keys, more: false };
  }

  #part({ bytes, parts }: Stored, start: number, end: number): Uint8Array {
    if (this.#copies) return bytes.slice(start, end);
    if (start === 0 && end === bytes.length) return bytes;
    const name = `${start}-${end}`;
    const part = parts.get(name) ?? bytes.slice(start, end);
    parts.set(name, part);
    return part;
  }

  /** Where the key stands among all keys, or would. */
  #place(key: string): number {
    let least = 0;
    let end = this.#sorted.length;
    while (least < end) {
      const middle = (least + end) >> 1;
      if ((this.#sorted[middle] as string) < key) least = middle + 1;
      else end = middle;
    }
    return least;
  }
}
