import type { Entry, RefMove } from "../format/entry.ts";
import type { State, Verdict } from "../format/state.ts";
import type { LargeBlobBody } from "../large/large-upload.ts";
import type { SegmentBody } from "./segment-upload.ts";

/** In bytes. A pack up to this size travels inside its record. */
export const inlinePackLimit = 2 ** 20;

/** One push, as its caller wants it. */
export interface Publication {
  readonly moves: readonly RefMove[];
  readonly head?: { readonly oldTarget: string; readonly newTarget: string };
  /** All moves or none. Default false. */
  readonly atomic?: boolean;
  /** Everything that the new values reach and the assumed ones do not; none when nothing is new. */
  readonly pack?: PublicationPack;
  /** Blobs that `pack` leaves out, which shall be kept in chunks. Default: none. */
  readonly large?: readonly LargeBlobBody[];
  /** The slot of the state from which `moves` and `assumed` were taken. */
  readonly basis: number;
  /** Values of refs in the basis from which the pack was cut off; `"*"` for any of them. */
  readonly assumed: readonly string[] | "*";
  /** The pack was made without walking all that it should hold. Default false. */
  readonly unproved?: boolean;
  readonly author?: string;
  readonly options?: readonly string[];
}

/** A small pack in memory, at most `inlinePackLimit` and perhaps thin; or segments. */
export type PublicationPack =
  | { readonly kind: "inline"; readonly bytes: Uint8Array; readonly objectCount: number }
  | { readonly kind: "segments"; readonly segments: readonly SegmentBody[] };

/** `stale`: the ref has another value than `oldId`. `conflict`: its name is a folder of another. `aborted`: atomic, and another move failed. */
export type MoveVerdict = "applied" | "stale" | "conflict" | "aborted";

/**
 * `decided`: a verdict per move (and one for HEAD). `repack`: objects that the pack relied on may be gone; read the state,
 * pack again and publish again.
 */
export type PublishOutcome =
  | {
      readonly kind: "decided";
      readonly moves: readonly MoveVerdict[];
      readonly head: MoveVerdict | undefined;
      readonly state: State;
    }
  | { readonly kind: "repack"; readonly state: State };

/** What a verdict on an entry means for whoever published it. */
export function outcomeOf(verdict: Verdict, entry: Entry, state: State): PublishOutcome {
  const { letters } = verdict;
  if (letters === "r") return { kind: "repack", state };
  const verdicts = Array.from({ length: entry.moves.length + 1 }, (_, index) =>
    verdictOf(letters[index] ?? (letters[0] as string)),
  );
  return {
    kind: "decided",
    moves: verdicts.slice(0, entry.moves.length),
    head: entry.head === undefined ? undefined : verdicts[entry.moves.length],
    state,
  };
}

function verdictOf(letter: string): MoveVerdict {
  if (letter === "a") return "applied";
  if (letter === "s") return "stale";
  return letter === "c" ? "conflict" : "aborted";
}
