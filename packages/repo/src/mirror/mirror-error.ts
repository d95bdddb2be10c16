import { type Backend, isTrunksError, type RequestOptions, TrunksError } from "@trunks/core";
import type { Place } from "../format/mirror-map.ts";
import type { State } from "../format/state.ts";
import { readCold } from "../journal/read.ts";

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
  return new TrunksError("PRECONDITION_FAILED", `${there.name} was made the primary since: ${there.url}`, {
    cause: error,
    hint: `push there: git remote set-url <remote> trunks::${there.url}`,
  });
}

/** A copy whose outcome is not known says nothing of the push that it was made for: nothing of that was written yet. */
export function beforePush(thrown: unknown): unknown {
  if (!isTrunksError(thrown, "OUTCOME_UNKNOWN")) return thrown;
  return new TrunksError("UNAVAILABLE", "it did not say whether it took what it lacks", {
    cause: thrown,
    retryable: true,
  });
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
