import type { RequestOptions, TrunksError } from "@trunks/core";
import type { RefMove } from "../format/entry.ts";
import type { State } from "../format/state.ts";
import type { Follower, MoveOutcome } from "./follower.ts";

/** A move that the trunk has made, and a follower's rules do not take. */
export interface RefusedMove extends RefMove {
  readonly error: TrunksError;
}

/** Attempts at most to tell apart what is refused from what came with it. */
const maxAttempts = 32;

/** What a follower refuses while it is brought up; all else goes its way. */
export class RefusedMoves {
  readonly #follower: Follower;
  readonly #refused: RefusedMove[] = [];
  #attempts = 0;

  constructor(follower: Follower) {
    this.#follower = follower;
  }

  /** Those of these moves that were not refused. */
  without(moves: readonly RefMove[]): RefMove[] {
    return moves.filter((move) => !this.#refused.some((each) => isSame(each, move)));
  }

  /** Those of these moves that were refused. */
  of(moves: readonly RefMove[]): RefusedMove[] {
    return this.#refused.filter((each) => moves.some((move) => isSame(each, move)));
  }

  /** Makes those of the moves that are taken. Hosts refuse all of a push for one ref of it, which is found by halves. */
  async moveOthers(
    moves: readonly RefMove[],
    state: State,
    options: RequestOptions,
  ): Promise<Exclude<MoveOutcome, { kind: "refused" }>> {
    const outcome = await this.#follower.move(moves, state, options);
    if (outcome.kind !== "refused") return outcome;
    if (moves.length === 1 || ++this.#attempts >= maxAttempts) {
      this.#refused.push(...moves.map((move) => ({ ...move, error: outcome.error })));
      return { kind: "moved" };
    }
    const middle = moves.length >> 1;
    const first = await this.moveOthers(moves.slice(0, middle), state, options);
    const second = await this.moveOthers(moves.slice(middle), state, options);
    return first.kind === "stale" ? first : second;
  }
}

/**
 * Whether a push takes out of a ref what the follower refuses: it deletes the ref, moves it back or aside, or, where the follower
 * takes no steps back, brings what the follower has. More on top of it would be refused as well.
 */
export async function mends(
  follower: Follower,
  moves: readonly RefMove[],
  refused: RefusedMove,
  options: RequestOptions,
): Promise<boolean> {
  const move = moves.findLast(({ ref }) => ref === refused.ref);
  if (move === undefined || move.newId === refused.newId) return false;
  const { newId: wantedId, oldId: theirId } = refused;
  if (move.newId === undefined || wantedId === undefined) return true;
  if (!(await follower.includes(move.newId, wantedId, options))) return true;
  if (theirId === undefined || (await follower.includes(wantedId, theirId, options))) return false;
  return follower.includes(move.newId, theirId, options);
}

function isSame(left: RefMove, right: RefMove): boolean {
  return left.ref === right.ref && left.newId === right.newId;
}
