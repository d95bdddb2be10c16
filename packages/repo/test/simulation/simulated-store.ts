import type { ListOptions } from "@trunks/core";
import type { World } from "./world.ts";

/** How long what is retired stays, in simulated milliseconds. */
export const graceMs = 60_000;

interface Stored {
  readonly bytes: Uint8Array;
  readonly createdMs: number;
  readonly modifiedMs: number;
}

/** The store itself: what its clients do to it happens at one moment each, as in a store that keeps its promises. */
export class SimulatedStore {
  readonly keys = new Map<string, Stored>();
  /** Called after every change of a key; throws when that broke something. */
  onChange: (key: string) => void = () => {};
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  get nowMs(): number {
    return this.#world.nowMs;
  }

  create(key: string, bytes: Uint8Array): boolean {
    if (this.keys.has(key)) return false;
    this.put(key, bytes);
    return true;
  }

  put(key: string, bytes: Uint8Array): void {
    const { nowMs } = this.#world;
    this.keys.set(key, { bytes, createdMs: this.keys.get(key)?.createdMs ?? nowMs, modifiedMs: nowMs });
    this.onChange(key);
  }

  delete(keys: readonly string[]): void {
    for (const key of keys) if (this.keys.delete(key)) this.onChange(key);
  }

  list(prefix: string, { after = "", limit = 1000 }: ListOptions, delayMs: number) {
    const latestMs = this.#world.nowMs - delayMs;
    const found: string[] = [];
    for (const [key, { createdMs }] of this.keys) {
      if (createdMs <= latestMs && key > after && key.startsWith(prefix)) found.push(key);
    }
    const keys = found
      .sort()
      .slice(0, limit)
      .map((key) => {
        const { bytes, modifiedMs } = this.keys.get(key) as Stored;
        return { key, size: bytes.length, modifiedMs };
      });
    return { keys, more: found.length > limit };
  }
}
