import { spawn } from "node:child_process";
import { constants } from "node:os";
import { TrunksError } from "@trunks/core";
import type { ExecAnswer, ExecOptions, LocalShell } from "@trunks/sdk";
import type { Git } from "./git.ts";

/** A shell in a mount, in which git talks to the trunk. */
export function localShell({ folder, environment }: Git): LocalShell {
  return { exec: (command, options) => exec(command, folder, environment, options) };
}

async function exec(
  command: string,
  cwd: string,
  own: NodeJS.ProcessEnv,
  { environment, input = "", signal }: ExecOptions = {},
): Promise<ExecAnswer> {
  // The user's own language, where git's answers are read by no program of ours.
  const env = { ...own, LC_ALL: process.env.LC_ALL, ...environment };
  const child = spawn("sh", ["-c", command], { cwd, env, signal });
  const [output, errors]: [Buffer[], Buffer[]] = [[], []];
  child.stdout.on("data", (chunk: Buffer) => output.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => errors.push(chunk));
  child.stdin.on("error", () => {}); // A command need not read its input.
  child.stdin.end(input);
  const exitCode = await new Promise<number>((resolve, reject) => {
    child.on("error", (cause) => reject(notRun(cause, signal)));
    child.on("close", (code, ended) => resolve(code ?? 128 + (constants.signals[ended as NodeJS.Signals] ?? 0)));
  });
  const text = (chunks: readonly Buffer[]) => Buffer.concat(chunks).toString("utf8");
  return { exitCode, stdout: text(output), stderr: text(errors) };
}

function notRun(cause: Error, signal: AbortSignal | undefined): TrunksError {
  if (signal?.aborted) return new TrunksError("ABORTED", "interrupted", { cause });
  return new TrunksError("CONFIG_INVALID", "sh cannot be run", { cause });
}
