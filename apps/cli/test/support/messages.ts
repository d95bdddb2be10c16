import { expect } from "vitest";

/** What a command says that a store has refused: one line that tells what is wrong, and one that tells what to do. */
export function said(what: RegExp, hint: RegExp): unknown {
  return expect.stringMatching(
    new RegExp(
      `^fatal: [^\n]*${what.source}[^\n]*\nhint: [^\n]*${hint.source}[^\n]*\n(error: failed to push [^\n]*\n)?$`,
    ),
  );
}
