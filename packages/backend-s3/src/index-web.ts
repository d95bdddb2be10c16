/** This package in Workers and browsers: all but the diagnosis of a bucket, which takes the AWS SDK. */
export { openBackend, openS3, schemes } from "./open.ts";
export type { S3Credentials, S3Options } from "./options.ts";
export type { S3Scheme } from "./preset.ts";
