import { randomBytes } from "node:crypto";
import { type Collection, type Compaction, collect, compact, type Sweep, stubOldRecords, sweep } from "@trunks/repo";
import type { OptionSpec } from "../command.ts";
import type { Output } from "../terminal/output.ts";
import { throwMissed } from "../trunk/mirror-trunk.ts";
import type { OpenedTrunk } from "../trunk/open-trunk.ts";
import { diskScratch } from "./disk-scratch.ts";

export interface MaintenanceOptions {
  /** How long what is needless stays, in milliseconds. Default 24 hours. */
  readonly graceMs?: number;
  /** How long what refs pointed to stays, in milliseconds. Default 30 days. */
  readonly retentionMs?: number;
  /** Allow a grace time of less than an hour. */
  readonly force: boolean;
  readonly output: Output;
  readonly signal: AbortSignal;
}

export const graceOptions: Readonly<Record<string, OptionSpec>> = {
  grace: { value: "TIME", help: "keep what is needless for so long: 24h (default), 3d" },
  force: { help: "allow a grace time of less than an hour" },
};

const newId = () => randomBytes(16).toString("hex");

/** Makes few packs of many, and deletes what has been needless for the grace time. */
export async function maintain(trunk: OpenedTrunk, options: MaintenanceOptions) {
  const { repository } = trunk;
  const { signal, output } = options;
  const progress = (packs: number, sizeBytes: number) => {
    if (output.live) output.note(`making one pack of ${packs}, ${mebibytes(sizeBytes)} MiB`);
  };
  const compaction = await compact(repository, { scratch: diskScratch, newId, signal, progress });
  const swept = await sweepTrunk(trunk, options);
  throwMissed(repository.mirrors.takeMissed());
  return { ...compactionAnswer(compaction), ...sweepAnswer(swept) };
}

/** Drops what neither a ref nor the log of refs reaches, and deletes what has been needless for the grace time. */
export async function clean(trunk: OpenedTrunk, options: MaintenanceOptions) {
  const { repository } = trunk;
  const { retentionMs, signal, output } = options;
  let shown = 0;
  const progress = (what: "found" | "needless", objects: number) => {
    if (!output.live || (what === "found" && objects < 2 * shown)) return;
    shown = objects;
    output.note(what === "found" ? `${objects} objects are needed so far` : `${objects} objects are not needed`);
  };
  const collection = await collect(repository, { retentionMs, scratch: diskScratch, newId, signal, progress });
  const swept = await sweepTrunk(trunk, options);
  // Not in every run of maintenance: it looks through the listing of all records.
  const stubs = await stubOldRecords(repository, { retentionMs, newId, signal });
  throwMissed(repository.mirrors.takeMissed());
  return { ...collectionAnswer(collection), ...sweepAnswer(swept), stubbed_records: stubs };
}

function sweepTrunk({ repository }: OpenedTrunk, { graceMs, force, output, signal }: MaintenanceOptions) {
  const progress = (keys: number) => {
    if (output.live) output.note(`${keys} files deleted`);
  };
  return sweep(repository, { graceMs, force, newId, signal, progress });
}

function compactionAnswer({ retiredPacks, retiredSize, segments, writtenSize }: Compaction) {
  return { merged_packs: retiredPacks, merged_bytes: retiredSize, written_packs: segments, written_bytes: writtenSize };
}

function collectionAnswer({ keptObjects, droppedObjects, retiredSize, writtenSize, oversized }: Collection) {
  return {
    kept_objects: keptObjects,
    dropped_objects: droppedObjects,
    rewritten_bytes: retiredSize,
    written_bytes: writtenSize,
    oversized_packs: oversized,
  };
}

function sweepAnswer({ deletedKeys, deletedSize }: Sweep) {
  return { deleted_files: deletedKeys, deleted_bytes: deletedSize };
}

export function mebibytes(sizeBytes: number): string {
  return (sizeBytes / 2 ** 20).toFixed(1);
}
