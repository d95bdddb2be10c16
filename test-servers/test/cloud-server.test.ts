import { expect, inject, test } from "vitest";
import type { GcsAddress } from "../src/index.ts";
import { startFakeGcs } from "../src/index.ts";

const { "fake-gcs": gcs, azurite } = inject("servers");

function upload({ endpoint, bucket }: GcsAddress, name: string): Promise<Response> {
  const query = `uploadType=media&name=${name}&ifGenerationMatch=0`;
  return fetch(`${endpoint}/upload/storage/v1/b/${bucket}/o?${query}`, { method: "POST", body: "bytes" });
}

function read({ endpoint, bucket }: GcsAddress, name: string): Promise<Response> {
  return fetch(`${endpoint}/storage/v1/b/${bucket}/o/${name}?alt=media`);
}

test.skipIf(gcs === undefined)("fake-gcs: creates a key once", async () => {
  const statuses = await Promise.all(Array.from({ length: 8 }, async () => (await upload(gcs!, "once")).status));
  expect(statuses.sort()).toEqual([200, ...Array(7).fill(412)]);
  expect(await (await read(gcs!, "once")).text()).toBe("bytes");
});

test.skipIf(gcs === undefined)("fake-gcs: keeps what it has over a kill and a restart", async () => {
  const server = await startFakeGcs();
  try {
    expect((await upload(server, "kept")).status).toBe(200);
    await server.kill();
    await server.restart();
    expect(await (await read(server, "kept")).text()).toBe("bytes");
  } finally {
    await server.stop();
  }
});

test("azurite: answers who signs, and refuses a stranger", async () => {
  const { endpoint, container } = azurite!;
  const answer = await fetch(`${endpoint}/${container}/ready`);
  expect(answer.status).toBeGreaterThanOrEqual(403);
});
