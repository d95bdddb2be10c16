/** Something that `trunks check` found. */
export interface Problem {
  readonly object: "problem";
  /** An error means that data is missing or damaged; a warning, that something is there which need not be. */
  readonly severity: "error" | "warning";
  readonly code:
    | "MISSING"
    | "WRONG_SIZE"
    | "CORRUPT"
    | "CONNECTIVITY"
    | "LOCAL"
    | "ROLLED_BACK"
    | "UNKNOWN_KEY"
    | "UNREFERENCED";
  /** A key, a ref or an object. */
  readonly subject: string;
  readonly message: string;
}

export function problem(
  severity: Problem["severity"],
  code: Problem["code"],
  subject: string,
  message: string,
): Problem {
  return { object: "problem", severity, code, subject, message };
}
