import { realpath } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { type RequestOptions, TrunksError } from "@trunks/core";
import type { Unmounted } from "@trunks/sdk";
import { Git } from "./git.ts";
import { gitEnvironment } from "./git-environment.ts";
import { journalDay, journalRefs } from "./journal/journal-ref.ts";
import { listJournalRefs, listTrunkRefs } from "./journal/states.ts";
import { type MountRecord, readMountRecord, removeMountRecord } from "./mount-record.ts";
import { forgetMount } from "./registry.ts";
import { stopWatch } from "./start-watch.ts";
import { findUnpushed } from "./unpushed.ts";

export interface MountFolderOptions extends RequestOptions {
  /** The mount's folder, or one in it. */
  readonly path: string;
  /** A folder in which git finds its helper. */
  readonly helperFolder?: string;
}

/** A mount that is there. */
export interface FoundMount {
  /** Absolute. */
  readonly path: string;
  readonly record: MountRecord;
}

/**
 * Ends a mount: nothing watches the folder any more, and it is in no list. The folder stays with everything in it, as a clone
 * like any other; what the trunk does not have of it is the answer.
 */
export async function unmount({ path: given, helperFolder, signal }: MountFolderOptions): Promise<Unmounted> {
  const { path, record } = await requireMount(given);
  const git = new Git(path, await gitEnvironment(helperFolder));
  await stopWatch(path);
  const unpushed = await findUnpushed(git, record.remote, { signal });
  const journal = await findJournal(git, record, { signal });
  await removeMountRecord(join(path, ".git"));
  await forgetMount(record.id);
  return { path, unpushed, journal };
}

/** What stays of the journal. The trunk is asked only where the journal was pushed, and need not answer. */
async function findJournal(git: Git, { id, remote, watch }: MountRecord, options: RequestOptions) {
  const count = (refs: readonly string[]) => refs.filter((ref) => journalDay(ref)?.mountId === id).length;
  const asked = watch === "push" ? listTrunkRefs(git, remote, `${journalRefs(id)}*`, options) : undefined;
  const inTrunk = await asked?.catch(() => {
    options.signal?.throwIfAborted();
    return undefined;
  });
  return { mountId: id, days: count(await listJournalRefs(git, options)), daysInTrunk: inTrunk && count(inTrunk) };
}

/** The mount that a folder is in. Throws `NOT_FOUND` when it is in none. */
export async function requireMount(given: string): Promise<FoundMount> {
  const start = await realpath(resolve(given)).catch((cause) => {
    throw new TrunksError("NOT_FOUND", `${given} is not there`, { cause, hint: "`trunks mount list` lists mounts" });
  });
  for (let path = start; ; path = dirname(path)) {
    const record = await readMountRecord(join(path, ".git"));
    if (record !== undefined) return { path, record };
    if (dirname(path) !== path) continue;
    throw new TrunksError("NOT_FOUND", `${given} is no mount`, { hint: "`trunks mount list` lists mounts" });
  }
}
