import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import type { CommandOptions, Sandbox } from "./sandbox.ts";

/** How a command ended, in text. */
export interface Ending {
  /** The exit status, or the signal's name. */
  readonly status: number | string;
  /** What it said to people. */
  readonly messages: string;
}

/** Runs git, and answers when it and all that it started have ended. */
export function ending(sandbox: Sandbox, args: readonly string[], options: CommandOptions = {}): Promise<Ending> {
  return startGit(sandbox, args, options).ended;
}

/** Starts git. */
export function startGit(
  sandbox: Sandbox,
  args: readonly string[],
  options: CommandOptions = {},
): { readonly child: ChildProcessWithoutNullStreams; readonly ended: Promise<Ending> } {
  const child = sandbox.start("git", args, options);
  return { child, ended: ended(child) };
}

async function ended(child: ChildProcessWithoutNullStreams): Promise<Ending> {
  let messages = "";
  child.stdout.resume();
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    messages += text;
  });
  child.stdin.end();
  // Its pipes are closed when nobody holds them any more, the helper included.
  const [code, signal] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
  return { status: code ?? signal ?? "", messages };
}
