/**
 * `node ranged-reads.ts ENDPOINT BUCKET PREFIX`: reads every object under the prefix by parallel ranges and throws the bytes
 * away: the rate that a clone is held against. Credentials come from the environment.
 */
import { GetObjectCommand, ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";

/** As the S3 backend reads. */
const rangeSize = 8 * 2 ** 20;
const concurrency = 8;

const [endpoint, bucket, prefix] = process.argv.slice(2) as [string, string, string];
const client = new S3Client({
  endpoint,
  region: "us-east-1",
  forcePathStyle: true,
  responseChecksumValidation: "WHEN_REQUIRED",
});
const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix }));
const ranges = Contents.flatMap(({ Key, Size = 0 }) =>
  Array.from({ length: Math.ceil(Size / rangeSize) }, (_, part) => ({
    Key,
    Range: `bytes=${part * rangeSize}-${Math.min(Size, (part + 1) * rangeSize) - 1}`,
  })),
);
let next = 0;
async function read(): Promise<void> {
  for (let range = ranges[next++]; range !== undefined; range = ranges[next++]) {
    const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, ...range }));
    for await (const _chunk of Body as AsyncIterable<Uint8Array>);
  }
}
await Promise.all(Array.from({ length: concurrency }, read));
client.destroy();
