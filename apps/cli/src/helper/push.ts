import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { TrunksError } from "@trunks/core";
import {
  leastLargeBlobSize,
  type MissedMirror,
  type MoveVerdict,
  type RefMove,
  type Repository,
  refIds,
  type State,
} from "@trunks/repo";
import { chunkThreshold } from "./large-blobs.ts";
import type { LocalRepository } from "./local-repository.ts";
import { lookUpObjects, tipsOfPartialClone } from "./object-lookup.ts";
import type { HelperOptions } from "./options.ts";
import { makeOutgoingPack, type OutgoingPack } from "./outgoing-pack.ts";
import { pushAuthor } from "./push-author.ts";
import type { PushCommand } from "./push-command.ts";
import { shallowPush, shallowRefusal } from "./shallow-push.ts";

export interface PushContext {
  readonly repository: Repository;
  readonly local: LocalRepository;
  readonly options: HelperOptions;
  /** What `list for-push` answered from; git has judged the push by it. */
  readonly listed: State | undefined;
  readonly signal: AbortSignal;
}

/** A trunk with at most so many refs names all of them as assumed; a larger one says "any of them". */
const namedAssumptions = 16;
/** Times that a push is packed again, because what it was built on had been cleaned away. */
const maxPackings = 5;

/** What git is told of a batch, and what it has no words for. */
export interface PushReport {
  readonly lines: readonly string[];
  /** Strict mirrors that did not take what the trunk has now. */
  readonly missed: readonly MissedMirror[];
}

/** Carries out a batch of pushes as one entry and answers git's report lines. */
export async function push(commands: readonly PushCommand[], context: PushContext): Promise<PushReport> {
  const { listed, options } = context;
  const found = await lookUp(commands, context);
  const refusals = new Map<string, string>();
  const moves: RefMove[] = [];
  for (const command of commands) {
    const move = moveOf(command, listed, found);
    const reason = refusal(command, move, found, context);
    if (reason === undefined) moves.push(move);
    else refusals.set(command.target, reason);
  }
  const { cutIds, refused } = await shallowPush(moves, found.presentIds, listed, context);
  for (const { ref } of refused) refusals.set(ref, shallowRefusal);
  const whole = moves.filter((move) => !refused.has(move));
  const aborted = options.atomic && refusals.size > 0;
  if (aborted || whole.length === 0 || options.dryRun) {
    return { lines: report(commands, refusals, new Map(), aborted), missed: [] };
  }
  const state = listed ?? (await createTrunk(context));
  const prepared = { moves: whole, presentIds: found.presentIds, cutIds };
  const { verdicts, missed } = await publish(prepared, state, context);
  return { lines: report(commands, refusals, verdicts, false, options), missed };
}

interface Found {
  /** Ids by the names that were asked for. */
  readonly objects: ReadonlyMap<string, string>;
  /** Values of the trunk's refs that the user's repository has. */
  readonly presentIds: readonly string[];
}

/** Looks up the sources, what their tags point to, the old values, and which of the trunk's tips are here. */
async function lookUp(commands: readonly PushCommand[], { listed, local, signal }: PushContext): Promise<Found> {
  const tips = listed === undefined ? new Set<string>() : refIds(listed);
  const partial = (await local.settings()).isPartialClone;
  // In a partial clone, to ask for an object that is not here would fetch it.
  const asked = partial ? await tipsOfPartialClone(tips, signal) : [...tips];
  const known = new Set(asked);
  const oldIds = commands.flatMap(({ target }) => listed?.refs.get(target)?.id ?? []).filter((id) => known.has(id));
  const sources = commands.flatMap(({ source }) => (source === "" ? [] : source));
  const named = [...sources, ...oldIds].flatMap((name) => [name, `${name}^{}`, `${name}^{commit}`]);
  const objects = await lookUpObjects(partial ? named : [...named, ...asked], signal);
  const presentIds = partial ? asked : asked.filter((id) => objects.has(id));
  return { objects, presentIds };
}

function moveOf({ source, target }: PushCommand, listed: State | undefined, { objects }: Found): RefMove {
  const oldId = listed?.refs.get(target)?.id;
  if (source === "") return { ref: target, oldId, newId: undefined };
  const newId = objects.get(source);
  if (newId === undefined) {
    throw new TrunksError("NOT_FOUND", `there is no object ${JSON.stringify(source)} in this repository`);
  }
  const peeledId = objects.get(`${source}^{}`);
  return { ref: target, oldId, newId, ...(peeledId === undefined || peeledId === newId ? {} : { peeledId }) };
}

/**
 * Why a move is refused before anything is written, in git's own words; `undefined` when it is not. Git has looked for
 * itself whether a branch is only moved forward, but passes on the cases that it cannot judge: an old value that is not
 * here, and one that is no commit.
 */
function refusal(
  command: PushCommand,
  move: RefMove,
  { objects }: Found,
  { listed, options }: PushContext,
): string | undefined {
  const { oldId, newId } = move;
  const lease = options.leases.get(move.ref);
  if (!command.forced && lease !== undefined && lease !== (oldId ?? "0".repeat(lease.length))) return "stale info";
  if (
    newId !== undefined &&
    move.ref.startsWith("refs/heads/") &&
    objects.get(`${command.source}^{commit}`) !== newId
  ) {
    return "a branch can point to commits only";
  }
  if (oldId === undefined) return undefined;
  if (newId === undefined) return listed?.head === move.ref ? "deletion of the current branch prohibited" : undefined;
  if (command.forced || newId === oldId) return undefined;
  if (!objects.has(oldId)) return "fetch first";
  return objects.has(`${oldId}^{commit}`) && objects.has(`${command.source}^{commit}`) ? undefined : "needs force";
}

