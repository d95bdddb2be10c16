import { TrunksError } from "@trunks/core";
import { parseArguments, UsageError } from "./arguments.ts";
import { catalog } from "./catalog.ts";
import { type CatalogEntry, exitStatus } from "./command.ts";
import { tellFailure } from "./failure.ts";
import { hideExposedSecrets } from "./storage/exposed-secrets.ts";
import { commandHelp, overview } from "./terminal/help.ts";
import { Output } from "./terminal/output.ts";

/** `trunks`. Answers the exit status. */
export async function main(args: readonly string[]): Promise<number> {
  // Known before the rest is understood, so that a wrong command line is told in the right form as well.
  const options = args.slice(0, args.includes("--") ? args.indexOf("--") : args.length);
  const output = new Output(options.includes("--json"));
  const verbose = options.includes("--verbose");
  process.stdout.on("error", leaveQuietly);
  const warning = hideExposedSecrets(args);
  if (warning !== undefined) output.note(warning);
  try {
    return await run(args, output, verbose);
  } catch (error) {
    return tellFailure(error, output, verbose);
  }
}

async function run(args: readonly string[], output: Output, verbose: boolean): Promise<number> {
  const topLevel = topLevelAnswer(args, output);
  if (topLevel !== undefined) return topLevel;
  const { entry, rest } = findCommand(args);
  const { command } = await entry.load();
  const parsed = helpfully(entry, () => parseArguments(command, rest));
  if (parsed.flag("help")) {
    const lines = commandHelp(entry, command);
    output.answer({ object: "help", text: lines.join("\n") }, lines);
    return exitStatus.ok;
  }
  const interrupt = new AbortController();
  const stop = () => interrupt.abort(new TrunksError("ABORTED", "interrupted"));
  process.once("SIGINT", stop).once("SIGTERM", stop);
  try {
    return await command.run({ arguments: parsed, output, verbose, catalog, signal: interrupt.signal });
  } catch (error) {
    return helpfully(entry, () => {
      throw error;
    });
  } finally {
    process.off("SIGINT", stop).off("SIGTERM", stop);
  }
}

function topLevelAnswer(args: readonly string[], output: Output): number | undefined {
  if (args[0] !== "--help" && args[0] !== "-h") return undefined;
  output.answer({ object: "help", text: overview(catalog).join("\n") }, overview(catalog));
  return exitStatus.ok;
}

function managedShell(): CatalogEntry {
  return catalog.find(({ name }) => name === "") as CatalogEntry;
}

function findCommand(args: readonly string[]): { entry: CatalogEntry; rest: readonly string[] } {
  const [first, second] = args[0] === "--version" ? ["version"] : args;
  if (first === undefined || first.startsWith("-")) return { entry: managedShell(), rest: args };
  const pair = catalog.find(({ name }) => name === `${first} ${second}`);
  if (pair !== undefined) return { entry: pair, rest: args.slice(2) };
  const single = catalog.find(({ name }) => name === first);
  if (single !== undefined) return { entry: single, rest: args.slice(1) };
  const group = catalog.filter(({ name }) => name.startsWith(`${first} `)).map(({ name }) => name.split(" ")[1]);
  if (group.length > 0) throw new UsageError(`trunks ${first} is followed by ${group.join(", ")}`, "trunks help");
  throw new UsageError(`no such command: ${first}`, "`trunks help` lists them all");
}

/** Gives an error of usage that says nothing else the command's own help as its hint. */
function helpfully<Result>(entry: CatalogEntry, attempt: () => Result): Result {
  try {
    return attempt();
  } catch (error) {
    if (!(error instanceof UsageError) || error.hint !== undefined) throw error;
    throw new UsageError(error.message, `see \`${["trunks", entry.name, "--help"].filter(Boolean).join(" ")}\``);
  }
}

/** Whoever read our output has gone, as `head` does: nobody is left to be told. */
function leaveQuietly(error: NodeJS.ErrnoException): void {
  if (error.code === "EPIPE") process.exit(exitStatus.ok);
  throw error;
}
