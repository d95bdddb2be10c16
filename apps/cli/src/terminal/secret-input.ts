import { text as readText } from "node:stream/consumers";
import { type Arguments, UsageError } from "../arguments.ts";
import { askSecret, isAttended } from "./ask.ts";

/**
 * The values of those options that were given. What is `-` is asked for on a terminal, and otherwise read from standard
 * input, a line each, in the order of `names`.
 */
export async function givenSecrets(args: Arguments, names: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const given = names.filter((name) => args.text(name) !== undefined);
  const hidden = given.filter((name) => args.text(name) === "-");
  const lines = hidden.length === 0 || isAttended() ? [] : (await readText(process.stdin)).split(/\r?\n/);
  const values = new Map<string, string>();
  for (const name of given) {
    const value = args.text(name) === "-" ? await hiddenValue(name, lines) : args.text(name);
    if (!value) throw new UsageError(`--${name} is empty`, "standard input holds the secrets, one a line");
    values.set(name, value);
  }
  return values;
}

async function hiddenValue(name: string, lines: string[]): Promise<string | undefined> {
  return isAttended() ? askSecret(`${name} (not shown): `) : lines.shift();
}
