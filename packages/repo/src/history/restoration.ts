import { type RequestOptions, TrunksError } from "@trunks/core";
import type { Entry, RefMove } from "../format/entry.ts";
import type { State } from "../format/state.ts";
import type { MissedMirror } from "../mirror/mirrors.ts";
import { parseTag } from "../pack/git-object.ts";
import type { Repository } from "../repository.ts";
import { trunkObjects } from "../transfer/objects.ts";
import { findMissing } from "./completeness.ts";
import { type LogEnd, type LogEntry, readRefLog } from "./ref-log.ts";

/** Moves that bring refs back to what they were, not made yet. */
export interface Restoration {
  /** The push that it undoes. */
  readonly source: LogEntry;
  readonly moves: readonly RefMove[];
  readonly head: Entry["head"];
  /** The state from which it was planned. */
  readonly state: State;
}

export interface UndoOptions extends RequestOptions {
  /** The push to undo, by the first digits of its id. Default: the newest. */
  readonly entryId?: string;
  /** Move back also what somebody moved since, and a branch that HEAD names out of the way. Default false. */
  readonly force?: boolean;
}

/**
 * What would undo a push: each ref that it moved goes back to what it was. Throws `NOT_FOUND` when the log has no such push,
 * `CONFLICT` when a ref was moved since or is HEAD's branch and would be deleted, and for values whose objects were
 * collected.
 */
export async function planUndo(repository: Repository, options: UndoOptions = {}): Promise<Restoration> {
  const { entryId = "", force = false, signal } = options;
  const state = await existing(repository, signal);
  const later = new Map<string, LogEntry>();
  const source = await find(repository, state, { signal }, (log) => {
    if (log.entry.id.startsWith(entryId)) return true;
    for (const { ref } of log.moves) if (!later.has(ref)) later.set(ref, log);
    return false;
  });
  if (!("entry" in source)) {
    const what = entryId === "" ? "nothing was pushed yet" : `there is no push ${entryId} in the log`;
    throw new TrunksError("NOT_FOUND", `${what}${reachText(source)}`, { hint: "`trunks reflog` lists what is there" });
  }
  const moves: RefMove[] = [];
  for (const { ref, oldId, newId } of netMoves(source.moves)) {
    const current = state.refs.get(ref)?.id;
    if (current !== newId && !force) throw movedSince(ref, later.get(ref));
    if (current !== oldId) moves.push({ ref, oldId: current, newId: oldId });
  }
  const head = undoneHead(source.head, state);
  if (moves.length === 0 && head === undefined) {
    throw new TrunksError("CONFLICT", "there is nothing to undo: all refs are what they were before that push");
  }
  const target = head?.newTarget ?? state.head;
  if (!force && moves.some(({ ref, newId }) => ref === target && newId === undefined)) {
    throw new TrunksError("CONFLICT", `${target} would be deleted, and HEAD names it`, { hint: "--force does it" });
  }
  return { source, moves: await provedMoves(repository, state, source, moves, { signal }), head, state };
}

/** What would bring a deleted ref back. Throws `ALREADY_EXISTS` when it is there, and otherwise as `planUndo`. */
export async function planRestore(
  repository: Repository,
  ref: string,
  { signal }: RequestOptions = {},
): Promise<Restoration> {
  const state = await existing(repository, signal);
  if (state.refs.has(ref)) throw new TrunksError("ALREADY_EXISTS", `${ref} is there: it was not deleted`);
  const source = await find(repository, state, { signal }, (log) => log.moves.some((move) => move.ref === ref));
  if (!("entry" in source)) {
    throw new TrunksError("NOT_FOUND", `the log knows of no ${ref}${reachText(source)}`, {
      hint: "`trunks reflog` lists what is there",
    });
  }
  const oldId = source.moves.findLast((move) => move.ref === ref)?.oldId;
  const moves = [{ ref, oldId: undefined, newId: oldId }];
  return { source, moves: await provedMoves(repository, state, source, moves, { signal }), head: undefined, state };
}

/**
 * Publishes a restoration as a push of its own, all of it or nothing. Throws `CONFLICT` when a ref was moved, or the trunk
 * cleaned up, since it was planned. `missed` are strict mirrors that did not take it.
 */
