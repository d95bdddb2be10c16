import type { CataloguePack } from "../../src/format/state.ts";
import type { LargeBlobBody } from "../../src/large/large-upload.ts";
import type { SegmentBody } from "../../src/transfer/segment-upload.ts";

export interface CommitPack extends SegmentBody {
  readonly pack: Uint8Array;
  readonly index: Uint8Array;
}

/** An object in a pack; with the id of what it is a delta against. */
export interface PackedObject {
  readonly id: string;
  readonly baseId?: string;
}

/** The commits that users make in a simulation, and packs of them. Knows all that were ever made. */
export interface Commits {
  /** The parent of each commit; each has one or none. */
  readonly parents: ReadonlyMap<string, string | undefined>;
  /** A new commit; `random` makes it another than all others. */
  make(parent: string | undefined, random: { hex(digits: number): string }): string;
  /** The ids of a commit and of what belongs to it alone. */
  objectsOf(commit: string): readonly string[];
  /**
   * A pack of these commits, younger ones first, with all that belongs to them, but for large blobs. It may be thin: with deltas against what
   * belongs to `bases`, commits that are not in it.
   */
  pack(commits: Iterable<string>, bases?: readonly string[]): Promise<CommitPack>;
  /** The large blobs that belong to these commits. */
  large(commits: Iterable<string>): readonly LargeBlobBody[];
  /** What is in a pack that the store has, by the bytes of the pack and of its index if it is a segment; no base behind its deltas. */
  objectsIn(pack: CataloguePack, bytes: Uint8Array, index: Uint8Array | undefined): readonly PackedObject[];
}

/** A commit and all before it. */
export function* ancestry({ parents }: Commits, tip: string | undefined): Generator<string> {
  for (let id = tip; id !== undefined; id = parents.get(id)) yield id;
}
