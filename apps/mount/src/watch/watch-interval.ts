import { TrunksError } from "@trunks/core";
import type { Git } from "../git.ts";

/** Git's setting, in seconds: within how long a change is journalled. */
const setting = "trunks.watchInterval";

/** In milliseconds: what counts where nobody says anything, the shortest, and the longest. */
const [usualMs, leastMs, mostMs] = [2000, 500, 3_600_000];

/** How a watcher keeps to an interval, in milliseconds. */
export interface WatchPace {
  /** So long after the first change it is journalled, with a program's other changes. */
  readonly settleMs: number;
  /** While git holds its index, as it does when it switches branches, at most so long is waited. */
  readonly patienceMs: number;
  /** What the system does not tell of is looked at so often. */
  readonly lookMs: number;
}

/** Of an interval something is left for git's reading of what has changed. */
export function watchPace(intervalMs: number): WatchPace {
  const patienceMs = Math.min(1000, intervalMs / 2);
  const readingMs = Math.min(700, 0.35 * intervalMs);
  return { settleMs: intervalMs - patienceMs - readingMs, patienceMs, lookMs: intervalMs / 2 };
}

/** Throws `INVALID_ARGUMENT` for an interval that nobody can mean. */
export function checkWatchInterval(intervalMs: number | undefined): void {
  if (intervalMs === undefined || isPossible(intervalMs)) return;
  throw new TrunksError("INVALID_ARGUMENT", `changes cannot be journalled within ${intervalMs / 1000} s`, {
    hint: possible,
  });
}

/** In milliseconds. Throws `CONFIG_INVALID` when git's setting says something that cannot be. */
export async function readWatchInterval(git: Git): Promise<number> {
  const { status, stdout } = await git.try(["config", "--get", setting]);
  if (status !== 0) return usualMs;
  const text = stdout.toString("utf8").trim();
  const intervalMs = /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : Number.NaN;
  if (isPossible(intervalMs)) return intervalMs;
  throw new TrunksError("CONFIG_INVALID", `${setting} is ${JSON.stringify(text)}`, { hint: possible });
}

/** For this folder, from the watcher's next start on. */
export async function saveWatchInterval(git: Git, intervalMs: number): Promise<void> {
  await git.bytes(["config", setting, String(intervalMs / 1000)]);
}

const possible = `it takes seconds, from ${leastMs / 1000} to ${mostMs / 1000}; ${usualMs / 1000} by default`;

function isPossible(intervalMs: number): boolean {
  return intervalMs >= leastMs && intervalMs <= mostMs;
}
