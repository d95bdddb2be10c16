import { spawn } from "node:child_process";
import { mkdir, open } from "node:fs/promises";
import { extname, join } from "node:path";
import { type ErrorCode, TrunksError } from "@trunks/core";
import type { Git } from "./git.ts";
import { askDaemon, type DaemonStatus } from "./watch/daemon-socket.ts";

/** What belongs to the watching of a mount. */
function watchFolder(path: string): string {
  return join(path, ".git", "trunks", "watch");
}

/** Asks the process that watches a mount, if there is one. */
export function watchStatus(path: string): Promise<DaemonStatus | undefined> {
  return askDaemon(watchFolder(path), { do: "status" });
}

/** Has everything that has changed until now journalled; `undefined` when nothing watches. Throws what keeps it from being safe. */
export function flushWatch(path: string): Promise<DaemonStatus | undefined> {
  return askDaemon(watchFolder(path), { do: "flush" });
}

/** Ends the watching, when all is journalled. */
export async function stopWatch(path: string): Promise<void> {
  await askDaemon(watchFolder(path), { do: "stop" });
}

/**
 * Starts a process that watches a mount and outlives this one. Answers when it watches, and what the folder is now is
 * journalled. Throws why not: `CONFLICT` when another process watches.
 */
export async function startWatch({ folder, environment }: Git): Promise<void> {
  const own = watchFolder(folder);
  await mkdir(own, { recursive: true, mode: 0o700 });
  const log = await open(join(own, "log"), "a", 0o600);
  try {
    // Beside this module lies the program, in the sources as in the build.
    const program = join(import.meta.dirname, `daemon${extname(import.meta.filename)}`);
    const stdio = ["ignore", log.fd, log.fd, "ipc"] as ["ignore", number, number, "ipc"];
    const child = spawn(process.execPath, [program, folder], { cwd: folder, env: environment, detached: true, stdio });
    await new Promise<void>((resolve, reject) => {
      child.on("message", (message: DaemonMessage) => {
        const { error } = message;
        if (error === undefined) resolve();
        else reject(new TrunksError(error.code, error.message, { hint: error.hint }));
      });
      child.on("error", (cause) => reject(notStarted(own, cause)));
      child.on("exit", () => reject(notStarted(own)));
    });
    child.removeAllListeners();
    if (child.connected) child.disconnect();
    child.unref();
  } finally {
    await log.close();
  }
}

interface DaemonMessage {
  readonly error?: { readonly code: ErrorCode; readonly message: string; readonly hint?: string };
}

function notStarted(own: string, cause?: Error): TrunksError {
  return new TrunksError("INTERNAL", "the process that watches ended at once", {
    cause,
    hint: `see ${join(own, "log")}`,
  });
}
