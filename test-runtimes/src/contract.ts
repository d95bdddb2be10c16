import { type ContractNeeds, contractCases, type OpenBackend, runContract } from "@trunks/contract-tests";
import { type CaseOutcome, errorText } from "./suite.ts";

/** The cases of a backend's contract, as `describeInRuntime` wants them. */
export const contractSuiteCases: readonly { readonly name: string; readonly title: string }[] = [
  ...contractCases.map(({ id, proves }) => ({ name: id, title: `${id}: ${proves}` })),
  { name: "cleanup", title: "cleanup: nothing that the cases wrote is left" },
];

/** Runs a backend's contract in whatever runtime this is. */
export async function runContractSuite(
  open: OpenBackend,
  needs: ContractNeeds,
  report: (outcome: CaseOutcome) => void,
): Promise<void> {
  await runContract(open, {
    needs,
    onOutcome: ({ id: name, status, reason, error }) =>
      report({ name, status, reason, error: error === undefined ? undefined : errorText(error) }),
  });
}
