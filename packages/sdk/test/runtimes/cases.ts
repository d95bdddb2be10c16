import type { RuntimeCase } from "@trunks/test-runtimes/suite";
import { conflictCases } from "./conflict-cases.ts";
import type { CaseContext } from "./context.ts";
import { fileCases } from "./file-cases.ts";
import { storeCases } from "./store-cases.ts";
import { versionCases } from "./version-cases.ts";

/** What the SDK promises, in every runtime and on every store. */
export const cases: readonly RuntimeCase<CaseContext>[] = [
  ...fileCases,
  ...versionCases,
  ...conflictCases,
  ...storeCases,
];