export async function restore(
  repository: Repository,
  { source, moves, head, state }: Restoration,
  { author, signal }: RequestOptions & { readonly author?: string } = {},
): Promise<{ readonly state: State; readonly missed: readonly MissedMirror[] }> {
  const outcome = await repository.publish(
    {
      moves,
      head,
      atomic: true,
      basis: state.slot,
      // Should a sweep come in between, the fold sends this back.
      assumed: [...new Set(moves.flatMap(({ newId }) => newId ?? []))],
      author,
      options: [`${undoOption}${source.entry.id}`],
    },
    { signal },
  );
  if (outcome.kind === "decided" && ![...outcome.moves, outcome.head ?? "applied"].some((one) => one !== "applied")) {
    return outcome;
  }
  throw new TrunksError("CONFLICT", "somebody changed the trunk in the meantime, and nothing was moved", {
    hint: "look at `trunks reflog`, and try again",
  });
}

const undoOption = "undo=";

/** The id of the push that this one undid, if it is the record of a restoration. */
export function undoneEntryId({ options }: Pick<Entry, "options">): string | undefined {
  return options.find((option) => /^undo=[0-9a-f]{32}$/.test(option))?.slice(undoOption.length);
}

async function existing(repository: Repository, signal: AbortSignal | undefined): Promise<State> {
  const state = await repository.read({ forPush: true, signal });
  return state ?? repository.readExisting({ signal });
}

/** The newest push that fits, or else where the log ends. */
async function find(
  repository: Repository,
  state: State,
  options: RequestOptions,
  fits: (log: LogEntry) => boolean,
): Promise<LogEntry | LogEnd> {
  const log = readRefLog(repository.backend, state, options);
  for (;;) {
    const step = await log.next();
    if (step.done || fits(step.value)) return step.value;
  }
}

function reachText({ slot, reason }: LogEnd): string {
  return reason === "beginning" ? "" : `, which reaches back to slot ${slot}`;
}

/** One move a ref, from what it was before the push to what it was behind it. */
function netMoves(moves: readonly RefMove[]): RefMove[] {
  const net = new Map<string, RefMove>();
  for (const move of moves) net.set(move.ref, { ...move, oldId: (net.get(move.ref) ?? move).oldId });
  return [...net.values()];
}

function undoneHead(head: Entry["head"], state: State): Entry["head"] {
  if (head === undefined || head.newTarget !== state.head) return undefined;
  return { oldTarget: head.newTarget, newTarget: head.oldTarget };
}

function movedSince(ref: string, later: LogEntry | undefined): TrunksError {
  const who =
    later === undefined ? "" : `, by ${later.entry.author ?? "somebody"} in push ${later.entry.id.slice(0, 12)}`;
  return new TrunksError("CONFLICT", `${ref} was moved since${who}`, {
    hint: "--force moves it back all the same",
  });
}

/** The moves, when all that their new values reach is there, with what tags point to. */
async function provedMoves(
  repository: Repository,
  state: State,
  source: LogEntry,
  moves: readonly RefMove[],
  options: RequestOptions,
): Promise<RefMove[]> {
  const objects = trunkObjects(repository.backend, state, repository.records);
  const complete = [...state.refs.values()].map(({ id }) => id);
  const proved: RefMove[] = [];
  for (const move of moves) {
    const { ref, newId } = move;
    // Whatever was a ref's value is complete until objects are dropped.
    const mayLack = newId !== undefined && state.dropped > source.slot && !complete.includes(newId);
    const missing = mayLack ? await findMissing(objects, state.objects, newId, complete, options) : undefined;
    if (missing !== undefined) {
      throw new TrunksError("NOT_FOUND", `what ${ref} was, ${newId}, was collected as garbage: ${missing} is gone`);
    }
    const isBranch = ref.startsWith("refs/heads/");
    const peeledId = newId === undefined || isBranch ? undefined : await peel(objects, state, newId, options);
    proved.push(peeledId === undefined ? move : { ...move, peeledId });
  }
  return proved;
}

/** What a tag finally points to; `undefined` for what is no tag. */
async function peel(
  objects: ReturnType<typeof trunkObjects>,
  state: State,
  id: string,
  options: RequestOptions,
): Promise<string | undefined> {
  let target: string | undefined;
  for (let next: string | undefined = id; next !== undefined; ) {
    if ((await objects.info(next, options))?.type !== "tag") return target;
    const tag = await objects.read(next, options);
    target = tag && parseTag(state.objects, tag.data).object;
    next = target;
  }
  return target;
}
