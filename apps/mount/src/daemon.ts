import { existsSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import type { Server } from "node:net";
import { join } from "node:path";
import { isTrunksError, TrunksError } from "@trunks/core";
import { withLock } from "@trunks/location";
import { Git } from "./git.ts";
import type { SafeState } from "./journal/journal.ts";
import { readMountRecord } from "./mount-record.ts";
import { askDaemon, type DaemonRequest, type DaemonStatus, serveDaemon } from "./watch/daemon-socket.ts";
import { JournalPush } from "./watch/journal-push.ts";
import { readWatchInterval } from "./watch/watch-interval.ts";
import { watchLog } from "./watch/watch-log.ts";
import { WatchedFolder } from "./watch/watched-folder.ts";

/**
 * The process that watches a mount, until it is told to stop. It is started with the mount's folder, tells its parent that it
 * watches or why not, and answers on a socket in `.git/trunks/watch`.
 */
async function main(folder: string): Promise<void> {
  const own = join(folder, ".git", "trunks", "watch");
  const record = await readMountRecord(join(folder, ".git"));
  if (record === undefined) throw new TrunksError("NOT_FOUND", `${folder} is no mount`);
  await mkdir(own, { recursive: true, mode: 0o700 });
  const log = watchLog(join(own, "log"));
  const git = new Git(folder, process.env);
  const push = record.watch === "push" ? new JournalPush(git, record.remote, log) : undefined;
  const intervalMs = await readWatchInterval(git);
  const saved = (state: SafeState) => push?.want(state);
  const watched = new WatchedFolder(git, { mountId: record.id, intervalMs, saved, log });

  const status = (): DaemonStatus => ({
    pid: process.pid,
    watch: push === undefined ? true : "push",
    saved: watched.last?.id ?? null,
    pushed: push?.pushed ?? null,
    trouble: watched.trouble ?? null,
    push_trouble: push?.trouble ?? null,
    folders: watched.folderCount,
    unwatched: watched.unwatched,
    interval_ms: intervalMs,
  });
  const end = async () => {
    await watched.flush().catch((error) => log(`the last changes are NOT journalled: ${error}`));
    await watched.end();
    await push?.end();
    log("ended");
  };
  const answer = async (request: DaemonRequest): Promise<DaemonStatus> => {
    if (request.do === "flush") await watched.flush();
    if (request.do === "checkpoint") return { ...status(), checkpoint: await watched.checkpoint(request) };
    if (request.do !== "stop") return status();
    await end();
    server.close();
    await rm(join(own, "socket"), { force: true });
    setImmediate(() => process.exit());
    return status();
  };
  const server = await claim(own, answer);
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => void answer({ do: "stop" }));
  process.on("SIGHUP", () => {}); // The terminal that it was started from is closed.
  log(`watching ${folder}, as process ${process.pid}`);
  await watched.begin();
  if (watched.last !== undefined) push?.want(watched.last);
  process.send?.({ watching: true });
  process.disconnect?.();
  endWithFolder(own, log);
}

/** One process at a time watches a folder. Throws `CONFLICT` when another does. */
async function claim(own: string, answer: (request: DaemonRequest) => Promise<DaemonStatus>): Promise<Server> {
  return withLock(join(own, "lock"), async () => {
    const other = await askDaemon(own, { do: "status" });
    if (other === undefined) return serveDaemon(own, answer);
    throw new TrunksError("CONFLICT", `the folder is watched already, by process ${other.pid}`, {
      hint: "`trunks unmount` ends it",
    });
  });
}

/** A folder that was removed needs nobody. */
function endWithFolder(own: string, log: (line: string) => void): void {
  setInterval(() => {
    if (existsSync(own)) return;
    log("the folder is gone");
    process.exit();
  }, 5000).unref();
}

try {
  await main(process.argv[2] as string);
} catch (error) {
  const { code, hint } = isTrunksError(error) ? error : { code: "INTERNAL", hint: undefined };
  process.send?.({ error: { code, message: error instanceof Error ? error.message : String(error), hint } });
  process.exitCode = 1;
  process.disconnect?.();
}