async function createTrunk({ repository, local, options, signal }: PushContext): Promise<State> {
  const state = await repository.create({ objects: await local.objectFormat(), signal });
  if (options.verbosity >= 1) process.stderr.write("remote: made a new trunk\n");
  return state;
}

interface Prepared {
  readonly moves: readonly RefMove[];
  readonly presentIds: readonly string[];
  /** Further commits that the trunk has, at which this clone is cut off. */
  readonly cutIds: readonly string[];
}

interface Published {
  readonly verdicts: ReadonlyMap<string, MoveVerdict>;
  readonly missed: readonly MissedMirror[];
}

async function publish(prepared: Prepared, listed: State, context: PushContext): Promise<Published> {
  let state = listed;
  let { cutIds } = prepared;
  for (let packing = 1; packing <= maxPackings; packing++) {
    const assumedIds = [...assumedTips(prepared, state), ...cutIds];
    const outgoing = await pack(prepared, assumedIds, state, context);
    try {
      const outcome = await publishPacked(prepared, outgoing, assumedIds, state, context);
      if (outcome.kind === "decided") {
        const verdicts = prepared.moves.map(({ ref }, index) => [ref, outcome.moves[index] as MoveVerdict] as const);
        return { verdicts: new Map(verdicts), missed: outcome.missed };
      }
      state = outcome.state;
      const cut = await shallowPush(prepared.moves, assumedTips(prepared, state), state, context);
      if (cut.refused.size > 0) throw new TrunksError("CONFLICT", shallowRefusal, { hint: "git fetch --unshallow" });
      cutIds = cut.cutIds;
    } finally {
      await outgoing?.remove();
    }
  }
  throw new TrunksError("CONFLICT", "the trunk was cleaned up again and again while this push was packed", {
    hint: "push again",
  });
}

/** Tips that the pack may build on, as of `state`. */
function assumedTips({ presentIds }: Prepared, state: State): string[] {
  const values = refIds(state);
  return presentIds.filter((id) => values.has(id));
}

function newIds({ moves }: Prepared): string[] {
  return [...new Set(moves.flatMap(({ newId }) => newId ?? []))];
}

async function pack(
  prepared: Prepared,
  assumedIds: readonly string[],
  state: State,
  { local, options, signal }: PushContext,
): Promise<OutgoingPack | undefined> {
  const ids = newIds(prepared);
  if (ids.length === 0) return undefined;
  return makeOutgoingPack({
    newIds: ids,
    assumedIds,
    thresholdBytes: await chunkThreshold(local),
    leastLargeBytes: leastLargeBlobSize(state),
    folder: await mkdtemp(join(await local.ownFolder("tmp"), "push-")),
    local,
    progress: options.progress,
    signal,
  });
}

async function publishPacked(
  prepared: Prepared,
  outgoing: OutgoingPack | undefined,
  assumedIds: readonly string[],
  state: State,
  { repository, local, options, signal }: PushContext,
): ReturnType<Repository["publish"]> {
  const settings = await local.settings();
  return repository.publish(
    {
      moves: prepared.moves,
      head: firstHead(prepared.moves, state),
      atomic: options.atomic,
      pack: outgoing?.pack,
      large: outgoing?.large,
      basis: state.slot,
      assumed: assumedIds.length <= namedAssumptions ? assumedIds : "*",
      author: pushAuthor(settings),
      options: options.pushOptions,
    },
    { signal },
  );
}

/** The first push of a trunk decides what HEAD names: the branch that it brings, when `main` is not among them. */
function firstHead(moves: readonly RefMove[], state: State): { oldTarget: string; newTarget: string } | undefined {
  if (state.slot !== -1 || moves.some(({ ref }) => ref === state.head)) return undefined;
  const branches = moves
    .filter(({ ref, newId }) => newId !== undefined && ref.startsWith("refs/heads/"))
    .map(({ ref }) => ref);
  const newTarget = branches.find((ref) => ref === "refs/heads/master") ?? branches[0];
  return newTarget === undefined ? undefined : { oldTarget: state.head, newTarget };
}

function report(
  commands: readonly PushCommand[],
  refusals: ReadonlyMap<string, string>,
  verdicts: ReadonlyMap<string, MoveVerdict>,
  aborted: boolean,
  options?: HelperOptions,
): string[] {
  return commands.map(({ target }) => {
    const reason =
      refusals.get(target) ?? (aborted ? "atomic push failure" : wordsOf(verdicts.get(target), target, options));
    return reason === undefined ? `ok ${target}` : `error ${target} ${reason}`;
  });
}

/** Git's own words, where it has them. */
function wordsOf(
  verdict: MoveVerdict | undefined,
  target: string,
  options: HelperOptions | undefined,
): string | undefined {
  if (verdict === "stale") return options?.leases.has(target) ? "stale info" : "fetch first";
  if (verdict === "conflict") return "another ref's name is a folder of this one, or this of another";
  return verdict === "aborted" ? "atomic push failure" : undefined;
}
