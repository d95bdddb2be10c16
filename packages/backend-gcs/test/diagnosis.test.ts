import { randomUUID } from "node:crypto";
import { type GcsAddress, startProxy } from "@trunks/test-servers";
import { expect, test } from "vitest";
import { diagnoseStore } from "../src/index.ts";
import { onServer, refusal } from "./address.ts";

/** What is seen of trunks below `team/code/` in a bucket. */
async function look(endpoint: string, bucket: string) {
  const seen = await diagnoseStore(new URL(`gcs://${bucket}/team/code?endpoint=${endpoint}`));
  return Object.fromEntries(seen.map(({ name, ...others }) => [name, others]));
}

/** A bucket of the test's own, made as its owner would. */
async function newBucket({ endpoint }: GcsAddress, settings: object): Promise<string> {
  const name = `diagnosed-${randomUUID()}`;
  const answer = await fetch(`${endpoint}/storage/v1/b?project=tests`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name, ...settings }),
  });
  expect(answer.status, await answer.text()).toBe(200);
  return name;
}

const off = { status: "ok", detail: "off" };
const untouched = { status: "ok", detail: "no rule touches trunks' files" };

onServer((address) => {
  test("a bucket that does nothing by itself", async () => {
    expect(await look(address.endpoint, await newBucket(address, {}))).toEqual({
      versioning: off,
      retention: off,
      "soft delete": off,
      "life cycle": untouched,
    });
  });

  test("a bucket that holds whatever is written is warned of", async () => {
    expect(await look(address.endpoint, await newBucket(address, { defaultEventBasedHold: true }))).toMatchObject({
      retention: { status: "warning", detail: expect.stringContaining("held until") },
    });
  });

  test("a bucket that is not there is an error", async () => {
    await expect(look(address.endpoint, "no-such-bucket")).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  test("a store that cannot be reached is an error", async () => {
    await expect(look("http://127.0.0.1:1", "bucket")).rejects.toMatchObject({ code: "UNAVAILABLE" });
  });

  test("who may not look at the bucket knows nothing of it", async () => {
    const proxy = await startProxy(address.endpoint, { script: () => refusal(403, "forbidden") });
    const seen = await look(proxy.endpoint, address.bucket).finally(() => proxy.stop());
    expect(Object.keys(seen)).toEqual(["versioning", "retention", "soft delete", "life cycle"]);
    for (const each of Object.values(seen)) {
      expect(each).toEqual({
        status: "unknown",
        detail: "not known: the store answers 403 forbidden",
        hint: expect.stringContaining("roles/storage.bucketViewer"),
      });
    }
    expect(proxy.requests).toHaveLength(1);
  });

  // The emulator keeps none of these settings: they are answered as Google documents them.
  test.each<[string, object, object]>([
    [
      "a retention policy",
      { retentionPolicy: { retentionPeriod: "2592000", isLocked: true } },
      { retention: { status: "warning", detail: expect.stringContaining("stays for 30 days") } },
    ],
    [
      "old versions that never go",
      { versioning: { enabled: true } },
      { versioning: { status: "warning", hint: expect.stringContaining("daysSinceNoncurrentTime") } },
    ],
    [
      "soft delete, which ends by itself",
      { softDeletePolicy: { retentionDurationSeconds: "604800" } },
      { "soft delete": { status: "ok", detail: expect.stringContaining("for 7 days") } },
    ],
    [
      "a rule that deletes by age",
      { lifecycle: { rule: [{ action: { type: "Delete" }, condition: { age: 30 } }] } },
      { "life cycle": { status: "warning", detail: expect.stringContaining("after 30 days: history will be lost") } },
    ],
    [
      "a rule for a folder around the trunks",
      {
        lifecycle: {
          rule: [{ action: { type: "Delete" }, condition: { age: 30, matchesPrefix: ["logs/", "team/"] } }],
        },
      },
      { "life cycle": { status: "warning" } },
    ],
    [
      "rules for other folders, for other actions and for uploads",
      {
        lifecycle: {
          rule: [
            { action: { type: "Delete" }, condition: { age: 30, matchesPrefix: ["logs/"] } },
            { action: { type: "SetStorageClass", storageClass: "ARCHIVE" }, condition: { age: 30 } },
            { action: { type: "AbortIncompleteMultipartUpload" }, condition: { age: 1 } },
          ],
        },
      },
      { "life cycle": untouched },
    ],
    [
      "versions that a rule ends",
      {
        versioning: { enabled: true },
        lifecycle: { rule: [{ action: { type: "Delete" }, condition: { daysSinceNoncurrentTime: 7 } }] },
      },
      { versioning: { status: "ok", detail: "on; a rule ends old versions" }, "life cycle": untouched },
    ],
  ])("%s", async (_, bucket, expected) => {
    const headers = { "content-type": "application/json" };
    const script = () => ({ do: "answer", status: 200, headers, body: JSON.stringify(bucket) }) as const;
    const proxy = await startProxy(address.endpoint, { script });
    expect(await look(proxy.endpoint, address.bucket).finally(() => proxy.stop())).toMatchObject(expected);
  });
});
