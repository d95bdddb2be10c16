import { describeContract } from "@trunks/contract-tests/vitest";
import { openAzure } from "../src/index.ts";
import { onServer, optionsFor } from "./address.ts";

onServer((address) => {
  const options = optionsFor(address);
  const wrongKey = Buffer.alloc(64, 1).toString("base64");
  describeContract("azure", () => openAzure(options), {
    needs: {
      openForbidden: () => openAzure({ ...options, accountKey: wrongKey }),
      openMissing: () => openAzure({ ...options, container: "no-such-container" }),
      ownStore: true,
      outsideProcess: true,
    },
  });
});
