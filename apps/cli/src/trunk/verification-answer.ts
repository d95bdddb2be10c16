import type { Verification } from "@trunks/repo";
import { type Problem, problem } from "../check/problem.ts";

/** What a look at all that a mirror holds has found. */
export interface VerificationAnswer {
  readonly object: "mirror_verification";
  /** Whether all is there now and whole. */
  readonly ok: boolean;
  readonly records: number;
  readonly packs: number;
  /** How many keys were missing or damaged, and are as in the primary now. */
  readonly mended: number;
  /** Warnings were mended, errors were not. */
  readonly problems: readonly Problem[];
}

export function verificationAnswer({ records, packs, findings }: Verification): VerificationAnswer {
  const problems = findings.map(({ key, kind, error }) => {
    const code = kind === "missing" ? "MISSING" : "CORRUPT";
    if (error === undefined) return problem("warning", code, key, `was ${kind}, and was mended from the primary`);
    return problem("error", code, key, `is ${kind} here, and cannot be mended: in the primary, ${error.message}`);
  });
  const open = findings.filter(({ error }) => error !== undefined).length;
  const mended = findings.length - open;
  return { object: "mirror_verification", ok: open === 0, records, packs, mended, problems };
}

/** `verified 12 records and 3 packs: nothing missing, nothing damaged`. */
export function verificationText({ records, packs, mended, problems }: VerificationAnswer): string {
  const open = problems.length - mended;
  const found = [mended > 0 ? `${mended} mended` : "", open > 0 ? `${open} not mended` : ""].filter(Boolean).join(", ");
  return `verified ${records} records and ${packs} packs: ${found || "nothing missing, nothing damaged"}`;
}
