import { openS3, type S3Credentials, type S3Options } from "@trunks/backend-s3";
import { runContractSuite } from "@trunks/test-runtimes/contract";
import type { RunSuite } from "@trunks/test-runtimes/suite";

export const run: RunSuite<S3Options> = async ({ data: options }, report) => {
  const { accessKey } = options.credentials as S3Credentials;
  const needs = {
    openForbidden: () => openS3({ ...options, credentials: { accessKey, secretKey: "wrong" } }),
    openMissing: () => openS3({ ...options, bucket: "no-such-bucket" }),
    ownStore: true,
  };
  await runContractSuite(() => openS3(options), needs, report);
};
