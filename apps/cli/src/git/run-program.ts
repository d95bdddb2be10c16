import { spawn } from "node:child_process";
import { once } from "node:events";
import { constants } from "node:os";
import { TrunksError } from "@trunks/core";
import { helperEnvironment } from "../launcher.ts";
import type { Output } from "../terminal/output.ts";

/**
 * Runs git before the user's eyes, with the helper within its reach; answers its exit status. With `--json` what it prints
 * goes to standard error, for the answer is ours.
 */
export function runGit(args: readonly string[], output: Output): Promise<number> {
  return runProgram("git", args, { stdout: output.json ? process.stderr : "inherit" });
}

/** Runs a program on this terminal, with the helper within its git's reach; answers its exit status. */
export async function runProgram(
  program: string,
  args: readonly string[],
  options: { readonly stdout?: "inherit" | NodeJS.WriteStream; readonly environment?: NodeJS.ProcessEnv } = {},
): Promise<number> {
  const env = { ...(await helperEnvironment()), ...options.environment };
  // An interrupt goes to the whole group of processes: the program decides what to do, and we wait for it.
  const wait = () => {};
  process.on("SIGINT", wait);
  try {
    const child = spawn(program, args, { stdio: ["inherit", options.stdout ?? "inherit", "inherit"], env });
    const [code, signal] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
    return code ?? 128 + (constants.signals[signal as NodeJS.Signals] ?? 0);
  } catch (error) {
    throw new TrunksError("CONFIG_INVALID", `${program} cannot be run`, {
      cause: error,
      hint: program === "git" ? "install git, and put it on the PATH" : undefined,
    });
  } finally {
    process.off("SIGINT", wait);
  }
}
