import { realpath } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { type RequestOptions, TrunksError } from "@trunks/core";
import type { Unmounted } from "@trunks/sdk";
import { Git } from "./git.ts";
import { gitEnvironment } from "./git-environment.ts";
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
  await removeMountRecord(join(path, ".git"));
  await forgetMount(record.id);
  return { path, unpushed };
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
