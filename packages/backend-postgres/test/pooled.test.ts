import { describeContract } from "@trunks/contract-tests/vitest";
import { openPostgres } from "../src/index.ts";
import { newRole, onServer, optionsFor } from "./address.ts";

onServer("pgbouncer", (address) => {
  const options = optionsFor(address);
  describeContract("postgres", () => openPostgres(options), {
    rounds: 2,
    needs: {
      openForbidden: async () => openPostgres({ ...options, ...(await newRole(address)) }),
      // A missing database, which this pooler reports only after seconds, has one test of its own.
      ownStore: true,
    },
  });
});
