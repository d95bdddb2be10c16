import type { ReadRecord } from "./slots.ts";

const maxRecords = 4096;
/** Inline packs of all kept records, in bytes. */
const maxPacksSizeBytes = 64 * 2 ** 20;

/** The newest records that a long-lived reader has met, without a gap; the oldest go when they become too many. */
export class RecentRecords {
  #records: readonly ReadRecord[] = [];

  /** Oldest first. */
  get all(): readonly ReadRecord[] {
    return this.#records;
  }

  /** Takes records that follow one another. When they do not follow what is here, that is forgotten. */
  add(records: readonly ReadRecord[]): void {
    const [first] = records;
    if (first === undefined) return;
    const follows = this.#records.at(-1)?.digest === first.record.previous;
    const all = follows ? [...this.#records, ...records] : records;
    this.#records = all.slice(firstKept(all));
  }
}

function firstKept(records: readonly ReadRecord[]): number {
  let sizeBytes = 0;
  const least = Math.max(0, records.length - maxRecords);
  for (let index = records.length - 1; index >= least; index--) {
    sizeBytes += records[index]?.pack?.length ?? 0;
    if (sizeBytes > maxPacksSizeBytes) return index + 1;
  }
  return least;
}
