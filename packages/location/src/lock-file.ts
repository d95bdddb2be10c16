import { randomUUID } from "node:crypto";
import { link, readFile, rm, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { setTimeout as wait } from "node:timers/promises";
import { TrunksError } from "@trunks/core";

/** Who holds a lock. The nonce makes two locks of one process differ. */
interface Holder {
  readonly host: string;
  readonly pid: number;
  readonly nonce: string;
}

/** A lock is held for a few milliseconds; whoever waits longer than this waits for something that has gone wrong. */
const patienceMs = 5_000;
const pauseMs = 20;

/**
 * Runs `work` while no other process on a lock of this path does. A lock whose process has died is taken away; one of
 * another machine cannot be judged, and ends the wait with `UNAVAILABLE` after some seconds.
 */
export async function withLock<Result>(path: string, work: () => Promise<Result>): Promise<Result> {
  const own: Holder = { host: hostname(), pid: process.pid, nonce: randomUUID() };
  const written = `${path}.${own.nonce}`;
  // Written aside and linked, so that a lock never exists without its holder's name in it.
  await writeFile(written, JSON.stringify(own), { flag: "wx", mode: 0o600 });
  try {
    await take(path, written);
  } finally {
    await rm(written, { force: true });
  }
  try {
    return await work();
  } finally {
    await rm(path, { force: true });
  }
}

async function take(path: string, written: string): Promise<void> {
  for (let waitedMs = 0; waitedMs <= patienceMs; waitedMs += pauseMs) {
    if (await created(() => link(written, path))) return;
    const holder = await readHolder(path);
    if (holder !== undefined && isDead(holder)) await breakLock(path, holder);
    else await wait(pauseMs);
  }
  throw new TrunksError("UNAVAILABLE", `another process holds ${path}`, {
    retryable: true,
    hint: "if none is running, delete that file",
  });
}

/**
 * Takes the lock of a dead process away. A guard named after that very lock lets one process do so at a time; and as a
 * nonce never comes again, whoever holds the guard and still finds the nonce in the lock removes no other's.
 */
async function breakLock(path: string, dead: Holder): Promise<void> {
  const guard = `${path}.${dead.nonce}.dead`;
  if (!(await created(() => writeFile(guard, "", { flag: "wx" })))) return wait(pauseMs);
  try {
    if ((await readHolder(path))?.nonce === dead.nonce) await rm(path, { force: true });
  } finally {
    await rm(guard, { force: true });
  }
}

async function created(attempt: () => Promise<void>): Promise<boolean> {
  try {
    await attempt();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

async function readHolder(path: string): Promise<Holder | undefined> {
  try {
    const { host, pid, nonce } = JSON.parse(await readFile(path, "utf8")) as Holder;
    return { host: String(host), pid: Number(pid), nonce: String(nonce) };
  } catch {
    return undefined; // Just released, or not ours to understand.
  }
}

function isDead({ host, pid, nonce }: Holder): boolean {
  // The nonce becomes part of a file's name.
  if (host !== hostname() || !Number.isSafeInteger(pid) || pid <= 0 || !/^[0-9a-f-]{36}$/.test(nonce)) return false;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}
