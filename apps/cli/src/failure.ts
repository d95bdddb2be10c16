import { inspect } from "node:util";
import { isTrunksError } from "@trunks/core";
import { redactUrl } from "@trunks/location";
import { UsageError } from "./arguments.ts";
import { exitStatus } from "./command.ts";
import type { Output } from "./terminal/output.ts";

/** An error as it is shown: `{ object: "error", code, message, hint }`. */
export interface ErrorAnswer {
  readonly object: "error";
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
}

/** What an error says to people and programs. URLs lose their secrets, whoever wrote them into a message. */
export function errorAnswer(error: unknown): ErrorAnswer {
  const code = isTrunksError(error) ? error.code : "INTERNAL";
  const message = redactUrl(error instanceof Error ? error.message : String(error)).trim();
  const hint = isTrunksError(error) ? error.hint : undefined;
  return { object: "error", code, message, ...(hint !== undefined && { hint: redactUrl(hint) }) };
}

/** Tells why a command failed, in one line and a hint; answers the exit status. */
export function tellFailure(error: unknown, output: Output, verbose: boolean): number {
  const answer = errorAnswer(error);
  if (isTrunksError(error, "ABORTED")) {
    // Whoever interrupts knows that he did, but not what was under way.
    if (answer.hint !== undefined) output.note(answer.hint);
    return exitStatus.interrupted;
  }
  if (output.json) output.answer(answer, []);
  else {
    output.note(`trunks: ${answer.message}`);
    if (answer.hint !== undefined) output.note(`hint: ${answer.hint}`);
  }
  if (verbose) output.note(redactUrl(inspect(error)));
  return error instanceof UsageError ? exitStatus.usage : exitStatus.failure;
}
