export type { ContractCase, ContractContext, ContractNeeds, Need, OpenBackend } from "./case.ts";
export { contractCases } from "./cases.ts";
export { ContractFailure } from "./check.ts";
export { type ContractRunOptions, runContract } from "./run.ts";
export { type ContractOptions, type ContractOutcome, ContractSession } from "./session.ts";
