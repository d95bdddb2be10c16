import type { RequestOptions } from "@trunks/core";
import { maintenanceDue } from "@trunks/repo/client";
import type { Session } from "./session.ts";

/** In bytes. What a push leaves to be done behind its answer must leave room for the program itself, in a Worker too. */
const afterPushSizeBytes = 2 ** 24;
const defaultMemorySizeBytes = 2 ** 26;

/** How a trunk is looked after. */
export interface MaintenanceOptions extends RequestOptions {
  /** How long what is needless stays for those who may still read it, in milliseconds: an hour at least. Default 24 hours. */
  readonly graceMs?: number;
  /** New packs are made in memory, of up to so many bytes together; what is larger is left as it is. Default 64 MiB. */
  readonly memorySizeBytes?: number;
}

/** What maintenance did. */
export interface MaintenanceAnswer {
  readonly object: "maintenance";
  /** Packs that became fewer. */
  readonly merged_packs: number;
  /** How large those were together. */
  readonly merged_bytes: number;
  /** What they became. */
  readonly written_packs: number;
  /** How large those are together. */
  readonly written_bytes: number;
  /** Files of the store that nobody has needed for the grace time. */
  readonly deleted_files: number;
  /** How large those were together. */
  readonly deleted_bytes: number;
}

/** Makes few large packs of many small ones, and deletes what has been needless for the grace time. */
export async function maintain(session: Session, options: MaintenanceOptions): Promise<MaintenanceAnswer> {
  const { signal, graceMs, memorySizeBytes = defaultMemorySizeBytes } = options;
  // Not before it is wanted: most programs that load this package never get here.
  const { compact, memoryScratch, randomId, sweep } = await import("@trunks/repo/upkeep");
  const { repository } = session;
  const scratch = memoryScratch(memorySizeBytes);
  const compaction = await compact(repository, { scratch, newId: randomId, signal });
  const { deletedKeys, deletedSize } = await sweep(repository, { graceMs, newId: randomId, signal });
  for (const { error } of repository.mirrors.takeMissed()) session.warn(`a mirror was left out: ${error.message}`);
  return {
    object: "maintenance",
    merged_packs: compaction.retiredPacks,
    merged_bytes: compaction.retiredSize,
    written_packs: compaction.segments,
    written_bytes: compaction.writtenSize,
    deleted_files: deletedKeys,
    deleted_bytes: deletedSize,
  };
}

/** What a push leaves to be done: nobody waits for it, and when it fails a later push does it. */
export async function maintainAfterPush(session: Session): Promise<void> {
  const { repository } = session;
  await repository.maintain();
  const state = repository.known;
  if (session.maintenance === "never" || state === undefined || !maintenanceDue(state, afterPushSizeBytes)) return;
  await maintain(session, { memorySizeBytes: afterPushSizeBytes }).catch(() => {});
}
