import { setTimeout as wait } from "node:timers/promises";
import { flushWatch, watchStatus } from "../../src/start-watch.ts";
import type { DaemonStatus } from "../../src/watch/daemon-socket.ts";
import type { MountSandbox } from "./mount-sandbox.ts";

/** Waits until something is so. How long that takes is the machine's matter. */
export async function until<Answer>(look: () => Promise<Answer | undefined | false>): Promise<Answer> {
  for (;;) {
    const found = await look();
    if (found) return found;
    await wait(20);
  }
}

/** Waits until whoever watches says so. */
export function untilStatus(path: string, holds: (status: DaemonStatus) => boolean): Promise<DaemonStatus> {
  return until(async () => {
    const status = await watchStatus(path);
    return status !== undefined && holds(status) && status;
  });
}

/** The state that has all changes until now. */
export async function saved(path: string): Promise<string> {
  return (await flushWatch(path))?.saved as string;
}

/** The names in a state. */
export async function names(sandbox: MountSandbox, folder: string, state: string): Promise<string[]> {
  const listed = await sandbox.git(["-C", folder, "ls-tree", "-r", "-z", "--name-only", state]);
  return listed.split("\0").filter(Boolean);
}

/** Kills whoever watches, without a word. */
export async function killWatcher(path: string): Promise<void> {
  const { pid } = (await watchStatus(path)) as DaemonStatus;
  process.kill(pid, "SIGKILL");
  await until(async () => (await watchStatus(path)) === undefined);
}
