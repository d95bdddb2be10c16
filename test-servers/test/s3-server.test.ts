import { GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { describe, expect, inject, test } from "vitest";
import { catalog } from "../src/catalog.ts";
import type { S3Address } from "../src/index.ts";

const servers = inject("servers");

function clientOf({ endpoint, region, accessKey, secretKey }: S3Address): S3Client {
  const credentials = { accessKeyId: accessKey, secretAccessKey: secretKey };
  return new S3Client({ endpoint, region, credentials, forcePathStyle: true, maxAttempts: 1 });
}

for (const name of ["versity", "seaweed"] as const) {
  const address = servers[name];
  describe.skipIf(address === undefined)(name, () => {
    const { bucket: Bucket } = address ?? { bucket: "" };
    test("takes a write and gives it back", async () => {
      const client = clientOf(address as S3Address);
      await client.send(new PutObjectCommand({ Bucket, Key: "a/b", Body: "bytes" }));
      const answer = await client.send(new GetObjectCommand({ Bucket, Key: "a/b" }));
      expect(await answer.Body?.transformToString()).toBe("bytes");
      client.destroy();
    });

    test("creates a key once", async () => {
      const client = clientOf(address as S3Address);
      const create = () => client.send(new PutObjectCommand({ Bucket, Key: "once", Body: "bytes", IfNoneMatch: "*" }));
      await create();
      await expect(create()).rejects.toMatchObject({ $metadata: { httpStatusCode: 412 } });
      client.destroy();
    });

    test("refuses a wrong secret", async () => {
      const client = clientOf({ ...(address as S3Address), secretKey: "wrong" });
      const answer = client.send(new GetObjectCommand({ Bucket, Key: "a/b" }));
      await expect(answer).rejects.toMatchObject({ $metadata: { httpStatusCode: 403 } });
      client.destroy();
    });

    test("keeps what it has over a kill and a restart", async () => {
      const server = await catalog[name].start();
      const client = clientOf(server);
      try {
        await client.send(new PutObjectCommand({ Bucket, Key: "kept", Body: "bytes" }));
        await server.kill();
        await server.restart();
        const answer = await client.send(new GetObjectCommand({ Bucket, Key: "kept" }));
        expect(await answer.Body?.transformToString()).toBe("bytes");
      } finally {
        client.destroy();
        await server.stop();
      }
    });
  });
}
