import { type Backend, isTrunksError, type RequestOptions, TrunksError } from "@trunks/core";
import type { Place } from "../format/mirror-map.ts";
import type { State } from "../format/state.ts";
import { readCold, readForward } from "../journal/read.ts";

/** For a mirror that got something else in the place of a push that was under way. */
export function overtaken(slot: number): TrunksError {
  return new TrunksError(
    "PRECONDITION_FAILED",
    `it took another record in slot ${slot} while this push was under way: it may have become the primary`,
    { hint: "fetch from it, and push there" },
  );
}

/** A copy that holds something else was made the primary, or was written to by hand. */
export async function explained(
  store: Backend,
  state: State,
  error: TrunksError,
  options: RequestOptions,
): Promise<TrunksError> {
  const there = (await readCold(store, options).catch(() => undefined))?.state.map.primary;
  if (there === undefined || there.name === state.map.primary?.name) return error;
  return superseded(there, error);
}

/** For a push to a store that was given up for another. */
export function superseded(primary: Place, cause?: TrunksError): TrunksError {
  return new TrunksError("PRECONDITION_FAILED", `${primary.name} was made the primary since: ${primary.url}`, {
    cause,
    hint: `push there: git remote set-url <remote> trunks::${primary.url}`,
  });
}

/**
 * What kept a mirror from being brought up, told as what it means to a push of which nothing was written yet: whether a copy
 * has arrived there is no outcome of the push.
 */
export function unanswered(thrown: unknown): unknown {
  if (!isTrunksError(thrown, "OUTCOME_UNKNOWN")) return thrown;
  return away("it did not say whether it took what it lacks", thrown);
}

/**
 * The same of what mirrors lack and the primary does not give: a pack that is gone was retired and swept while this client stood
 * still, if the trunk has moved on from `state`.
 */
export async function leftBehind(
  thrown: unknown,
  primary: Backend,
  state: State,
  options: RequestOptions,
): Promise<unknown> {
  if (!isTrunksError(thrown, "NOT_FOUND") && !isTrunksError(thrown, "CORRUPT")) return thrown;
  const now = await readForward(primary, state, options, 1).catch(() => undefined);
  if (now === undefined || now.state.slot === state.slot) return thrown;
  return away(`${thrown.message}; the trunk has moved on since`, thrown);
}

function away(message: string, cause: TrunksError): TrunksError {
  return new TrunksError("UNAVAILABLE", message, { cause, retryable: true, hint: "push again" });
}

/** The same error, saying which mirror it is about and what can be done. */
export function wrapped(place: Place, thrown: unknown): TrunksError {
  if (!isTrunksError(thrown)) throw thrown;
  const { code, message, retryable, retryAfterMs } = thrown;
  const remedies = `run \`trunks storage sync ${place.name}\` when it is back, \`trunks storage remove ${place.name}\`, or \`trunks storage update ${place.name} --mirror=lagging\``;
  return new TrunksError(code, `the mirror ${place.name} (${place.url}): ${message}`, {
    cause: thrown,
    retryable,
    retryAfterMs,
    // What contradicts is not mended by going on without it.
    hint:
      code === "PRECONDITION_FAILED" && thrown.hint
        ? thrown.hint
        : [thrown.hint, remedies].filter(Boolean).join("; or "),
  });
}
