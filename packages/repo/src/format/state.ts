import type { ObjectFormat } from "../pack/object-format.ts";
import type { Container } from "./container.ts";
import type { MirrorMap } from "./mirror-map.ts";
import type { InlinePack, PackName, Segment } from "./pack-name.ts";

/** A ref's value. */
export interface Ref {
  readonly id: string;
  /** What an annotated tag finally points to; advisory. */
  readonly peeledId?: string;
}

/** A pack of the catalogue. */
export interface CataloguePack {
  readonly name: PackName;
  /** The slot of the record that brought it. */
  readonly slot: number;
  readonly pack: Segment | Container | InlinePack;
}

/** A trunk as of a slot: the fold of its journal. See docs/format.md, 4. */
export interface State {
  readonly trunkId: string;
  readonly objects: ObjectFormat;
  /** -1 before the first record. */
  readonly slot: number;
  /** Digest of the record in that slot. */
  readonly recordDigest: string;
  /** The ref that HEAD names; it need not exist. */
  readonly head: string;
  readonly refs: ReadonlyMap<string, Ref>;
  /** By the text of their names, in the order in which they came. */
  readonly packs: ReadonlyMap<string, CataloguePack>;
  /** Names of packs that left the catalogue, with the slot in which they did; in that order, as the two that follow. */
  readonly retired: ReadonlyMap<string, { readonly name: PackName; readonly slot: number }>;
  /** Verdicts in slots above the horizon, by entry id. */
  readonly verdicts: ReadonlyMap<string, Verdict>;
  /** Doomed keys in slots above the horizon. */
  readonly doomed: ReadonlyMap<string, number>;
  readonly horizon: number;
  readonly dropped: number;
  /** -1 when every entry was proved complete by its writer. */
  readonly unproved: number;
  /** Where the trunk is kept. */
  readonly map: MirrorMap;
}

export interface Verdict {
  readonly slot: number;
  /** Letters of docs/format.md, 4: one a move, or one for all. */
  readonly letters: string;
}
