import { type Code, withPatchedCode } from "./code.ts";
import { adjustableWindow, fewPacks, type Mutant } from "./mutants.ts";
import { remembered } from "./remembered.ts";
import type { Lapses } from "./scene.ts";
import { type History, simulate } from "./simulation.ts";

/** What runs the history of a seed. */
export interface Subject {
  /** The code for the next history, which is this one. */
  codeOf(seed: number): Code;
  readonly lapses: Lapses;
}

/**
 * The product, with small numbers in place of large ones where a short history would never meet them: a few packs are many, and in
 * every fifth history verdicts are soon forgotten. One copy of the code serves all histories, one after the other: two would
 * be compiled twice, and take turns in the processor's caches.
 */
export function withProduct<Result>(use: (subject: Subject) => Promise<Result>): Promise<Result> {
  return withPatchedCode([...remembered, ...fewPacks, ...adjustableWindow], (code) => {
    const { setVerdictWindow } = code as Code & { setVerdictWindow(slots: number): void };
    return use({
      codeOf: (seed) => {
        setVerdictWindow(seed % 5 === 4 ? 12 : 4096);
        return code;
      },
      lapses: {},
    });
  });
}

/** The product without one of its rules. */
export function withMutant<Result>(mutant: Mutant, use: (subject: Subject) => Promise<Result>): Promise<Result> {
  const { patches = [], lapses = {} } = mutant;
  return withPatchedCode([...remembered, ...fewPacks, ...patches], (code) => use({ codeOf: () => code, lapses }));
}

/** Runs histories from seed `first` on, until `signal` is raised, and answers the first that breaks a promise. */
export async function search(
  { codeOf, lapses }: Subject,
  first: number,
  count: number,
  onHistory: (history: History) => void = () => {},
  signal?: AbortSignal,
): Promise<History | undefined> {
  const { stackTraceLimit } = Error;
  // Thousands of failures are simulated, and nobody asks where they began.
  Error.stackTraceLimit = 0;
  try {
    for (let seed = first; seed < first + count && !signal?.aborted; seed++) {
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
