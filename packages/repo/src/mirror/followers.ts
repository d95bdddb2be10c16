import { type Backend, type RequestOptions, TrunksError } from "@trunks/core";
import type { RefMove } from "../format/entry.ts";
import type { Place } from "../format/mirror-map.ts";
import type { State } from "../format/state.ts";
import { readForward } from "../journal/read.ts";
import { type PlanOptions, planFollow, pushesBehind, type RefConflict } from "./follow-plan.ts";
import { cannotFollow, type Follower, type MoveOutcome, type OpenFollower } from "./follower.ts";
import { mends, type RefusedMove, RefusedMoves } from "./refused-move.ts";

/** Looks at a follower again when others move its refs, or those of the trunk, at the same time. */
const maxTries = 8;

/** What was seen of a follower before a push. */
interface Sight {
  readonly theirs: ReadonlyMap<string, string>;
  readonly conflicts: readonly RefConflict[];
  readonly refused: readonly RefusedMove[];
}

/**
 * The trunk's mirrors that are Git repositories. They follow the journal and have no part in it: what they hold is told
 * from their refs, held against the trunk's and against what these were. See docs/mirrors.md.
 */
export class Followers {
  readonly #primary: Backend;
  readonly #open: OpenFollower;
  readonly #opened = new Map<string, Promise<Follower>>();
  /** By name; from the look before a push until it is brought along. */
  readonly #seen = new Map<string, Sight>();

  constructor(primary: Backend, open: OpenFollower = cannotFollow) {
    this.#primary = primary;
    this.#open = open;
  }

  /**
   * Before a push: sees to it that a strict follower can be pushed to, and brings it up to `state` if it is behind. What
   * contradicts there, and what its rules refuse of the trunk, is kept for `judge`: the push may be what reconciles it.
   */
  async prepare(place: Place, state: State, options: RequestOptions): Promise<void> {
    const follower = await this.#follower(place);
    const [theirs] = await Promise.all([follower.refs(options), follower.mayPush(options)]);
    const refused = new RefusedMoves(follower);
    this.#seen.set(place.name, await this.#bringUp(follower, state, theirs, options, refused));
  }

  /** Whether `prepare` has seen it since the last push. */
  isPrepared({ name }: Place): boolean {
    return this.#seen.has(name);
  }

  /**
   * Throws `CONFLICT` when a ref was moved in a follower, and these moves do not take up what is there; and its refusal, when it
   * does not take what the trunk has in a ref, and these moves leave that in it. So what is in the trunk behind them is all there
   * when it takes them.
   */
  async judge(place: Place, moves: readonly RefMove[], options: RequestOptions): Promise<void> {
    const { conflicts = [], refused = [] } = this.#seen.get(place.name) ?? {};
    const open: RefConflict[] = [];
    for (const conflict of conflicts) {
      const newId = moves.findLast(({ ref }) => ref === conflict.ref)?.newId;
      const follower = await this.#follower(place);
      if (newId === undefined || !(await follower.includes(newId, conflict.theirId, options))) open.push(conflict);
    }
    if (open.length > 0) throw contradiction(place, open);
    for (const each of refused) {
      if (!(await mends(await this.#follower(place), moves, each, options))) throw each.error;
    }
  }

  /** Brings a follower to `state`, or some refs of it. Throws `CONFLICT` where somebody has moved others' refs there. */
  async follow(place: Place, state: State, options: PlanOptions = {}): Promise<void> {
    const seen = this.#seen.get(place.name)?.theirs;
    this.#seen.delete(place.name);
    const follower = await this.#follower(place);
    const theirs = seen ?? (await follower.refs(options));
    const { conflicts } = await this.#bringUp(follower, state, theirs, options);
    if (conflicts.length > 0) throw contradiction(place, conflicts);
  }

  /** How many pushes it lacks. Throws `CONFLICT` where somebody has moved its refs. */
  async behind(place: Place, state: State, options: RequestOptions): Promise<number> {
    const follower = await this.#follower(place);
    const theirs = await follower.refs(options);
    const { moves, conflicts } = await planFollow(this.#primary, follower, state, theirs, options);
    if (conflicts.length > 0) throw contradiction(place, conflicts);
    return pushesBehind(this.#primary, state, moves, options);
  }

  /** What a look before a push has found, and no push has taken up. */
  contradiction(place: Place): TrunksError | undefined {
    const { conflicts = [], refused = [] } = this.#seen.get(place.name) ?? {};
    return conflicts.length === 0 ? refused[0]?.error : contradiction(place, conflicts);
  }

  async #bringUp(
    follower: Follower,
    state: State,
    seen: ReadonlyMap<string, string>,
    options: PlanOptions,
    refused?: RefusedMoves,
  ): Promise<Sight> {
    let current = state;
    let theirs = seen;
    for (let attempt = 1; attempt <= maxTries; attempt++) {
      const { moves: wanted, conflicts } = await planFollow(this.#primary, follower, current, theirs, options);
      const moves = refused?.without(wanted) ?? wanted;
      // What is there may come from a push that is newer than what is known here.
      const newer = conflicts.length === 0 ? current : (await readForward(this.#primary, current, options)).state;
      if (newer.slot === current.slot) {
        // What does not contradict follows.
        const outcome = await this.#move(follower, moves, current, options, refused);
        if (outcome.kind === "refused") throw outcome.error;
        const open = refused?.of(wanted) ?? [];
        const moved = moves.filter(({ ref }) => !open.some((each) => each.ref === ref));
        if (outcome.kind === "moved") return { theirs: movedRefs(theirs, moved), conflicts, refused: open };
      }
      current = newer;
      theirs = await follower.refs(options);
    }
    throw new TrunksError("CONFLICT", "others move its refs again and again", { hint: "try again" });
  }

  async #move(
    follower: Follower,
    moves: readonly RefMove[],
    state: State,
    options: RequestOptions,
    refused: RefusedMoves | undefined,
  ): Promise<MoveOutcome> {
    if (moves.length === 0) return { kind: "moved" };
    return refused === undefined ? follower.move(moves, state, options) : refused.moveOthers(moves, state, options);
  }

  #follower(place: Place): Promise<Follower> {
    const key = `${place.name} ${place.url}`;
    const opened = this.#opened.get(key) ?? this.#open(place);
    opened.catch(() => this.#opened.delete(key));
    this.#opened.set(key, opened);
    return opened;
  }
}

function movedRefs(refs: ReadonlyMap<string, string>, moves: readonly RefMove[]): ReadonlyMap<string, string> {
  const moved = new Map(refs);
  for (const { ref, newId } of moves) {
    if (newId === undefined) moved.delete(ref);
    else moved.set(ref, newId);
  }
  return moved;
}

/** Refs that a message names. */
const namedRefs = 5;

function contradiction({ url }: Place, conflicts: readonly RefConflict[]): TrunksError {
  const named = conflicts.slice(0, namedRefs).map(({ ref, theirId }) => `${ref} (${theirId.slice(0, 12)})`);
  const others = conflicts.length - named.length;
  const remote = url.replace(/^git\+/, "").replace(/\?.*$/, "");
  const [first] = conflicts;
  return new TrunksError(
    "CONFLICT",
    `somebody has moved ${named.join(", ")}${others > 0 ? ` and ${others} more` : ""} there`,
    { hint: `take it up: git pull ${remote} ${first?.ref ?? ""}, and push; or move it back there` },
  );
}
