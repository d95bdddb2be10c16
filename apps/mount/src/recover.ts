import { resolve } from "node:path";
import { shown } from "./byte-path.ts";
import { Git } from "./git.ts";
import { gitEnvironment } from "./git-environment.ts";
import { Journal } from "./journal/journal.ts";
import { extractState, restoreFiles } from "./journal/restore.ts";
import { findState, type JournalState, listStates } from "./journal/states.ts";
import { flushWatch } from "./start-watch.ts";
import { type FoundMount, type MountFolderOptions, requireMount } from "./unmount.ts";

export interface StatesOptions extends MountFolderOptions {
  /** Asks the trunk first, for what other machines' mounts have brought there. Default false. */
  readonly fromTrunk?: boolean;
}

export interface RecoverOptions extends MountFolderOptions {
  /** The state's id, or its first digits. */
  readonly to: string;
  /** Files and folders, from the mount's top. Default: everything. */
  readonly paths?: readonly string[];
  /** A folder that is new or empty, in place of the mount's own. */
  readonly into?: string;
}

/** What a recovery has done. */
export interface Recovered {
  readonly state: JournalState;
  /** Where the files are. */
  readonly path: string;
  /** The state that the folder was in before: it can be gone back to. `undefined` when another folder was written. */
  readonly before: string | undefined;
  readonly restored: readonly string[];
  readonly removed: readonly string[];
  /** Where something stands that is ignored, and was left. */
  readonly blocked: readonly string[];
}

/** The states that a mount's folder was in and others' were, as far as they are known here, the newest first. */
export async function listMountStates({ fromTrunk, signal, ...options }: StatesOptions): Promise<JournalState[]> {
  const { mount, git } = await open(options);
  await flushWatch(mount.path).catch(() => {}); // What is safe is listed all the same.
  if (fromTrunk) {
    // Those of this very mount are here, and newer.
    const refspecs = ["+refs/trunks/journal/*:refs/trunks/journal/*", `^refs/trunks/journal/${mount.record.id}/*`];
    await git.bytes(["fetch", "--quiet", mount.record.remote, ...refspecs], { signal, failure: "UNAVAILABLE" });
  }
  return listStates(git, { signal });
}

/**
 * Makes a mount's files what they were in a state of the journal, after the state that they are in is safe there too. Index,
 * HEAD and branches stay, and so does what git ignores.
 */
export async function recover({ to, paths = [], into, signal, ...options }: RecoverOptions): Promise<Recovered> {
  const { mount, git } = await open(options);
  const state = await findState(git, to, { signal });
  if (into !== undefined) {
    const path = resolve(into);
    await extractState(git, state, path, { signal });
    return { state, path, before: undefined, restored: [], removed: [], blocked: [] };
  }
  const before = await makeSafe(mount, git);
  const bytePaths = paths.map((path) => Buffer.from(path).toString("latin1"));
  const { restored, removed, blocked } = await restoreFiles(git, before, state, bytePaths, { signal });
  await flushWatch(mount.path);
  const names = (list: readonly string[]) => list.map(shown);
  return {
    state,
    path: mount.path,
    before,
    restored: names(restored),
    removed: names(removed),
    blocked: names(blocked),
  };
}

async function open({ path, helperFolder }: MountFolderOptions): Promise<{ mount: FoundMount; git: Git }> {
  const mount = await requireMount(path);
  return { mount, git: new Git(mount.path, await gitEnvironment(helperFolder)) };
}

/** Has the folder's present state in the journal: by whoever watches it, or here when nobody does. Answers its id. */
async function makeSafe({ path, record }: FoundMount, git: Git): Promise<string> {
  const saved = (await flushWatch(path))?.saved;
  if (saved !== undefined && saved !== null) return saved;
  const journal = new Journal(git, record.id);
  const now = new Date();
  await journal.begin(now);
  await journal.restart();
  await journal.takeAll();
  return ((await journal.commit(now)) as { id: string }).id;
}
