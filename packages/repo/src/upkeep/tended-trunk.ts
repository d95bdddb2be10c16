import type { Backend, RequestOptions } from "@trunks/core";
import type { State } from "../format/state.ts";
import type { ReadRecord } from "../journal/slots.ts";
import type { Mirrors } from "../mirror/mirrors.ts";

/** What upkeep needs of a trunk: `Repository` is one. */
export interface TendedTrunk {
  readonly backend: Backend;
  /** Records that were read already, with their inline packs. */
  readonly records: readonly ReadRecord[];
  readonly mirrors: Mirrors;
  /** The newest state, or `undefined` when there is no trunk. */
  read(options: RequestOptions & { readonly forPush: boolean }): Promise<State | undefined>;
}
