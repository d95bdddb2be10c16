import type { Backend, RequestOptions } from "@trunks/core";
import type { State } from "../format/state.ts";
import { newestSlot } from "../journal/read.ts";
import { readSlotDigest } from "../journal/tip.ts";

/** How far a copy is, seen from a state of the trunk. */
export type Standing =
  /** It holds the state's slot, and none behind it. */
  | { readonly kind: "even" }
  /** It holds a slot behind the state's: the state is old, or the copy has become the primary. */
  | { readonly kind: "ahead" }
  /** It holds the slots up to `slot`, and perhaps more. */
  | { readonly kind: "behind"; readonly slot: number }
  /** It holds another record in the state's slot. */
  | { readonly kind: "diverged" };

/** One round of requests, and a second one for a copy that is behind. */
export async function standingOf(copy: Backend, state: State, options: RequestOptions = {}): Promise<Standing> {
  for (let attempt = 1; ; attempt++) {
    const [tip, next] = await Promise.all([
      state.slot < 0 ? state.recordDigest : readSlotDigest(copy, state.slot, options),
      readSlotDigest(copy, state.slot + 1, options),
    ]);
    if (tip === state.recordDigest) return { kind: next === undefined ? "even" : "ahead" };
    if (tip !== undefined) return { kind: "diverged" };
    const newest = (await newestSlot(copy, options)) ?? -1;
    if (newest < state.slot) return { kind: "behind", slot: newest };
    // Filled since the first look; or else a slot is missing among others.
    if (attempt > 1) return { kind: "diverged" };
  }
}
