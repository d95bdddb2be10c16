import { type AzureAddress, azureSignature, type ProxyAction, startProxy } from "@trunks/test-servers";
import { expect, test } from "vitest";
import { diagnoseStore, openAzure } from "../src/index.ts";
import { bytesOf, onServer, optionsFor, refusal } from "./address.ts";

interface Place {
  readonly endpoint?: string;
  readonly container?: string;
  readonly path?: string;
  readonly secrets?: Readonly<Record<string, string>>;
}

/** What is seen of trunks in a container. */
async function look(address: AzureAddress, place: Place = {}) {
  const { endpoint = address.endpoint, container = address.container, path = "", secrets } = place;
  const url = new URL(`azure://${address.account}/${container}/${path}?endpoint=${endpoint}`);
  const seen = await diagnoseStore(url, secrets ?? { accountKey: address.accountKey });
  return Object.fromEntries(seen.map(({ name, ...others }) => [name, others]));
}

const off = { status: "ok", detail: "off" };
const notTold = { status: "unknown", detail: expect.stringContaining("those who manage the account") };

onServer((address) => {
  test("a container that does nothing by itself", async () => {
    const path = `${optionsFor(address).path}/empty`;
    expect(await look(address, { path })).toMatchObject({
      versioning: { status: "unknown", detail: expect.stringContaining("there is none yet") },
      immutability: off,
      "life cycle": { ...notTold, hint: expect.stringContaining(`--account-name ${address.account}`) },
    });
  });

  test("a container that is not there is an error", async () => {
    await expect(look(address, { container: "no-such-container" })).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  test("a store that cannot be reached is an error", async () => {
    const endpoint = `http://127.0.0.1:1/${address.account}`;
    await expect(look(address, { endpoint })).rejects.toMatchObject({ code: "UNAVAILABLE" });
  });

  test("a signature that may not look at the container leaves it unknown", async () => {
    const sasToken = azureSignature(address, "racwd", new Date(Date.now() + 3_600_000));
    expect(await look(address, { secrets: { sasToken } })).toMatchObject({
      versioning: { status: "unknown", detail: expect.stringContaining("the store answers 403") },
      immutability: { status: "unknown", detail: expect.stringContaining("the store answers 403") },
    });
  });

  /** Through a proxy that says of the container, or of a list, what the emulator knows nothing of. */
  async function told(headers: Record<string, string>, blob = "") {
    const path = optionsFor(address).path as string;
    const backend = await openAzure(optionsFor(address, { path }));
    await backend.create("key", bytesOf(10)).finally(() => backend.close());
    const list = `<?xml version="1.0" encoding="utf-8"?><EnumerationResults><Blobs><Blob><Name>${path}/key</Name>${blob}<Properties><Last-Modified>Sat, 21 Nov 2026 12:00:00 GMT</Last-Modified><Etag>0x1</Etag><Content-Length>10</Content-Length><BlobType>BlockBlob</BlobType></Properties></Blob></Blobs><NextMarker/></EnumerationResults>`;
    const proxy = await startProxy(new URL(address.endpoint).origin, {
      script: ({ query }): ProxyAction =>
        query.get("comp") === "list"
          ? { do: "answer", status: 200, headers: { "content-type": "application/xml" }, body: list }
          : { do: "answer", status: 200, headers: { etag: '"0x1"', ...headers } },
    });
    const endpoint = `${proxy.endpoint}/${address.account}`;
    return await look(address, { endpoint, path }).finally(() => proxy.stop());
  }

  test("blobs without versions, and a container without policies", async () => {
    expect(await told({ "x-ms-has-immutability-policy": "false" })).toMatchObject({
      versioning: off,
      immutability: off,
    });
  });

  test("versions, and what keeps everything, are warned of", async () => {
    const versioned = "<VersionId>2026-11-21T12:00:00.0000000Z</VersionId><IsCurrentVersion>true</IsCurrentVersion>";
    expect(await told({ "x-ms-has-immutability-policy": "true" }, versioned)).toMatchObject({
      versioning: { status: "warning", detail: expect.stringContaining("is paid for") },
      immutability: { status: "warning", detail: expect.stringContaining("a policy keeps") },
    });
    expect(await told({ "x-ms-has-legal-hold": "true" })).toMatchObject({
      immutability: { status: "warning", detail: expect.stringContaining("a legal hold keeps") },
    });
  });

  test("rights that are missing leave it unknown", async () => {
    const script = () => refusal(403, "AuthorizationPermissionMismatch");
    const proxy = await startProxy(new URL(address.endpoint).origin, { script });
    const endpoint = `${proxy.endpoint}/${address.account}`;
    const unknown = { status: "unknown", detail: "not known: the store answers 403 AuthorizationPermissionMismatch" };
    expect(await look(address, { endpoint }).finally(() => proxy.stop())).toMatchObject({
      versioning: unknown,
      immutability: unknown,
    });
    expect(proxy.requests).toHaveLength(2);
  });
});
