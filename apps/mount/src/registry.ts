import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { dataFolder, readText, replaceFile, unwritable } from "@trunks/location";
import { type MountRecord, readMountRecord } from "./mount-record.ts";
import { watchStatus } from "./start-watch.ts";
import type { DaemonStatus } from "./watch/daemon-socket.ts";

/** A mount as this machine's user has it in a list. */
export interface KnownMount {
  readonly id: string;
  /** Absolute. */
  readonly path: string;
  readonly repository: string;
  /** Of the trunk, without secrets. */
  readonly url: string;
}

/** What a mount of the list is now: `missing` when its folder is gone, or is that mount no more. */
export interface ListedMount extends KnownMount {
  readonly state: "ready" | "incomplete" | "missing";
  /** Whether changes shall be journalled. */
  readonly watch: MountRecord["watch"];
  /** What the process says that watches it; `null` when none does. */
  readonly watcher: DaemonStatus | null;
}

/** Each mount is a file of its own, so that nobody waits for anybody. */
function listFolder(): string {
  return join(dataFolder(process.env), "mounts");
}

export async function rememberMount(mount: KnownMount): Promise<void> {
  const folder = listFolder();
  await mkdir(folder, { recursive: true, mode: 0o700 }).catch((error) => {
    throw unwritable(folder, error);
  });
  await replaceFile(join(folder, `${mount.id}.json`), `${JSON.stringify(mount)}\n`);
}

export async function forgetMount(id: string): Promise<void> {
  await rm(join(listFolder(), `${id}.json`), { force: true });
}

/** The mounts that this user has on this machine, by their paths. */
export async function listMounts(): Promise<ListedMount[]> {
  const names = await readdir(listFolder()).catch(() => []);
  const texts = await Promise.all(names.filter((name) => name.endsWith(".json")).map((name) => read(name)));
  const found = await Promise.all(texts.flatMap((mount) => (mount === undefined ? [] : [look(mount)])));
  return found.sort((left, right) => (left.path < right.path ? -1 : 1));
}

async function read(name: string): Promise<KnownMount | undefined> {
  try {
    const { id, path, repository, url } = JSON.parse((await readText(join(listFolder(), name))) ?? "") as KnownMount;
    return { id, path, repository, url };
  } catch {
    return undefined; // Just forgotten, or not ours.
  }
}

async function look(mount: KnownMount): Promise<ListedMount> {
  const record = await readMountRecord(join(mount.path, ".git")).catch(() => undefined);
  if (record?.id !== mount.id) return { ...mount, state: "missing", watch: false, watcher: null };
  const watcher = (await watchStatus(mount.path).catch(() => undefined)) ?? null;
  return { ...mount, state: record.state === "placing" ? "incomplete" : "ready", watch: record.watch, watcher };
}
