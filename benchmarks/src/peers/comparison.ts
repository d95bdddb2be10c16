import { Times } from "../measure.ts";
import type { PlottedValue, Row } from "../suite.ts";

/** What was measured of one peer at one operation. */
export class Measured {
  readonly name: string;
  readonly #timesMs: number[] = [];
  #requests = 0;
  #isAtLeast = false;
  #failure: string | undefined;

  constructor(name: string) {
    this.name = name;
  }

  /** `requests`: how many it took. `isAtLeast`: it was ended before it was done. */
  add(timeMs: number, { requests = 0, isAtLeast = false }: { requests?: number; isAtLeast?: boolean } = {}): void {
    this.#timesMs.push(timeMs);
    this.#requests = Math.max(this.#requests, requests);
    this.#isAtLeast ||= isAtLeast;
  }

  /** It could not do this. */
  fail(why: string): void {
    this.#failure = why;
  }

  get medianMs(): number | undefined {
    return this.#failure === undefined && this.#timesMs.length > 0 ? new Times(this.#timesMs).median : undefined;
  }

  get isAtLeast(): boolean {
    return this.#isAtLeast;
  }

  /** Median, spread and the most requests, as `74 ms (70 to 81), 3 requests`. */
  toString(): string {
    const { medianMs } = this;
    if (medianMs === undefined) return this.#failure ?? "–";
    if (this.#isAtLeast) return `not done after ${(medianMs / 1000).toFixed(0)} s${this.#requestText()}`;
    return `${new Times(this.#timesMs)}${this.#requestText()}`;
  }

  #requestText(): string {
    return this.#requests > 0 ? `, ${this.#requests} requests` : "";
  }
}

/**
 * A row that holds the first of those measured against the fastest of the others, and says whether it is so many times as
 * fast as the bar wants. A text for a bar is printed as it is.
 */
export function comparisonRow(what: string, [own, ...others]: readonly Measured[], bar: number | string): Row {
  const all = [own as Measured, ...others];
  const best = others
    .filter(({ medianMs }) => medianMs !== undefined)
    .toSorted((left, right) => (left.medianMs as number) - (right.medianMs as number))[0];
  const ratio = (best?.medianMs ?? Number.NaN) / (own?.medianMs ?? Number.NaN);
  const least = best?.isAtLeast ? "at least " : "";
  const plot = all
    .filter(({ medianMs }) => medianMs !== undefined)
    .map(({ name, medianMs, isAtLeast }): PlottedValue => ({ name, timeMs: medianMs as number, isAtLeast }));
  return {
    what,
    measured: `${own}`,
    beside: others.map((other) => `${other.name}: ${other}`).join("; ") || "–",
    figure: Number.isNaN(ratio) ? "–" : `${least}${ratio.toFixed(ratio < 10 ? 1 : 0)} times as fast as the best`,
    bar: typeof bar === "string" ? bar : `${bar} times: ${judged(ratio, bar, own, best)}`,
    plot,
  };
}

/** Who was ended before it was done may have needed any longer. */
function judged(ratio: number, bar: number, own: Measured | undefined, best: Measured | undefined): string {
  if (Number.isNaN(ratio)) return "nothing to hold it against";
  if (own?.isAtLeast) return "missed";
  if (ratio >= bar) return "met";
  return best?.isAtLeast ? "not known, the others were not waited for" : "missed";
}
