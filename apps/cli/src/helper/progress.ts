/** Tells about long work on standard error in git's own style. Says nothing unless git asked for progress. */
export class Progress {
  readonly #title: string;
  readonly #total: number;
  readonly #shown: boolean;
  readonly #startMs = Date.now();
  #done = 0;
  #lastMs = Date.now();
  #printed = false;

  /** `total` is in bytes. */
  constructor(title: string, total: number, shown: boolean) {
    this.#title = title;
    this.#total = total;
    this.#shown = shown;
  }

  add(bytes: number): void {
    this.#done += bytes;
    const nowMs = Date.now();
    if (!this.#shown || nowMs - this.#lastMs < 200) return;
    this.#lastMs = nowMs;
    this.#print("\r");
  }

  /** Ends the line, if one was begun. */
  end(): void {
    if (this.#printed) this.#print(", done.\n");
  }

  #print(end: string): void {
    this.#printed = true;
    const percent = this.#total === 0 ? 100 : Math.floor((this.#done / this.#total) * 100);
    const seconds = Math.max(0.001, (Date.now() - this.#startMs) / 1000);
    const rate = `${mebibytes(this.#done)} MiB | ${mebibytes(this.#done / seconds)} MiB/s`;
    process.stderr.write(`${this.#title}: ${String(percent).padStart(3)}% (${rate})${end}`);
  }
}

function mebibytes(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(2);
}
