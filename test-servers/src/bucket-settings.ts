import { randomUUID } from "node:crypto";
import {
  CreateBucketCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketVersioningCommand,
  PutObjectLockConfigurationCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import type { S3Address } from "./s3-server.ts";

/** What a bucket does by itself. Default: nothing. */
export interface BucketSettings {
  /** Objects are deleted at this age. */
  readonly deletesAfterDays?: number;
  /** What is overwritten or deleted stays as an old version. */
  readonly keepsVersions?: boolean;
  /** What is written cannot be deleted for so long. */
  readonly locksForDays?: number;
}

/** Makes a bucket with settings as its owner would. Answers its name. Throws what the server has against it. */
export async function makeBucket(address: S3Address, settings: BucketSettings): Promise<string> {
  const { endpoint, region, accessKey: accessKeyId, secretKey: secretAccessKey } = address;
  const credentials = { accessKeyId, secretAccessKey };
  const client = new S3Client({ endpoint, region, credentials, forcePathStyle: true, maxAttempts: 1 });
  const Bucket = `bucket-${randomUUID()}`;
  const { deletesAfterDays, keepsVersions = false, locksForDays } = settings;
  try {
    await client.send(new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: locksForDays !== undefined }));
    if (keepsVersions) {
      const VersioningConfiguration = { Status: "Enabled" } as const;
      await client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
    }
    if (deletesAfterDays !== undefined) {
      const rule = {
        ID: "tidy",
        Status: "Enabled",
        Filter: { Prefix: "" },
        Expiration: { Days: deletesAfterDays },
      } as const;
      const LifecycleConfiguration = { Rules: [rule] };
      await client.send(new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration }));
    }
    if (locksForDays !== undefined) {
      const Rule = { DefaultRetention: { Mode: "GOVERNANCE", Days: locksForDays } } as const;
      const ObjectLockConfiguration = { ObjectLockEnabled: "Enabled", Rule } as const;
      await client.send(new PutObjectLockConfigurationCommand({ Bucket, ObjectLockConfiguration }));
    }
    return Bucket;
  } finally {
    client.destroy();
  }
}
