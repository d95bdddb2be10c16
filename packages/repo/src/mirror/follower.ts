import { type RequestOptions, TrunksError } from "@trunks/core";
import type { RefMove } from "../format/entry.ts";
import type { Place } from "../format/mirror-map.ts";
import type { State } from "../format/state.ts";

/** A mirror that is a Git repository: its branches and tags follow the trunk's. How it is reached is the caller's to say. */
export interface Follower {
  /** What its branches and tags are, ids by full names. Throws what keeps it from answering. */
  refs(options: RequestOptions): Promise<ReadonlyMap<string, string>>;
  /** Throws unless it would take a push of this user. Changes nothing there. */
  mayPush(options: RequestOptions): Promise<void>;
  /** Whether `id` reaches the commit `oldId`; false as well when that is not known here. */
  includes(id: string, oldId: string, options: RequestOptions): Promise<boolean>;
  /**
   * Moves refs, all of them or none if it can, with the objects that they need, which are the trunk's as of `state`. Throws
   * what keeps it from answering.
   */
  move(moves: readonly RefMove[], state: State, options: RequestOptions): Promise<MoveOutcome>;
}

/** What became of moves in a follower. */
export type MoveOutcome =
  | { readonly kind: "moved" }
  /** One of the refs was not at its old value there. */
  | { readonly kind: "stale" }
  /** Its rules do not allow one of them, or not what it brings. */
  | { readonly kind: "refused"; readonly error: TrunksError };

/** Opens the Git repository that a place names. */
export type OpenFollower = (place: Place) => Promise<Follower>;

/** Of a program that has no git to push with. */
export async function cannotFollow(): Promise<Follower> {
  throw new TrunksError("NOT_SUPPORTED", "it is a Git repository, and this program cannot push to one", {
    hint: "push with git",
  });
}
