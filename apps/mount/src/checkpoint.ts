import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { CheckpointWish, WatchedCheckpoint } from "./watch/checkpoint.ts";
import { askDaemon } from "./watch/daemon-socket.ts";

/**
 * Has a checkpoint made by the process that watches the mount which a folder is in: quick, for it knows what has changed.
 * `undefined` when nothing watches, or when the folder is in a state that stock git had better look at; then nothing has
 * changed, but for the journal.
 */
export async function checkpointWatched(folder: string, wish: CheckpointWish): Promise<WatchedCheckpoint | undefined> {
  for (let path = resolve(folder); ; path = dirname(path)) {
    const own = join(path, ".git", "trunks", "watch");
    if (existsSync(own)) return (await askDaemon(own, { do: "checkpoint", ...wish }))?.checkpoint;
    if (existsSync(join(path, ".git")) || dirname(path) === path) return undefined;
  }
}
