import type { ContractCase, OpenBackend } from "./case.ts";
import { contractCases } from "./cases.ts";
import { type ContractOptions, type ContractOutcome, ContractSession } from "./session.ts";

export interface ContractRunOptions extends ContractOptions {
  /** `probe`: the fast core. `all`: every case. Or the cases for which a function answers true. Default `all`. */
  readonly select?: "probe" | "all" | ((contractCase: ContractCase) => boolean);
  /** Told of each outcome as it comes. */
  readonly onOutcome?: (outcome: ContractOutcome) => void;
}

/**
 * Asks a store whether it keeps the promises of `Backend`. Writes under a random prefix only and removes it afterwards,
 * whatever happened; the removal is the last outcome, `cleanup`. Throws nothing: a failure is an outcome.
 */
export async function runContract(open: OpenBackend, options: ContractRunOptions = {}): Promise<ContractOutcome[]> {
  const outcomes: ContractOutcome[] = [];
  const report = (outcome: ContractOutcome) => {
    outcomes.push(outcome);
    options.onOutcome?.(outcome);
  };
  const session = new ContractSession(open, options);
  for (const contractCase of selectCases(options.select ?? "all")) report(await session.run(contractCase));
  report(await session.close());
  return outcomes;
}

function selectCases(select: NonNullable<ContractRunOptions["select"]>): readonly ContractCase[] {
  if (select === "all") return contractCases;
  return contractCases.filter(select === "probe" ? ({ probe }) => probe === true : select);
}
