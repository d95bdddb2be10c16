import { recordKey, recordKeySlot } from "../../src/format/key.ts";
import type { Code } from "./code.ts";
import type { Commits } from "./commits.ts";
import { Holdings } from "./holdings.ts";
import { SimulatedStore } from "./simulated-store.ts";
import { type Truth, Violation } from "./truth.ts";
import type { World } from "./world.ts";

/**
 * A mirror's store, held against the primary's journal, which alone decides: each slot has the primary's record, after the primary had
 * it and in order, and whatever the refs of its newest slot reach is whole in this store. From the slot behind its promotion on
 * its own journal is the one that decides, and no other store's.
 */
export class MirrorTruth {
  readonly name: string;
  readonly store: SimulatedStore;
  /** The newest slot that the mirror has. */
  slot = -1;
  readonly #code: Code;
  readonly #truth: Truth;
  readonly #holdings: Holdings;
  /** While the first copy is under way it is no trunk yet. */
  #isMirror = false;

  constructor(name: string, code: Code, commits: Commits, world: World, truth: Truth) {
    this.name = name;
    this.#code = code;
    this.#truth = truth;
    this.store = new SimulatedStore(world, false);
    this.#holdings = new Holdings(code, commits, this.store);
    this.store.onChange = (key) => this.#changed(key);
  }

  /** To be called when the first copy was made. */
  begin(): void {
    this.#isMirror = true;
    while (this.#digest(this.slot + 1) !== undefined) this.slot++;
  }

  #changed(key: string): void {
    const slot = recordKeySlot(key);
    if (slot !== undefined) this.#checkSlot(slot);
    if (!this.#isMirror) return;
    const state = this.#truth.states[this.slot];
    const lack = state && this.#holdings.lack(state, key);
    if (lack !== undefined) throw new Violation(`in ${this.name}, of slot ${this.slot}: ${lack}`);
  }

  #checkSlot(slot: number): void {
    const digest = this.#digest(slot);
    if (digest === undefined) throw new Violation(`${this.name} has lost slot ${slot}`);
    if (this.#isMirror && slot > this.#truth.slot && this.#truth.primary === this.name) this.#fill(slot);
    if (digest !== this.#truth.digest(slot)) throw new Violation(`${this.name} has another record in slot ${slot}`);
    if (!this.#isMirror || slot <= this.slot) return;
    if (slot !== this.slot + 1) throw new Violation(`${this.name} has a hole before slot ${slot}`);
    this.slot = slot;
  }

  /** It was made the primary, so that its own journal decides. */
  #fill(slot: number): void {
    const bytes = this.store.keys.get(recordKey(slot))?.bytes as Uint8Array;
    this.#truth.fill(slot, bytes, this.name, this.store);
  }

  #digest(slot: number): string | undefined {
    const stored = this.store.keys.get(recordKey(slot));
    const content = stored && this.#code.decodeSlot(stored.bytes, slot);
    return content?.kind === "stub" ? content.recordDigest : content?.digest;
  }
}
