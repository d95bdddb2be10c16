import { createReadStream } from "node:fs";
import { GetObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { openS3 } from "@trunks/backend-s3";
import { type S3Address, startVersity } from "@trunks/test-servers";
import { inParts, partSizeBytes, readConcurrency, type SegmentStore, writeConcurrency } from "./segment-store.ts";

export const s3: SegmentStore<S3Address & Record<string, unknown>> = {
  server: "Versity gateway",
  client: "@aws-sdk/lib-storage; ranges by @aws-sdk/client-s3",
  start: async () => ({ ...(await startVersity()) }),
  async openBackend({ endpoint, region, bucket, accessKey, secretKey }) {
    return await openS3({ endpoint, region, bucket, credentials: { accessKey, secretKey } });
  },
  async openVendor({ endpoint, region, bucket, accessKey, secretKey }) {
    const credentials = { accessKeyId: accessKey, secretAccessKey: secretKey };
    const client = new S3Client({
      ...{ endpoint, region, credentials, forcePathStyle: true },
      responseChecksumValidation: "WHEN_REQUIRED",
      requestChecksumCalculation: "WHEN_REQUIRED",
    });
    return {
      async upload(key, file) {
        const params = { Bucket: bucket, Key: key, Body: createReadStream(file, { highWaterMark: 2 ** 20 }) };
        await new Upload({ client, params, partSize: partSizeBytes, queueSize: writeConcurrency }).done();
      },
      async download(key, size) {
        await inParts(size, partSizeBytes, readConcurrency, async (start, end) => {
          const range = { Bucket: bucket, Key: key, Range: `bytes=${start}-${end - 1}` };
          const { Body } = await client.send(new GetObjectCommand(range));
          for await (const _ of Body as AsyncIterable<Uint8Array>);
        });
      },
      close: async () => client.destroy(),
    };
  },
};
