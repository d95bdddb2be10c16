import { describeContract } from "@trunks/contract-tests/vitest";
import { openGcs } from "../src/index.ts";
import { onServer, optionsFor } from "./address.ts";

onServer((address) => {
  const options = optionsFor(address);
  describeContract("gcs", () => openGcs(options), {
    // The emulator lets everyone in, so nobody can be refused: the answers of Google's that refuse stand in `outcome.test.ts`.
    needs: {
      openMissing: () => openGcs({ ...options, bucket: "no-such-bucket" }),
      ownStore: true,
      outsideProcess: true,
    },
  });
});
