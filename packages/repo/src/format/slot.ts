import { TrunksError } from "@trunks/core";

const lastSlot = 999_999_999_999_999;

export function isSlot(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0 && value <= lastSlot;
}

/** What a slot is called in keys: counted down, so that the newest one is listed first. */
export function slotName(slot: number): string {
  if (!isSlot(slot)) throw new TrunksError("INTERNAL", `no slot: ${slot}`);
  return String(lastSlot - slot).padStart(15, "0");
}

/** The slot of a name made by `slotName`, or `undefined` when it is none. */
export function parseSlotName(name: string): number | undefined {
  return /^[0-9]{15}$/.test(name) ? lastSlot - Number(name) : undefined;
}
