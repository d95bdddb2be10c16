import { beforeAll, describe, expect, test } from "vitest";
import { type Code, ownCode, withPatchedCode } from "./code.ts";
import { type Mutant, mutants, smallWindow } from "./mutants.ts";
import { type History, simulate } from "./simulation.ts";

/** Histories tried before a mutant counts as not found; the worst of them shows itself in one of a hundred. */
const maxSearch = 2000;

async function histories(code: Code, first: number, count: number): Promise<History[]> {
  const found: History[] = [];
  for (let seed = first; seed < first + count; seed++) found.push(await simulate(code, seed));
  return found;
}

function violations(found: readonly History[]): string[] {
  return found.flatMap(({ seed, violation }) => (violation === undefined ? [] : [`seed ${seed}: ${violation}`]));
}

describe("histories with crashes, sleepers, storms and lost answers", () => {
  let own: History[];
  let small: History[];

  beforeAll(async () => {
    own = await histories(ownCode, 0, 200);
    small = await withPatchedCode(smallWindow, (code) => histories(code, 1000, 100));
  }, 600_000);

  test("break no promise", () => {
    expect(violations(own)).toEqual([]);
  });

  test("nor when verdicts are soon forgotten", () => {
    expect(violations(small)).toEqual([]);
  });

  test.each([
    ["applied", 2000],
    ["stale", 50],
    ["conflict", 100],
    ["aborted", 30],
    ["repack", 50],
    ["failed", 50],
    ["unknown", 3],
    ["crashed", 100],
    ["stub", 500],
    ["drop", 100],
    ["compaction", 100],
    ["sweep", 100],
    ["carried", 100],
    ["carried by another", 50],
    ["read again", 10],
  ])("meet %s at least %i times", (what, least) => {
    const total = [...own, ...small].reduce((sum, { tally }) => sum + (tally[what] ?? 0), 0);
    expect(total).toBeGreaterThanOrEqual(least);
  });

  test("come again with their seed", async () => {
    for (const seed of [0, 3, 42]) expect(await simulate(ownCode, seed)).toEqual(own[seed]);
  });
});

async function firstViolation(code: Code, { lapses }: Mutant): Promise<History | undefined> {
  for (let seed = 0; seed < maxSearch; seed++) {
    const history = await simulate(code, seed, lapses);
    if (history.violation !== undefined) return history;
  }
  return undefined;
}

describe("without the rule that", () => {
  test.each(mutants.map((mutant) => [mutant.rule, mutant] as const))(
    "%s: a promise is broken",
    async (_, mutant) => {
      const { patches = [] } = mutant;
      const search = (code: Code) => firstViolation(code, mutant);
      expect(await (patches.length === 0 ? search(ownCode) : withPatchedCode(patches, search))).toBeDefined();
      // The work is bounded by the number of histories; how long they take is the machine's matter.
    },
    600_000,
  );
});
