import { describe, expect, test } from "vitest";
import { maxSearch, mutants } from "./mutants.ts";
import { search, withMutant } from "./search.ts";

describe("without the rule that", () => {
  test.each(mutants.map((mutant) => [mutant.rule, mutant] as const))("%s: a promise is broken", async (_, mutant) => {
    expect(await withMutant(mutant, (subject) => search(subject, 0, maxSearch))).toBeDefined();
  });
});
