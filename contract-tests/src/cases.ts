import type { ContractCase } from "./case.ts";
import { abortCases } from "./cases/abort.ts";
import { closeCases } from "./cases/close.ts";
import { createCases } from "./cases/create.ts";
import { deleteCases } from "./cases/delete.ts";
import { getCases } from "./cases/get.ts";
import { keyCases } from "./cases/key.ts";
import { largeCases } from "./cases/large.ts";
import { listCases } from "./cases/list.ts";
import { putCases } from "./cases/put.ts";
import { raceCases } from "./cases/race.ts";
import { rangeCases } from "./cases/range.ts";
import { refusalCases } from "./cases/refusal.ts";
import { sourceCases } from "./cases/source.ts";

/** Every promise of the `Backend` interface that can be seen from outside, the plain ones first. */
export const contractCases: readonly ContractCase[] = [
  ...createCases,
  ...getCases,
  ...rangeCases,
  ...listCases,
  ...putCases,
  ...deleteCases,
  ...keyCases,
  ...raceCases,
  ...sourceCases,
  ...largeCases,
  ...abortCases,
  ...closeCases,
  ...refusalCases,
];
