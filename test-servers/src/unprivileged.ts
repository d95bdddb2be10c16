import { chown } from "node:fs/promises";
import type { ServerCommand } from "./server-process.ts";

/** `nobody`, on every Linux. */
const userId = 65_534;

/** The command for a server that refuses to run as root: as it is for everyone else, and as `nobody` for root. */
export function unprivileged(program: string, args: readonly string[]): ServerCommand {
  if (!isRoot()) return { program, arguments: args };
  const identity = [`--reuid=${userId}`, `--regid=${userId}`, "--clear-groups"];
  return { program: "setpriv", arguments: [...identity, "--", program, ...args] };
}

/** Gives files to the user whom `unprivileged` commands run as. */
export async function giveAway(...paths: readonly string[]): Promise<void> {
  if (!isRoot()) return;
  for (const path of paths) await chown(path, userId, userId);
}

export function isRoot(): boolean {
  return process.getuid?.() === 0;
}
