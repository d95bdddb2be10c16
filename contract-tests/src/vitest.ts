import { afterAll, describe, it } from "vitest";
import type { OpenBackend } from "./case.ts";
import { contractCases } from "./cases.ts";
import { type ContractOptions, ContractSession } from "./session.ts";

/**
 * The contract as a vitest suite: one test a case. What the cases wrote is removed at the end. A case whose needs are not
 * met is skipped and its reason printed.
 */
export function describeContract(name: string, open: OpenBackend, options: ContractOptions = {}): void {
  const timeoutMs = options.timeoutMs ?? 120_000;
  describe(`contract: ${name}`, () => {
    const session = new ContractSession(open, { ...options, timeoutMs });
    for (const contractCase of contractCases) {
      // The session's own limit comes first: it names the case and cleans up.
      it(`${contractCase.id}: ${contractCase.proves}`, { timeout: timeoutMs + 60_000 }, async (test) => {
        const outcome = await session.run(contractCase);
        if (outcome.status === "skipped") test.skip(outcome.reason);
        if (outcome.status === "failed") throw outcome.error;
      });
    }
    afterAll(async () => {
      const cleanup = await session.close();
      if (cleanup.status === "failed") throw cleanup.error;
    }, timeoutMs);
  });
}
