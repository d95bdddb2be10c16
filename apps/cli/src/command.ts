import type { Arguments } from "./arguments.ts";
import type { Output } from "./terminal/output.ts";

/** An option of a command, as help and parser see it. */
export interface OptionSpec {
  /** What stands for its value in help: `NAME`. Absent: the option is a flag. */
  readonly value?: string;
  /** What it means when it is given without a value; then one is given with `=` alone: `--mirror=lagging`. */
  readonly fallback?: string;
  /** A letter that stands for it behind a single dash. */
  readonly short?: string;
  /** May be given several times. Default false. */
  readonly multiple?: boolean;
  readonly help: string;
}

/** One command: a file of `commands/`, imported when it runs. */
export interface Command {
  /** What may follow the command's name, one line for each way: `[--name NAME]`. */
  readonly usage: readonly string[];
  /** Paragraphs below the summary in its help. */
  readonly description?: readonly string[];
  /** By name, without the dashes. */
  readonly options?: Readonly<Record<string, OptionSpec>>;
  /** How many words may follow that are no options. Default none. */
  readonly words?: { readonly least: number; readonly most: number };
  /** Everything that follows is git's, but for `--json` and a first `--help`. Default false. */
  readonly passThrough?: boolean;
  /** Answers the exit status. Throws what `main` then tells the user. */
  run(context: Context): Promise<number>;
}

/** A command before it is imported. */
export interface CatalogEntry {
  /** One or two words: `status`, `storage add`. Empty: what runs when no command is named. */
  readonly name: string;
  readonly summary: string;
  load(): Promise<{ readonly command: Command }>;
}

/** What a command works with. */
export interface Context {
  readonly arguments: Arguments;
  readonly output: Output;
  /** Tell requests and stack traces. */
  readonly verbose: boolean;
  /** All commands, for those that speak of the others. */
  readonly catalog: readonly CatalogEntry[];
  /** Raised when the user interrupts. */
  readonly signal: AbortSignal;
}

/** Exit statuses; git's own are passed on by the commands that run git. */
export const exitStatus = { ok: 0, failure: 1, usage: 2, interrupted: 130 } as const;

export const listOptions: Readonly<Record<string, OptionSpec>> = {
  limit: { value: "N", help: "show at most so many (default 100)" },
  offset: { value: "N", help: "leave out so many first (default 0)" },
};
