import { type Backend, type RequestOptions, TrunksError } from "@trunks/core";
import { recordKey } from "../format/key.ts";
import { slotDigest, slotOpeningLength } from "../format/record.ts";
import type { State } from "../format/state.ts";

/**
 * The digest of the record in `slot`, also when a stub stands for it; `undefined` when the slot is free, empty when it is
 * filled with something else.
 */
export async function readSlotDigest(
  backend: Backend,
  slot: number,
  options: RequestOptions = {},
): Promise<string | undefined> {
  const content = await backend.get(recordKey(slot), { ...options, range: { start: 0, end: slotOpeningLength } });
  if (content === undefined) return undefined;
  return slotDigest(await content.bytes()) ?? "";
}

/** Whether slot `state.slot` still holds the record that `state` was folded from; throws `CORRUPT` when it does not. */
export async function checkTip(backend: Backend, state: State, options: RequestOptions = {}): Promise<void> {
  if (state.slot < 0) return;
  const digest = await readSlotDigest(backend, state.slot, options);
  if (digest === state.recordDigest) return;
  const finding = `${recordKey(state.slot)} ${digest === undefined ? "is gone" : "holds another record"}`;
  throw new TrunksError("CORRUPT", `the trunk is not the one that was here before: ${finding}`, {
    hint: "if the store was restored from a backup on purpose, remove the folder `trunks` in your .git folder and fetch again",
  });
}
