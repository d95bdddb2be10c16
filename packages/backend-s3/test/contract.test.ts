import { describeContract } from "@trunks/contract-tests/vitest";
import { openS3 } from "../src/index.ts";
import { onEachServer, optionsFor } from "./address.ts";

onEachServer((address) => {
  const options = optionsFor(address);
  const { accessKey } = address;
  describeContract("s3", () => openS3(options), {
    needs: {
      openForbidden: () => openS3({ ...options, credentials: { accessKey, secretKey: "wrong" } }),
      openMissing: () => openS3({ ...options, bucket: "no-such-bucket" }),
      ownStore: true,
      outsideProcess: true,
    },
  });
});
