import { describeContract } from "@trunks/contract-tests/vitest";
import type { S3Address } from "@trunks/test-servers";
import { describe, inject, test } from "vitest";
import { openS3 } from "../src/index.ts";
import { optionsFor } from "./address.ts";

const servers = inject("servers");

for (const name of ["versity", "seaweed"] as const) {
  const address = servers[name];
  if (address === undefined) test.skip(`contract: s3 on ${name}: this machine cannot have the server`);
  else describe(name, () => contractOn(address));
}

function contractOn(address: S3Address): void {
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
}
