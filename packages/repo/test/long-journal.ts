import type { Backend } from "@trunks/core";
import { recordKey } from "../src/format/key.ts";
import { packKeys } from "../src/format/pack-name.ts";
import { encodeRecord, type TrunkRecord } from "../src/format/record.ts";
import type { State } from "../src/format/state.ts";
import { encodeTrunkFile } from "../src/format/trunk-file.ts";
import { emptyState, fold } from "../src/journal/fold.ts";
import { writeSnapshot } from "../src/upkeep/snapshot.ts";
import { entry, inlineOf, move, name, recordAfter, segment, trunk } from "./samples.ts";

const pack = new TextEncoder().encode("PACK");
/** Every so many records small packs are made one, and a snapshot is written. */
const interval = 64;

/**
 * Writes a journal of `count` records as pushes to one branch, compactions, sweeps and snapshots in their turn leave it; only
 * the `kept` newest records, and only the newest snapshot, so that even a long one fits into memory. Answers the state.
 */
export async function writeLongJournal(backend: Backend, count: number, kept = 200): Promise<State> {
  await backend.create("trunk.json", encodeTrunkFile(trunk));
  let state = emptyState(trunk);
  let merged: string[] = [];
  for (let slot = 0; slot < count; slot++) {
    const isUpkeep = slot % interval === interval - 2;
    const record = isUpkeep ? upkeep(state, merged) : push(state);
    if (isUpkeep) merged = record.retired.flatMap(packKeys);
    const encoded = encodeRecord(record, isUpkeep ? undefined : pack);
    state = fold(state, [{ record, digest: encoded.digest, doomedKeys: record.doomed }]);
    if (slot >= count - kept) await backend.create(recordKey(slot), encoded.bytes);
    const isNewest = slot > count - 1 - interval;
    if (slot % interval === interval - 1 && isNewest) await writeSnapshot(backend, state, name(slot));
  }
  return state;
}

function push(state: State): TrunkRecord {
  const { slot } = state;
  const before =
    [...state.refs.values()].length === 0 ? 0 : Number.parseInt(state.refs.get("refs/heads/main")?.id ?? "0", 16);
  const moves = [move("refs/heads/main", before, slot + 2)];
  const id = name(2 ** 32 + slot + 1);
  return recordAfter(state, {
    entries: [entry({ id, basis: slot, last: slot + 4096, moves, inline: inlineOf(pack) })],
  });
}

function upkeep(state: State, doomed: readonly string[]): TrunkRecord {
  const retired = [...state.packs.values()].map((one) => one.name);
  return recordAfter(state, { retired, segments: [segment(2 ** 33 + state.slot)], doomed });
}
