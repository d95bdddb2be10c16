import { checkKey } from "@trunks/core";
import { damaged } from "./headed-file.ts";
import { isSlot } from "./slot.ts";
import { encodeText } from "./text.ts";

/** In bytes. */
const maxTextLength = 64 * 1024;

/** Takes the lines of a header one after the other, each as a field and its value. */
export class LineReader {
  readonly #text: string;
  /** The file's key, for messages. */
  readonly key: string;
  /** Where the next line begins. */
  #at = 0;

  /** `text` is whole lines, each with its end. */
  constructor(text: string, key: string) {
    this.#text = text;
    this.key = key;
  }

  /** The value of the next line when its field is `field`; `undefined` leaves the line where it is. */
  optional(field: string): string | undefined {
    const start = this.#at + field.length + 1;
    if (!this.#text.startsWith(field, this.#at) || this.#text[start - 1] !== " ") return undefined;
    const end = this.#text.indexOf("\n", start);
    this.#at = end + 1;
    return this.#text.slice(start, end);
  }

  required(field: string): string {
    return this.optional(field) ?? this.fail(`it has ${this.#next()} in place of "${field}"`);
  }

  /**
   * What `read` makes of all lines from the next one, whose field must be `field`, to the last one of that field: they come as
   * they stand, each with its end. `undefined`, of `read` too, leaves them where they are.
   */
  block<Value>(field: string, read: (text: string) => Value | undefined): Value | undefined {
    if (!this.#text.startsWith(`${field} `, this.#at)) return undefined;
    const last = Math.max(this.#at, this.#text.lastIndexOf(`\n${field} `) + 1);
    const end = this.#text.indexOf("\n", last) + 1;
    const value = read(this.#text.slice(this.#at, end));
    if (value !== undefined) this.#at = end;
    return value;
  }

  /** The values of all next lines whose field is `field`. */
  many(field: string): string[] {
    const values: string[] = [];
    for (let value = this.optional(field); value !== undefined; value = this.optional(field)) values.push(value);
    return values;
  }

  /** Whether the next line is the bare word `field`. */
  flag(field: string): boolean {
    const found = this.#text.startsWith(`${field}\n`, this.#at);
    if (found) this.#at += field.length + 1;
    return found;
  }

  get done(): boolean {
    return this.#at === this.#text.length;
  }

  end(): void {
    if (!this.done) this.fail(`it has an unexpected line ${this.#next()}`);
  }

  /** How the next line begins, for messages. */
  #next(): string {
    return this.done ? "nothing" : JSON.stringify(this.#text.slice(this.#at, this.#at + 40).split("\n", 1)[0]);
  }

  fail(reason: string): never {
    throw damaged(this.key, reason);
  }

  /** Splits a value into exactly `count` fields; the last one may hold spaces. */
  fields(value: string, count: number): string[] {
    const fields: string[] = [];
    let rest = value;
    for (let index = 1; index < count; index++) {
      const space = rest.indexOf(" ");
      if (space === -1) this.fail(`a line has fewer than ${count} fields`);
      fields.push(rest.slice(0, space));
      rest = rest.slice(space + 1);
    }
    return [...fields, rest];
  }

  /** A number, `least` or more. */
  number(text: string, least = 0): number {
    const value = Number(text);
    // What is no plain number is not written as it stands here, and neither is one that has lost digits.
    if (`${value}` !== text || !Number.isSafeInteger(value) || value < least)
      this.fail(`${JSON.stringify(text.slice(0, 40))} is no number here`);
    return value;
  }

  /** A slot; with `least` -1 also "none". */
  slot(text: string, least: -1 | 0 = 0): number {
    const value = this.number(text, least);
    return value === -1 || isSlot(value) ? value : this.fail(`there is no slot ${text}`);
  }

  digest(text: string): string {
    return /^[0-9a-f]{64}$/.test(text) ? text : this.fail(`${JSON.stringify(text.slice(0, 70))} is no digest`);
  }

  id(text: string): string {
    return /^[0-9a-f]{32}$/.test(text) ? text : this.fail(`${JSON.stringify(text.slice(0, 40))} is no id`);
  }

  /** Free text of bounded length. */
  text(text: string): string {
    if (text.length > maxTextLength / 3 && encodeText(text).length > maxTextLength)
      this.fail(`a text is longer than ${maxTextLength} bytes`);
    return text;
  }

  /** A key that a store can hold. */
  storeKey(text: string): string {
    try {
      checkKey(text);
      return text;
    } catch {
      return this.fail(`${JSON.stringify(text.slice(0, 80))} is no key`);
    }
  }
}
