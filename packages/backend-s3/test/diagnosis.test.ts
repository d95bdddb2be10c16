import { randomUUID } from "node:crypto";
import {
  CreateBucketCommand,
  type LifecycleRule,
  PutBucketLifecycleConfigurationCommand,
  PutBucketVersioningCommand,
  PutObjectLockConfigurationCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import type { S3Address } from "@trunks/test-servers";
import { startProxy } from "@trunks/test-servers";
import { afterEach, expect, test } from "vitest";
import { diagnoseStore } from "../src/index.ts";
import { onEachServer, refusal } from "./address.ts";

const clients: S3Client[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.destroy();
});

/** A bucket of the test's own, and the owner's client. */
async function newBucket(address: S3Address, locked = false) {
  const { endpoint, region, accessKey: accessKeyId, secretKey: secretAccessKey } = address;
  const client = new S3Client({
    endpoint,
    region,
    credentials: { accessKeyId, secretAccessKey },
    forcePathStyle: true,
    maxAttempts: 1,
  });
  clients.push(client);
  const Bucket = `diagnosed-${randomUUID()}`;
  await client.send(new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: locked }));
  return { client, Bucket };
}

/** What is seen of trunks below `team/code/` in a bucket. */
async function look(address: S3Address, bucket: string, endpoint = address.endpoint) {
  const { accessKey, secretKey, region } = address;
  const url = new URL(`s3://${bucket}/team/code?endpoint=${endpoint}&region=${region}`);
  const seen = await diagnoseStore(url, { accessKey, secretKey });
  return Object.fromEntries(seen.map(({ name, ...others }) => [name, others]));
}

onEachServer((address) => {
  test("what a store does not tell is not known; what it tells is", async () => {
    const { Bucket } = await newBucket(address);
    const off = { status: "ok", detail: "off" };
    const unknown = { status: "unknown", detail: "not known: the store answers 501 NotImplemented" };
    const untouched = { status: "ok", detail: "no rule touches trunks' files" };
    expect(await look(address, Bucket)).toEqual({
      versioning: off,
      "object lock": off,
      "life cycle": address.name === "versity" ? unknown : untouched,
    });
  });

  test("a bucket that is not there is an error", async () => {
    await expect(look(address, "absent-bucket")).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  test("a store that cannot be reached is an error", async () => {
    await expect(look(address, "bucket", "http://127.0.0.1:1")).rejects.toMatchObject({ code: "UNAVAILABLE" });
  });

  test("rights that are missing leave it unknown", async () => {
    const { Bucket } = await newBucket(address);
    const proxy = await startProxy(address.endpoint, { script: () => refusal(403, "AccessDenied") });
    const seen = await look(address, Bucket, proxy.endpoint);
    for (const each of Object.values(seen)) {
      expect(each).toEqual({ status: "unknown", detail: "not known: the store answers 403 AccessDenied" });
    }
    expect(Object.keys(seen)).toHaveLength(3);
    expect(proxy.requests).toHaveLength(3);
    await proxy.stop();
  });

  test("what is written stays where object lock has a default retention", async () => {
    const { client, Bucket } = await newBucket(address, true);
    expect((await look(address, Bucket))["object lock"]).toMatchObject({ status: "ok" });
    await client.send(
      new PutObjectLockConfigurationCommand({
        Bucket,
        ObjectLockConfiguration: {
          ObjectLockEnabled: "Enabled",
          Rule: { DefaultRetention: { Mode: "GOVERNANCE", Days: 30 } },
        },
      }),
    );
    expect((await look(address, Bucket))["object lock"]).toEqual({
      status: "warning",
      detail: "on: whatever is written stays for 30 days (GOVERNANCE), what upkeep deletes as well",
      hint: expect.stringContaining("default retention"),
    });
  });

  test.each<[string, string, object]>([
    [
      "freezes",
      "<Filter><And><Prefix>team/</Prefix></And></Filter><Transition><Days>9</Days><StorageClass>GLACIER</StorageClass></Transition>",
      { status: "warning", detail: "a rule moves trunks' files to where they cannot be read" },
    ],
    [
      "deletes on a day",
      "<Prefix>team</Prefix><Expiration><Date>2030-01-01T00:00:00Z</Date></Expiration>",
      { status: "warning", detail: "a rule deletes trunks' files by date: history will be lost" },
    ],
    [
      "reaches what has a tag",
      "<Filter><Tag><Key>a</Key><Value>b</Value></Tag></Filter><Expiration><Days>1</Days></Expiration>",
      { status: "ok" },
    ],
  ])("a rule as S3 writes it, one that %s", async (_, body, expected) => {
    const { Bucket } = await newBucket(address);
    const rules = `<LifecycleConfiguration><Rule><Status>Enabled</Status>${body}</Rule></LifecycleConfiguration>`;
    const headers = { "content-type": "application/xml" };
    const proxy = await startProxy(address.endpoint, {
      script: ({ query }) =>
        query.has("lifecycle") ? { do: "answer", status: 200, headers, body: rules } : { do: "pass" },
    });
    expect((await look(address, Bucket, proxy.endpoint))["life cycle"]).toMatchObject(expected);
    await proxy.stop();
  });

  // The gateway keeps no life-cycle rules, and versions only where it was started with a folder for them.
  if (address.name === "versity") return;

  const rule = (fields: Partial<LifecycleRule>): LifecycleRule => ({
    ID: "tidy",
    Status: "Enabled",
    Filter: { Prefix: "" },
    ...fields,
  });

  test.each<[string, Partial<LifecycleRule>, object]>([
    [
      "one that deletes everything",
      { Expiration: { Days: 30 } },
      { status: "warning", detail: 'the rule "tidy" deletes trunks\' files after 30 days: history will be lost' },
    ],
    [
      "one that deletes a folder above",
      { Filter: { Prefix: "team/" }, Expiration: { Days: 7 } },
      { status: "warning", hint: expect.stringContaining('out of the rule "tidy"') },
    ],
    [
      "one that deletes a folder inside",
      { Filter: { Prefix: "team/code/trunks/a" }, Expiration: { Days: 7 } },
      { status: "warning" },
    ],
    ["one that is off", { Status: "Disabled", Expiration: { Days: 7 } }, { status: "ok" }],
    ["one of another folder", { Filter: { Prefix: "logs/" }, Expiration: { Days: 7 } }, { status: "ok" }],
  ])("a life-cycle rule: %s", async (_, fields, expected) => {
    const { client, Bucket } = await newBucket(address);
    const LifecycleConfiguration = { Rules: [rule(fields)] };
    await client.send(new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration }));
    expect((await look(address, Bucket))["life cycle"]).toMatchObject(expected);
  });

  test("old versions that never go are warned of, until a rule ends them", async () => {
    const { client, Bucket } = await newBucket(address);
    const VersioningConfiguration = { Status: "Enabled" } as const;
    await client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
    expect((await look(address, Bucket)).versioning).toMatchObject({
      status: "warning",
      hint: expect.stringContaining("NoncurrentVersionExpiration"),
    });
    const LifecycleConfiguration = { Rules: [rule({ NoncurrentVersionExpiration: { NoncurrentDays: 3 } })] };
    await client.send(new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration }));
    expect(await look(address, Bucket)).toMatchObject({
      versioning: { status: "ok", detail: "on; old versions go after 3 days" },
      "life cycle": { status: "ok" },
    });
  });
});
