import { styleText } from "node:util";
import { listPage } from "@trunks/sdk/list-answer";
import type { Arguments } from "../arguments.ts";

type Colour = "green" | "red" | "yellow" | "dim" | "bold";

/**
 * What the user sees. Standard output holds the answer: text, or with `--json` exactly one document. Notes and progress go
 * to standard error. Colours appear on terminals only, and not where `NO_COLOR` is set.
 */
export class Output {
  readonly json: boolean;

  constructor(json: boolean) {
    this.json = json;
  }

  /** The answer: `value` as JSON, or `text`. */
  answer(value: object, text: string | readonly string[]): void {
    const lines = typeof text === "string" ? [text] : text;
    process.stdout.write(
      this.json ? `${JSON.stringify(value, undefined, 2)}\n` : lines.map((line) => `${line}\n`).join(""),
    );
  }

  /** A page of a list, as the options `--limit` and `--offset` want it; `cells` makes the columns of a row. */
  list<Item extends object>(
    items: readonly Item[],
    args: Arguments,
    cells: (item: Item) => readonly string[],
    none: string,
  ): void {
    const page = listPage(items, { limit: args.number("limit") ?? 100, offset: args.number("offset") });
    const { data, offset, has_more: more } = page;
    this.answer(page, items.length === 0 ? none : table(data.map(cells)));
    if (more) this.note(`${items.length - offset - data.length} more: --offset ${offset + data.length}`);
  }

  /** Something beside the answer, on standard error. */
  note(line: string): void {
    process.stderr.write(`${line}\n`);
  }

  colour(colour: Colour, text: string): string {
    return this.json ? text : styleText(colour, text, { stream: process.stdout });
  }

  /** Whether progress may be shown. */
  get live(): boolean {
    return !this.json && process.stderr.isTTY === true;
  }
}

/** Rows with their columns below one another; colours do not count for the width. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, visibleLength(cell));
  }
  return rows.map((row) =>
    row
      .map((cell, column) => cell + " ".repeat((widths[column] as number) - visibleLength(cell)))
      .join("  ")
      .trimEnd(),
  );
}

function visibleLength(text: string): number {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are control sequences
  return text.replace(/\u001b\[[0-9;]*m/g, "").length;
}
