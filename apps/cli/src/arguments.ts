import { parseArgs } from "node:util";
import { TrunksError } from "@trunks/core";
import type { Command, OptionSpec } from "./command.ts";

/** Options that every command takes. */
export const commonOptions: Readonly<Record<string, OptionSpec>> = {
  json: { help: "print one JSON document on standard output, errors too" },
  verbose: { help: "tell each request, and where an error comes from" },
  help: { short: "h", help: "show this help" },
};

/** The command line is wrong. Ends with the status for usage. */
export class UsageError extends TrunksError {
  constructor(message: string, hint?: string) {
    super("INVALID_ARGUMENT", message, { hint });
  }
}

/** What was given on the command line. Asking for an option that the command does not declare is a fault of the command. */
export class Arguments {
  /** What is no option, in order; for a command that passes through, everything. */
  readonly words: readonly string[];
  readonly #values: Readonly<Record<string, readonly string[] | undefined>>;
  readonly #declared: Readonly<Record<string, OptionSpec>>;

  constructor(
    words: readonly string[],
    values: Readonly<Record<string, readonly string[] | undefined>> = {},
    declared: Readonly<Record<string, OptionSpec>> = commonOptions,
  ) {
    this.words = words;
    this.#values = values;
    this.#declared = declared;
  }

  flag(name: string): boolean {
    return this.#given(name) !== undefined;
  }

  text(name: string): string | undefined {
    return this.#given(name)?.at(-1);
  }

  texts(name: string): readonly string[] {
    return this.#given(name) ?? [];
  }

  /** A whole number from 0 on. Throws `UsageError` for anything else. */
  number(name: string): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    if (/^[0-9]{1,9}$/.test(text)) return Number(text);
    throw new UsageError(`--${name} takes a number, not ${JSON.stringify(text)}`);
  }

  /** The same, completed by answers to questions, and without words. */
  with(answers: Readonly<Record<string, string | undefined>>): Arguments {
    const given = Object.entries(answers).flatMap(([name, value]) => (value === undefined ? [] : [[name, [value]]]));
    return new Arguments([], { ...this.#values, ...Object.fromEntries(given) }, this.#declared);
  }

  #given(name: string): readonly string[] | undefined {
    if (!Object.hasOwn(this.#declared, name)) throw new TrunksError("INTERNAL", `--${name} is not declared`);
    return this.#values[name];
  }
}

/** Reads what follows a command's name. Throws `UsageError`. */
export function parseArguments(command: Command, args: readonly string[]): Arguments {
  if (command.passThrough) return passThrough(args);
  const declared = { ...commonOptions, ...command.options };
  const options = Object.fromEntries(
    Object.entries(declared).map(([name, { value, short }]) => [
      name,
      {
        type: value === undefined ? ("boolean" as const) : ("string" as const),
        multiple: true as const,
        ...(short !== undefined && { short }),
      },
    ]),
  );
  let parsed: { values: Record<string, unknown>; positionals: string[] };
  try {
    parsed = parseArgs({ args: withFallbacks(args, declared), options, allowPositionals: true });
  } catch (error) {
    // The first sentence says what is wrong; the rest is advice for other programs.
    throw new UsageError((error as Error).message.split(". ")[0] as string);
  }
  const values = Object.fromEntries(
    Object.entries(parsed.values).map(([name, given]) => [name, (given as unknown[]).map(String)]),
  );
  const result = new Arguments(parsed.positionals, values, declared);
  checkOnce(declared, values);
  // Whoever asks for help need not know what else is required.
  if (!result.flag("help")) checkWords(command, parsed.positionals);
  return result;
}

/** Gives options that were named without a value the one that they then mean. */
function withFallbacks(args: readonly string[], declared: Readonly<Record<string, OptionSpec>>): string[] {
  const end = args.includes("--") ? args.indexOf("--") : args.length;
  return args.map((arg, index) => {
    const fallback = index < end ? declared[arg.replace(/^--/, "")]?.fallback : undefined;
    return fallback === undefined || !arg.startsWith("--") ? arg : `${arg}=${fallback}`;
  });
}

function passThrough(args: readonly string[]): Arguments {
  if (args[0] === "--help" || args[0] === "-h") return new Arguments([], { help: ["true"] });
  const end = args.includes("--") ? args.indexOf("--") : args.length;
  const words = args.filter((word, index) => index >= end || word !== "--json");
  return new Arguments(words, words.length < args.length ? { json: ["true"] } : {});
}

function checkOnce(declared: Readonly<Record<string, OptionSpec>>, values: Record<string, string[]>): void {
  for (const [name, given] of Object.entries(values)) {
    const { value, multiple } = declared[name] as OptionSpec;
    if (given.length > 1 && value !== undefined && !multiple) throw new UsageError(`--${name} was given twice`);
  }
}

function checkWords(command: Command, words: readonly string[]): void {
  const { least, most } = command.words ?? { least: 0, most: 0 };
  if (words.length > most) throw new UsageError(`too much: ${JSON.stringify(words[most])}`);
  if (words.length < least) throw new UsageError("something is missing");
}
