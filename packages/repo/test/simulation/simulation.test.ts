import { randomInt } from "node:crypto";
import { describe, expect, test } from "vitest";
import { ownCode } from "./code.ts";
import { search, withProduct } from "./search.ts";
import { type History, simulate } from "./simulation.ts";

/** From seed 0 on, always the same. */
const fixed = 2000;
/** A bound for what hangs, in milliseconds: the work is bounded by the number of histories. */
const boundMs = 1_800_000;
/** From a seed that is another one each time. */
const fresh = 300;

function told(failed: History | undefined): string {
  if (failed === undefined) return "no promise was broken";
  return `npm run simulate -- --seed ${failed.seed} --histories 1: ${failed.violation}`;
}

describe("histories with crashes, sleepers, storms and lost answers", () => {
  const tally: Record<string, number> = {};

  test("break no promise", { timeout: boundMs }, async () => {
    const add = (history: History) => {
      for (const [what, number] of Object.entries(history.tally)) tally[what] = (tally[what] ?? 0) + number;
    };
    expect(told(await withProduct((product) => search(product, 0, fixed, add)))).toBe("no promise was broken");
  });

  test("nor do some that nobody has seen before", { timeout: boundMs }, async () => {
    const seed = randomInt(2 ** 31);
    process.stdout.write(`fresh histories: seeds ${seed} to ${seed + fresh - 1}\n`);
    expect(told(await withProduct((product) => search(product, seed, fresh)))).toBe("no promise was broken");
  });

  test.each([
    ["applied", 20000],
    ["stale", 500],
    ["conflict", 1000],
    ["aborted", 300],
    ["repack", 500],
    ["failed", 500],
    ["unknown", 10],
    ["crashed", 1000],
    ["stub", 5000],
    ["drop", 1000],
    ["compaction", 1000],
    ["sweep", 1000],
    ["carried", 1000],
    ["carried by another", 200],
    ["read again", 50],
    ["packed", 200],
    ["collected", 200],
    ["cleaned", 300],
    ["archived", 200],
    ["large", 2000],
    ["read in chunks", 4000],
    ["missed", 20],
    ["read elsewhere", 10],
    ["read in a mirror", 100],
    ["promoted", 40],
    ["sent elsewhere", 300],
  ])("meet %s at least %i times", (what, least) => {
    expect(tally[what] ?? 0).toBeGreaterThanOrEqual(least);
  });

  test("come again with their seed", async () => {
    for (const seed of [0, 3, 42]) {
      const notes: string[][] = [[], []];
      expect(await simulate(ownCode, { seed }, {}, notes[0])).toEqual(await simulate(ownCode, { seed }, {}, notes[1]));
      expect(notes[0]).toEqual(notes[1]);
    }
  });
});
