import { type Backend, isTrunksError, type RequestOptions, TrunksError } from "@trunks/core";
import { readCold, readForward } from "../journal/read.ts";
import { bringUp } from "./copy.ts";
import type { Mirrors } from "./mirrors.ts";

/**
 * A promotion is a record of the old primary first, and its promoter may have ended before this store, the new one, got it.
 * Whoever then comes to push, and is refused with `refusal`, gets it from there. Answers whether that was so. As long as a store
 * cannot be asked, a record that is missing here need not be lost: then throws what keeps it from answering.
 */
export async function finishPromotion(
  mirrors: Mirrors,
  store: Backend,
  refusal: TrunksError,
  options: RequestOptions,
): Promise<boolean> {
  try {
    return await takePromotion(mirrors, store, options);
  } catch (error) {
    const isAway = isTrunksError(error) && error.code !== "CORRUPT" && error.code !== "PRECONDITION_FAILED";
    if (!isAway || refusal.code === "PRECONDITION_FAILED") throw refusal;
    const { code, message, retryable, retryAfterMs, hint = "try again" } = error;
    const told = `${refusal.message}, or is still to come from the store that was the primary before: ${message}`;
    throw new TrunksError(code, told, { cause: error, retryable, retryAfterMs, hint });
  }
}

async function takePromotion(mirrors: Mirrors, store: Backend, options: RequestOptions): Promise<boolean> {
  const self = await mirrors.self(options);
  const here = (await readCold(store, options))?.state;
  const old = here?.map.primary;
  if (self === undefined || here === undefined || old === undefined || !here.map.mirrors.has(self.name)) return false;
  const source = await mirrors.store(old);
  const { state } = await readForward(source, here, options);
  if (state.map.primary?.name !== self.name) return false;
  await bringUp(source, store, state, here.slot, { ...options, sleep: mirrors.sleep });
  return true;
}
