import type { Backend, RequestOptions } from "@trunks/core";
import type { Entry, RefMove } from "../format/entry.ts";
import { damaged } from "../format/headed-file.ts";
import { recordKey } from "../format/key.ts";
import type { State, Verdict } from "../format/state.ts";
import { emptyState, fold } from "../journal/fold.ts";
import { type ReadRecord, SlotReader, slotConcurrency } from "../journal/slots.ts";
import { readSnapshotBelow } from "../journal/snapshots.ts";

/** A push that was accepted, in whole or in part. */
export interface LogEntry {
  readonly slot: number;
  /** Who pushed, when, and what was asked for. */
  readonly entry: Entry;
  /** What of it was applied, in order. */
  readonly moves: readonly RefMove[];
  /** HEAD's change, if it was applied. */
  readonly head: Entry["head"];
}

/**
 * Where the log ends: the oldest slot that it covers, and why. `beginning`: there was nothing before. `stubs`: older records
 * gave way to stubs. `unjudged`: older records are there, but no snapshot is left from which to tell what became of them.
 */
export interface LogEnd {
  readonly slot: number;
  readonly reason: "beginning" | "stubs" | "unjudged";
}

/** Most often the last pushes are wanted, and few of them. */
const firstBatchLength = 8;
/** Records folded at most to find out what became of the newest of them. */
const maxFolded = 2 ** 16;

/**
 * The ref log of the trunk up to `state`: the journal's pushes, the newest first, read in steps as they are asked for. What was
 * refused is not in it. Throws `CORRUPT` when the records do not lead to `state`.
 */
export async function* readRefLog(
  backend: Backend,
  state: State,
  options: RequestOptions = {},
): AsyncGenerator<LogEntry, LogEnd> {
  const reader = new SlotReader(backend, options, "header");
  let last = state.slot;
  let digest = state.recordDigest;
  // What the state remembers verdicts of needs no folding.
  for (let length = firstBatchLength; last > state.horizon; length = Math.min(2 * length, slotConcurrency)) {
    const { records, stub } = await reader.behindStubs(Math.max(state.horizon + 1, last - length + 1), last);
    digest = checkChain(records, last, digest);
    yield* newestFirst(records, state.verdicts);
    last -= records.length;
    if (stub !== undefined) return { slot: last + 1, reason: "stubs" };
  }
  while (last >= 0) {
    const base =
      (await readSnapshotBelow(backend, last, options)) ?? emptyState({ id: state.trunkId, objects: state.objects });
    if (last - base.slot > maxFolded) return { slot: last + 1, reason: "unjudged" };
    const { records, stub } = await reader.behindStubs(base.slot + 1, last);
    // Behind a stub there may be records, but what became of them cannot be told without those before.
    if (stub !== undefined) return { slot: last + 1, reason: "stubs" };
    const verdicts = foldedVerdicts(base, records);
    digest = checkChain(records, last, digest);
    yield* newestFirst(records, verdicts);
    last = base.slot;
  }
  return { slot: 0, reason: "beginning" };
}

/** The verdicts in the slots of these records, which follow `base`. */
function foldedVerdicts(base: State, records: readonly ReadRecord[]): Map<string, Verdict> {
  const verdicts = new Map<string, Verdict>();
  let state = base;
  for (const record of records) {
    state = fold(state, [record]);
    for (const { id } of record.record.entries) {
      const verdict = state.verdicts.get(id);
      if (verdict?.slot === state.slot) verdicts.set(id, verdict);
    }
  }
  return verdicts;
}

/** Each record names the one before it, from `last` back; answers the digest of the record before the first. */
function checkChain(records: readonly ReadRecord[], last: number, digest: string): string {
  let expected = digest;
  for (const [age, { record, digest: found }] of records.toReversed().entries()) {
    if (found !== expected) throw damaged(recordKey(last - age), "it is not the record that those behind it follow");
    expected = record.previous;
  }
  return expected;
}

function* newestFirst(
  records: readonly ReadRecord[],
  verdicts: ReadonlyMap<string, Verdict>,
): Generator<LogEntry, void> {
  for (const { record } of records.toReversed()) {
    for (const entry of record.entries.toReversed()) {
      const verdict = verdicts.get(entry.id);
      // An entry that came twice was judged once.
      const accepted = verdict?.slot === record.slot ? applied(entry, verdict.letters) : undefined;
      if (accepted !== undefined) yield { slot: record.slot, entry, ...accepted };
    }
  }
}

/** What the letters of docs/format.md, 4, say was applied; `undefined` for nothing. */
function applied(entry: Entry, letters: string): Pick<LogEntry, "moves" | "head"> | undefined {
  const isApplied = (index: number) => (letters.length === 1 ? letters : letters[index]) === "a";
  const moves = entry.moves.filter((_, index) => isApplied(index));
  const head = isApplied(entry.moves.length) ? entry.head : undefined;
  return moves.length === 0 && head === undefined ? undefined : { moves, head };
}
