import { type Backend, isTrunksError, type RequestOptions, TrunksError } from "@trunks/core";
import type { Place } from "../format/mirror-map.ts";
import type { State } from "../format/state.ts";
import { readCold, readForward } from "../journal/read.ts";
import { bringUp } from "./copy.ts";
import type { Mirrors } from "./mirrors.ts";

/**
 * A promotion is a record of the old primary first, and its promoter may have ended before this store, the new one, got it.
 * Whoever then comes to push, and is refused with `refusal`, gets it from there. Answers whether that was so. When the old
 * primary cannot be asked, a record that is missing here need not be lost: then throws what keeps it from answering.
 */
export async function finishPromotion(
  mirrors: Mirrors,
  store: Backend,
  refusal: TrunksError,
  options: RequestOptions,
): Promise<boolean> {
  const self = await mirrors.self(options);
  const here = (await readCold(store, options).catch(() => undefined))?.state;
  const old = here?.map.primary;
  if (self === undefined || here === undefined || old === undefined || !here.map.mirrors.has(self.name)) return false;
  try {
    return await takeFrom(old, self.name, here, mirrors, store, options);
  } catch (error) {
    if (!isTrunksError(error) || refusal.code === "PRECONDITION_FAILED") throw refusal;
    const { code, message, retryable, retryAfterMs, hint } = error;
    throw new TrunksError(code, `${refusal.message}; or it is still to come from ${old.name}, ${old.url}: ${message}`, {
      cause: error,
      retryable,
      retryAfterMs,
      hint: hint ?? "try again when that store answers",
    });
  }
}

async function takeFrom(
  old: Place,
  self: string,
  here: State,
  mirrors: Mirrors,
  store: Backend,
  options: RequestOptions,
): Promise<boolean> {
  const source = await mirrors.store(old);
  const { state } = await readForward(source, here, options);
  if (state.map.primary?.name !== self) return false;
  await bringUp(source, store, state, here.slot, { ...options, sleep: mirrors.sleep });
  return true;
}
