import { type Backend, listPages, type RequestOptions } from "@trunks/core";
import { journalPrefix, recordKeySlot } from "../format/key.ts";
import type { State } from "../format/state.ts";
import { readRefLog } from "./ref-log.ts";

/** What must stay for as long as the ref log is kept. */
export interface RetainedTips {
  /** The refs' values, and every value that a ref lost within the retention. */
  readonly ids: ReadonlySet<string>;
  /** The oldest slot that was looked at: what earlier pushes replaced is not among the ids. */
  readonly slot: number;
}

/** Pages of the journal's listing: a million records. */
const maxPages = 1000;

/**
 * The tips from which everything is reachable that `undo`, `restore` and the ref log may still want: collecting what none of them
 * reaches keeps the promise of the retention. `sinceMs` is a time by the store's clock, which is what says how old a record
 * is: a writer's own may be wrong. A record whose age is not known counts as young. What the log has forgotten already,
 * behind stubs, cannot be kept.
 */
export async function retainedTips(
  backend: Backend,
  state: State,
  sinceMs: number,
  options: RequestOptions = {},
): Promise<RetainedTips> {
  const ids = new Set([...state.refs.values()].map(({ id }) => id));
  const oldest = await oldestSince(backend, state, sinceMs, options);
  const log = readRefLog(backend, state, options);
  for (;;) {
    const step = await log.next();
    if (step.done) return { ids, slot: Math.max(step.value.slot, oldest) };
    if (step.value.slot < oldest) return { ids, slot: oldest };
    for (const { oldId } of step.value.moves) if (oldId !== undefined) ids.add(oldId);
  }
}

/** The first slot behind the newest record that is older than `sinceMs`. */
async function oldestSince(backend: Backend, state: State, sinceMs: number, options: RequestOptions): Promise<number> {
  for await (const page of listPages(backend, journalPrefix, { ...options, maxPages })) {
    for (const { key, modifiedMs } of page) {
      const slot = recordKeySlot(key);
      if (slot !== undefined && slot <= state.slot && modifiedMs < sinceMs) return slot + 1;
    }
  }
  return 0;
}
