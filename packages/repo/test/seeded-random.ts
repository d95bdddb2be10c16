/** Numbers that look random and come again with the same seed (mulberry32). */
export class SeededRandom {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** 0 up to, not including, 1. */
  fraction(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  chance(probability: number): boolean {
    return this.fraction() < probability;
  }

  /** An integer from `least` up to, not including, `end`. */
  between(least: number, end: number): number {
    return least + Math.floor(this.fraction() * (end - least));
  }

  pick<Item>(items: readonly Item[]): Item {
    return items[this.between(0, items.length)] as Item;
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.between(0, 256));
  }

  hex(digits: number): string {
    let text = "";
    for (let count = 0; count < digits; count++) text += "0123456789abcdef"[this.between(0, 16)];
    return text;
  }
}
