import { describeContract } from "@trunks/contract-tests/vitest";
import { openPostgres } from "../src/index.ts";
import { newRole, onServer, optionsFor } from "./address.ts";

onServer("postgres", (address) => {
  const options = optionsFor(address);
  describeContract("postgres", () => openPostgres(options), {
    needs: {
      openForbidden: async () => openPostgres({ ...options, ...(await newRole(address)) }),
      openMissing: () => openPostgres({ ...options, database: "no_such_database" }),
      ownStore: true,
      outsideProcess: true,
    },
  });
});
