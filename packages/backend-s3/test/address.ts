import { randomUUID } from "node:crypto";
import type { S3Address } from "@trunks/test-servers";
import type { S3Options } from "../src/index.ts";

/** Options for a folder of the test's own on a running server; `changes` replace some of them. */
export function optionsFor(address: S3Address, changes: Partial<S3Options> = {}): S3Options {
  const { endpoint, region, bucket, accessKey, secretKey } = address;
  return { endpoint, region, bucket, path: `tests/${randomUUID()}`, credentials: { accessKey, secretKey }, ...changes };
}
