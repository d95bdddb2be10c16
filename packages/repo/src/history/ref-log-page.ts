import type { Backend, RequestOptions } from "@trunks/core";
import type { State } from "../format/state.ts";
import { type LogEnd, type LogEntry, readRefLog } from "./ref-log.ts";

/** One ref's change, as the log tells it. */
export interface RefUpdate {
  readonly log: LogEntry;
  /** `HEAD` for a change of HEAD, whose values are names of refs. */
  readonly ref: string;
  /** `undefined`: it was made then. */
  readonly oldValue: string | undefined;
  /** `undefined`: it was deleted then. */
  readonly newValue: string | undefined;
}

export interface RefLogPageOptions extends RequestOptions {
  /** Changes of this ref alone; `HEAD` is one. Default: of all. */
  readonly ref?: string;
  readonly limit: number;
  /** Changes to leave out first. Default 0. */
  readonly offset?: number;
}

export interface RefLogPage {
  /** The newest first. */
  readonly updates: readonly RefUpdate[];
  /** Whether older ones follow. */
  readonly more: boolean;
  /** Where the log ends, if it was read to its end. */
  readonly end: LogEnd | undefined;
}

/** A page of the ref log, refs that are deleted by now included. Reads no further back than it must. */
export async function readRefLogPage(
  backend: Backend,
  state: State,
  { ref, limit, offset = 0, signal }: RefLogPageOptions,
): Promise<RefLogPage> {
  const log = readRefLog(backend, state, { signal });
  const updates: RefUpdate[] = [];
  let skipped = 0;
  for (;;) {
    const step = await log.next();
    if (step.done) return { updates, more: false, end: step.value };
    for (const update of updatesOf(step.value).toReversed()) {
      if (ref !== undefined && update.ref !== ref) continue;
      if (skipped < offset) skipped++;
      else if (updates.length < limit) updates.push(update);
      else return { updates, more: true, end: undefined };
    }
  }
}

function updatesOf(log: LogEntry): RefUpdate[] {
  const moves = log.moves.map(({ ref, oldId, newId }) => ({ log, ref, oldValue: oldId, newValue: newId }));
  if (log.head === undefined) return moves;
  return [...moves, { log, ref: "HEAD", oldValue: log.head.oldTarget, newValue: log.head.newTarget }];
}
