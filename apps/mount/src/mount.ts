import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { unwritable, withLock } from "@trunks/location";
import type { Mount, MountOptions } from "@trunks/sdk";
import { shown } from "./byte-path.ts";
import { adoptRepository, type CloneOptions, newClone, standOnBranch } from "./clone.ts";
import { type Folder, inspectFolder } from "./folder.ts";
import { Git } from "./git.ts";
import { gitEnvironment } from "./git-environment.ts";
import { type MountRecord, writeMountRecord } from "./mount-record.ts";
import { placeFiles } from "./placing.ts";
import { rememberMount } from "./registry.ts";
import { localShell } from "./shell.ts";
import { startWatch, stopWatch, watchStatus } from "./start-watch.ts";
import { findTarget, type Target } from "./target.ts";
import { type TrunkFacts, trunkFacts } from "./trunk-facts.ts";
import { unmount } from "./unmount.ts";
import { checkWatchInterval, readWatchInterval, saveWatchInterval } from "./watch/watch-interval.ts";

/** How a mount is made by a program that shows what goes on. */
export interface ShownMountOptions extends MountOptions {
  /** Passes git's progress to standard error. Default false. */
  readonly progress?: boolean;
}

/**
 * Makes a trunk a normal folder with normal git in it, ready for work. A trunk that is new is made; a folder that is there is
 * adopted with everything in it, and no file of it is changed; a mount that was interrupted is completed, and one that is
 * complete is brought what others have pushed. Throws `CONFLICT` for a folder of another trunk, and `NOT_FOUND` when the trunk
 * of a mount is gone.
 */
export async function mount(options: ShownMountOptions): Promise<Mount> {
  const path = resolve(options.path);
  const environment = await gitEnvironment(options.helperFolder);
  checkWatchInterval(options.watchIntervalMs);
  // Refused before anything is made.
  findTarget(options, await inspectFolder(path, environment));
  await mkdir(join(path, ".trunks"), { recursive: true, mode: 0o700 }).catch((error) => {
    throw unwritable(path, error);
  });
  return withLock(join(path, ".trunks", "mount.lock"), async () => {
    const folder = await inspectFolder(path, environment);
    const target = findTarget(options, folder);
    const facts = await trunkFacts(target, folder.repository, options);
    const { signal, progress } = options;
    const watch = options.watch ?? folder.repository?.record?.watch ?? false;
    const record = await prepare(folder, target, facts, { environment, signal, progress, watch });
    const git = new Git(path, environment);
    const kept = record.state === "placing" ? await complete(git, record, facts, signal) : [];
    if (options.watchIntervalMs !== undefined) await saveWatchInterval(git, options.watchIntervalMs);
    await keepWatched(git, record);
    await rememberMount({ id: record.id, path, repository: record.repository, url: record.url });
    return mountOf(git, record, { created: facts.created, adopted: folder.used, kept: kept.map(shown) });
  });
}

/** A repository with all that the trunk has, and a record of the mount in it. */
async function prepare(folder: Folder, target: Target, facts: TrunkFacts, options: CloneOptions): Promise<MountRecord> {
  const { path, repository } = folder;
  if (repository === undefined) return newClone(path, target, facts, options);
  const { record, gitDir } = repository;
  if (record === undefined) return adoptRepository(path, repository, target, facts, options);
  const { environment, signal, progress, watch } = options;
  const git = new Git(path, environment);
  const args = ["fetch", progress ? "--progress" : "--quiet", record.remote];
  await git.bytes(args, { signal, progress, failure: "UNAVAILABLE" });
  if (record.watch !== watch) await writeMountRecord(gitDir, { ...record, watch });
  return { ...record, watch };
}

/** Has the folder watched as the record and git's settings say, which a process that is there may not do yet. */
async function keepWatched(git: Git, { watch }: MountRecord): Promise<void> {
  const there = await watchStatus(git.folder);
  const intervalMs = watch === false ? undefined : await readWatchInterval(git);
  if (there !== undefined && there.watch === watch && there.interval_ms === intervalMs) return;
  if (there !== undefined) await stopWatch(git.folder);
  if (watch !== false) await startWatch(git);
}

/** The files of the first checkout. Answers those that were there and differ. */
async function complete(
  git: Git,
  record: MountRecord,
  { branch }: TrunkFacts,
  signal: AbortSignal | undefined,
): Promise<string[]> {
  await standOnBranch(git, record.remote, branch);
  const kept = await placeFiles(git, signal);
  await writeMountRecord(join(git.folder, ".git"), { ...record, state: "ready" });
  return kept;
}

async function mountOf(
  git: Git,
  { id, repository, url, remote, watch }: MountRecord,
  facts: Pick<Mount, "created" | "adopted" | "kept">,
): Promise<Mount> {
  const branch = await git.try(["symbolic-ref", "--quiet", "--short", "HEAD"]);
  const head = await git.try(["rev-parse", "--quiet", "--verify", "HEAD"]);
  return {
    id,
    path: git.folder,
    repository,
    url,
    remote,
    ...facts,
    branch: branch.stdout.toString("utf8").trim() || undefined,
    head: head.stdout.toString("utf8").trim() || undefined,
    watch,
    localShell: () => localShell(git),
    unmount: (options) => unmount({ ...options, path: git.folder }),
  };
}
