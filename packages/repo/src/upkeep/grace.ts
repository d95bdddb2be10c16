import { TrunksError } from "@trunks/core";

/** In milliseconds. How long what nobody needs any more stays, for those who still read it, or are about to name it. */
export const defaultGraceMs = 24 * 3_600_000;
const leastGraceMs = 3_600_000;

/** Throws `INVALID_ARGUMENT` for a grace time that is no time, or too short to be meant unless `force` says that it is. */
export function checkGrace(graceMs: number, force: boolean): void {
  if (!(graceMs >= 0)) throw new TrunksError("INVALID_ARGUMENT", `not a grace time: ${graceMs} ms`);
  if (graceMs >= leastGraceMs || force) return;
  throw new TrunksError(
    "INVALID_ARGUMENT",
    "a grace time of less than an hour takes files from under those who read them",
    {
      hint: "use --force when nobody else uses the trunk",
    },
  );
}
