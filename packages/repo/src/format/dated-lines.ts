import { OverlayMap } from "../overlay-map.ts";
import type { LineBlock } from "./headed-file.ts";
import type { LineReader } from "./line-reader.ts";

/** Lines `<field> <slot> <rest>` of a snapshot, in the order in which they came. */
export interface DatedField<Value> {
  readonly field: string;
  /** What a plain `rest` looks like, as the source of a regular expression: nearly all are. `read` accepts each of them. */
  readonly plain: string;
  /** In characters: so much of a plain `rest` is the key. Default: all. */
  readonly keyLength?: number;
  /** The key and the value of a line. */
  read(rest: string, slot: number, reader: LineReader): [string, Value];
  /** The line of a key and its value. */
  line(key: string, value: Value): string;
}

/** In characters: shorter texts are taken apart at once. */
const leastLength = 4096;

/**
 * The dated lines of a snapshot as they stand. There are thousands of them, of which hardly anybody needs more than a few: so each
 * is taken apart when it is asked for, and all are written again as they were read.
 */
export class DatedLines<Value> implements ReadonlyMap<string, Value> {
  readonly #field: DatedField<Value>;
  readonly #text: string;
  /** By key, where its line begins; in the order of the lines. */
  readonly #starts: ReadonlyMap<string, number>;
  readonly #reader: LineReader;

  private constructor(field: DatedField<Value>, text: string, starts: ReadonlyMap<string, number>, reader: LineReader) {
    this.#field = field;
    this.#text = text;
    this.#starts = starts;
    this.#reader = reader;
  }

  /**
   * Takes the next lines of a snapshot of slot `last`. `undefined`, and they stay where they are, when they are few, or one of them is not
   * plainly right: of another form, out of order, or with a key that was there before.
   */
  static read<Value>(field: DatedField<Value>, reader: LineReader, last: number): DatedLines<Value> | undefined {
    return reader.block(field.field, (text) => {
      const starts = text.length < leastLength ? undefined : startsOf(field, text, last);
      return starts && new DatedLines(field, text, starts, reader);
    });
  }

  /** The lines of `values`, in their order; as they were read, so far as they were. */
  static linesOf<Value>(field: DatedField<Value>, values: ReadonlyMap<string, Value>): (string | LineBlock)[] {
    if (values instanceof DatedLines) return [{ text: values.#text }];
    const shift = values instanceof OverlayMap && values.base instanceof DatedLines ? values.shift() : undefined;
    if (shift === undefined) return [...values].map(([key, value]) => field.line(key, value));
    const { base } = values as OverlayMap<string, Value> & { readonly base: DatedLines<Value> };
    const added = [...(shift.added as ReadonlyMap<string, Value>)].map(([key, value]) => field.line(key, value));
    return [{ text: base.#without(shift.removed) }, ...added];
  }

  get size(): number {
    return this.#starts.size;
  }

  get(key: string): Value | undefined {
    const start = this.#starts.get(key);
    return start === undefined ? undefined : this.#valueAt(start);
  }

  has(key: string): boolean {
    return this.#starts.has(key);
  }

  *entries(): Generator<[string, Value], undefined> {
    for (const [key, start] of this.#starts) yield [key, this.#valueAt(start)];
  }

  keys() {
    return this.#starts.keys();
  }

  *values(): Generator<Value, undefined> {
    for (const start of this.#starts.values()) yield this.#valueAt(start);
  }

  [Symbol.iterator](): Generator<[string, Value], undefined> {
    return this.entries();
  }

  forEach(visit: (value: Value, key: string, map: ReadonlyMap<string, Value>) => void): void {
    for (const [key, value] of this.entries()) visit(value, key, this);
  }

  #valueAt(start: number): Value {
    const slotStart = start + this.#field.field.length + 1;
    const slotEnd = this.#text.indexOf(" ", slotStart);
    const rest = this.#text.slice(slotEnd + 1, this.#text.indexOf("\n", slotEnd));
    return this.#field.read(rest, Number(this.#text.slice(slotStart, slotEnd)), this.#reader)[1];
  }

  #without(keys: readonly string[]): string {
    const starts = keys.map((key) => this.#starts.get(key) as number).sort((left, right) => left - right);
    const parts: string[] = [];
    let at = 0;
    for (const start of starts) {
      parts.push(this.#text.slice(at, start));
      at = this.#text.indexOf("\n", start) + 1;
    }
    return [...parts, this.#text.slice(at)].join("");
  }
}

/** By key, where its line begins; `undefined` when a line is not plainly right. */
function startsOf(
  { field, plain, keyLength }: DatedField<unknown>,
  text: string,
  last: number,
): Map<string, number> | undefined {
  const line = new RegExp(`${field} (?:0|[1-9][0-9]{0,14}) (?:${plain})\\n`, "y");
  const starts = new Map<string, number>();
  let [count, before, beforeText] = [0, 0, " "];
  for (let at = 0; at < text.length; at = line.lastIndex) {
    line.lastIndex = at;
    if (!line.test(text)) return undefined;
    const slotStart = at + field.length + 1;
    // Many come with one record.
    if (!text.startsWith(beforeText, slotStart)) {
      beforeText = text.slice(slotStart, text.indexOf(" ", slotStart) + 1);
      const slot = Number(beforeText);
      if (slot < before || slot > last) return undefined;
      before = slot;
    }
    const start = slotStart + beforeText.length;
    starts.set(text.slice(start, keyLength === undefined ? line.lastIndex - 1 : start + keyLength), at);
    count++;
  }
  return starts.size === count ? starts : undefined;
}
