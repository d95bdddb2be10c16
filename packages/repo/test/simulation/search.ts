import { type Code, ownCode, withPatchedCode } from "./code.ts";
import { type Mutant, smallWindow } from "./mutants.ts";
import type { Lapses } from "./scene.ts";
import { type History, simulate } from "./simulation.ts";

/** What runs the history of a seed. */
export interface Subject {
  codeOf(seed: number): Code;
  readonly lapses: Lapses;
}

/** The product; in every fifth history verdicts are soon forgotten, so that a short one gets past the horizon. */
export function withProduct<Result>(use: (subject: Subject) => Promise<Result>): Promise<Result> {
  return withPatchedCode(smallWindow, (small) =>
    use({ codeOf: (seed) => (seed % 5 === 4 ? small : ownCode), lapses: {} }),
  );
}

/** The product without one of its rules. */
export function withMutant<Result>(mutant: Mutant, use: (subject: Subject) => Promise<Result>): Promise<Result> {
  const { patches = [], lapses = {} } = mutant;
  if (patches.length === 0) return use({ codeOf: () => ownCode, lapses });
  return withPatchedCode(patches, (code) => use({ codeOf: () => code, lapses }));
}

/** Runs histories from seed `first` on, and answers the first that breaks a promise. */
export async function search(
  { codeOf, lapses }: Subject,
  first: number,
  count: number,
  onHistory: (history: History) => void = () => {},
): Promise<History | undefined> {
  const { stackTraceLimit } = Error;
  // Thousands of failures are simulated, and nobody asks where they began.
  Error.stackTraceLimit = 0;
  try {
    for (let seed = first; seed < first + count; seed++) {
      const history = await simulate(codeOf(seed), { seed }, lapses);
      onHistory(history);
      if (history.violation !== undefined) return history;
      // Whoever waits for this process may have something to say.
      if (seed % 64 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
  return undefined;
}
