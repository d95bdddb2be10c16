import { isTrunksError } from "@trunks/core";
import { describe, expect, it } from "vitest";
import { ContractFailure, contractCases, runContract } from "../src/index.ts";
import { openMutant } from "./mutant.ts";
import { bodyMutants } from "./mutants-body.ts";
import { createMutants } from "./mutants-create.ts";
import { listMutants } from "./mutants-list.ts";
import { otherMutants, refusing } from "./mutants-other.ts";
import { readMutants } from "./mutants-read.ts";

const mutants = [...createMutants, ...bodyMutants, ...readMutants, ...listMutants, ...otherMutants];

describe("a suite that a wrong backend passes proves nothing", () => {
  it.each(mutants.map((mutant) => [mutant.name, mutant.caughtBy, mutant] as const))(
    "%s: caught by %s",
    async (_, caughtBy, mutant) => {
      const [outcome] = await runContract(openMutant(mutant), {
        needs: mutant.needs,
        select: ({ id }) => id === caughtBy,
      });
      expect(outcome).toMatchObject({ id: caughtBy, status: "failed" });
      const { error } = outcome!;
      // By a promise that was broken or by an error of the mutant's, not by a fault of the harness.
      expect(error instanceof ContractFailure || isTrunksError(error), String(error)).toBe(true);
    },
  );

  it("has a mutant for every case", () => {
    const caught = new Set(mutants.map(({ caughtBy }) => caughtBy));
    expect(contractCases.map(({ id }) => id).filter((id) => !caught.has(id))).toEqual([]);
  });

  it("has no two mutants of one name", () => {
    expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length);
  });

  it("passes clients that are refused rightly", async () => {
    const outcomes = await runContract(openMutant({ name: "none", caughtBy: "none", mutate: () => () => ({}) }), {
      needs: { openForbidden: refusing("PERMISSION_DENIED"), openMissing: refusing("NOT_FOUND") },
      select: ({ id }) => /^(forbidden|missing)\//.test(id),
    });
    expect(outcomes.filter(({ status }) => status !== "passed")).toEqual([]);
    expect(outcomes).toHaveLength(11);
  });
});
