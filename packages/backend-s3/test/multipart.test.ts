import { ListMultipartUploadsCommand, S3Client } from "@aws-sdk/client-s3";
import type { S3Address } from "@trunks/test-servers";
import { describe, expect, test } from "vitest";
import { planParts } from "../src/multipart.ts";
import { bytesOf, first, onEachServer, refusal, withProxy } from "./address.ts";

const mebibyte = 2 ** 20;
const partSizeBytes = 5 * mebibyte;
const body = bytesOf(3 * partSizeBytes + 1);

type Request = Parameters<Parameters<typeof first>[2] & object>[0];
const isPart = ({ query }: Request) => query.has("partNumber");
const isCompletion = ({ method, query }: Request) => method === "POST" && query.has("uploadId");

/** Uploads that were begun and neither completed nor taken back. */
async function openUploads(address: S3Address, path: string): Promise<string[]> {
  const { endpoint, region, accessKey, secretKey, bucket } = address;
  const credentials = { accessKeyId: accessKey, secretAccessKey: secretKey };
  const client = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
  try {
    const answer = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
    return (answer.Uploads ?? []).map(({ Key }) => Key ?? "").filter((key) => key.startsWith(`${path}/`));
  } finally {
    client.destroy();
  }
}

describe("the plan of the parts", () => {
  test.each([
    [20 * mebibyte, 8 * mebibyte, 4, 3],
    [80_000 * mebibyte, 8 * mebibyte, 4, 10_000],
    [80_001 * mebibyte, 9 * mebibyte, 4, 8889],
    [200_000 * mebibyte, 20 * mebibyte, 3, 10_000],
    [640_000 * mebibyte, 64 * mebibyte, 1, 10_000],
  ])("%i bytes go in parts of %i, %i at once", (size, expectedPartSize, concurrency, count) => {
    expect(planParts(size, 8 * mebibyte, 4)).toEqual({ partSizeBytes: expectedPartSize, concurrency, count });
  });
});

onEachServer((address) => {
  const options = { partSizeBytes };

  test("a part that fails is sent again", () =>
    withProxy(address, options, async ({ backend, direct, proxy }) => {
      proxy.use(first(2, { do: "reset-after" }, isPart));
      expect(await backend.create("key", body)).toBe(true);
      expect(Buffer.compare((await (await direct.get("key"))?.bytes()) ?? new Uint8Array(0), body)).toBe(0);
    }));

  test("a completion that lost is a defeat, also when the refusal comes behind a 200", () =>
    withProxy(address, options, async ({ backend, direct, proxy }) => {
      await direct.create("key", bytesOf(10));
      proxy.use(first(1, refusal(200, "PreconditionFailed"), isCompletion));
      expect(await backend.create("key", body)).toBe(false);
      expect((await direct.get("key"))?.size).toBe(10);
    }));

  test("a part that fails for good takes the upload back", () =>
    withProxy(address, options, async ({ path, backend, direct, proxy }) => {
      proxy.use((request) => (isPart(request) ? refusal(403, "AccessDenied") : { do: "pass" }));
      await expect(backend.create("key", body)).rejects.toMatchObject({ code: "PERMISSION_DENIED" });
      expect(proxy.requests.at(-1)).toMatchObject({ method: "DELETE" });
      expect(await direct.get("key")).toBeUndefined();
      expect(await openUploads(address, path)).toEqual([]);
    }));

  test("an upload that is aborted is taken back", () =>
    withProxy(address, options, async ({ path, backend, direct, proxy }) => {
      const controller = new AbortController();
      proxy.use((request) => {
        if (!isPart(request)) return { do: "pass" };
        controller.abort();
        return { do: "hang" };
      });
      const created = backend.create("key", body, { signal: controller.signal });
      await expect(created).rejects.toMatchObject({ code: "ABORTED" });
      expect(await direct.get("key")).toBeUndefined();
      expect(await openUploads(address, path)).toEqual([]);
    }));

  test("an upload that comes second writes nothing and is taken back", () =>
    withProxy(address, options, async ({ path, backend, direct }) => {
      await direct.put("key", bytesOf(3));
      expect(await backend.create("key", body)).toBe(false);
      expect((await direct.get("key"))?.size).toBe(3);
      expect(await openUploads(address, path)).toEqual([]);
    }));

  test("a completion whose answer is lost may have happened, and is not repeated", () =>
    withProxy(address, options, async ({ backend, direct, proxy }) => {
      proxy.use((request) => (isCompletion(request) ? { do: "reset-after" } : { do: "pass" }));
      const created = backend.create("key", body);
      await expect(created).rejects.toMatchObject({ code: "OUTCOME_UNKNOWN", retryable: false });
      expect(proxy.requests.filter(isCompletion)).toHaveLength(1);
      expect((await direct.get("key"))?.size).toBe(body.length);
    }));

  test("a completion that says 200 and then an error may have happened", () =>
    withProxy(address, options, async ({ backend, proxy }) => {
      const text = "<Error><Code>InternalError</Code><Message>We encountered an internal error</Message></Error>";
      const answer = { do: "answer", status: 200, headers: { "content-type": "application/xml" }, body: text } as const;
      proxy.use((request) => (isCompletion(request) ? answer : { do: "pass" }));
      await expect(backend.create("key", body)).rejects.toMatchObject({ code: "OUTCOME_UNKNOWN" });
    }));

  test("a completion that met another writer begins again with all parts", () =>
    withProxy(address, options, async ({ path, backend, direct, proxy }) => {
      proxy.use(first(1, refusal(409, "ConditionalRequestConflict"), isCompletion));
      expect(await backend.create("key", body)).toBe(true);
      expect(proxy.requests.filter(isPart)).toHaveLength(8);
      expect((await direct.get("key"))?.size).toBe(body.length);
      expect(await openUploads(address, path)).toEqual([]);
    }));

  test("a put replaces what is there, in parts as well", () =>
    withProxy(address, options, async ({ backend, direct }) => {
      await backend.put("key", bytesOf(3));
      await backend.put("key", body);
      expect((await direct.get("key"))?.size).toBe(body.length);
    }));
});
