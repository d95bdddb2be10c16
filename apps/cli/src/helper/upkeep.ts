import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { openTrunk } from "../trunk/open-trunk.ts";

/** The helper's own first argument in the process that `startUpkeep` starts; no remote can have this name. */
export const upkeepArgument = "--upkeep";

/** In milliseconds. What has not been done until then is left to a later push. */
const deadlineMs = 10 * 60_000;

/**
 * Starts a process that does what pushes to this trunk have left to be done, in the environment and the folder of this one;
 * nobody waits for it, or hears of it. The URL goes by a pipe, for others may see arguments. Never throws.
 */
export async function startUpkeep(url: string): Promise<void> {
  try {
    const program = process.argv[1] as string;
    const child = spawn(process.execPath, [program, upkeepArgument], {
      detached: true,
      stdio: ["pipe", "ignore", "ignore"],
      windowsHide: true,
    });
    child.on("error", () => {});
    child.stdin.on("error", () => {});
    child.stdin.end(url);
    await once(child.stdin, "finish");
    child.unref();
  } catch {
    // A later push tries again.
  }
}

/** That process. Answers its exit status, which nobody asks for. */
export async function upkeep(input: Readable, signal: AbortSignal): Promise<number> {
  try {
    const url = await text(input);
    const stop = AbortSignal.any([signal, AbortSignal.timeout(deadlineMs)]);
    const trunk = await openTrunk(url, { gitDir: process.env.GIT_DIR, signal: stop });
    try {
      await trunk.repository.snapshot({ signal: stop });
    } finally {
      await trunk.close();
    }
    return 0;
  } catch {
    return 1;
  }
}
