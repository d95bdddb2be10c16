import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test, vi } from "vitest";
import { openAzure, openBackend } from "../src/index.ts";
import { bytesOf, onServer } from "./address.ts";

afterEach(() => vi.unstubAllEnvs());

onServer((address) => {
  const { account, container, endpoint, accountKey } = address;
  const url = () => new URL(`azure://${account}/${container}/environment?endpoint=${endpoint}`);

  test.each([
    ["the variables of a key", {}, address.environment],
    [
      "a connection string in the environment",
      {},
      { AZURE_STORAGE_CONNECTION_STRING: `AccountName=${account};AccountKey=${accountKey};BlobEndpoint=${endpoint}` },
    ],
    ["a key in the options", { accountKey }, {}],
    ["a connection string in the options", { connectionString: `AccountName=${account};AccountKey=${accountKey}` }, {}],
  ])("%s opens the store", async (_, options, environment) => {
    for (const name of Object.keys(process.env)) if (name.startsWith("AZURE_")) vi.stubEnv(name, undefined);
    for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
    const backend = await openBackend(url(), options);
    expect(await backend.create("key", bytesOf(10))).toBe(true);
    await backend.delete(["key"]);
    await backend.close();
  });

  test("without credentials an endpoint that is not Azure's is asked as nobody", async () => {
    const backend = await openAzure({ account, container, endpoint });
    await expect(backend.create("key", bytesOf(1))).rejects.toMatchObject({
      code: expect.stringMatching(/^(PERMISSION_DENIED|UNAUTHENTICATED|NOT_FOUND)$/),
    });
    await backend.close();
  });
});

test("a token that cannot be had is unauthenticated, with what to do, and nothing is sent", async () => {
  let requests = 0;
  const server = createServer((_, response) => {
    requests++;
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const endpoint = `https://127.0.0.1:${(server.address() as AddressInfo).port}/account`;
  const token = async () => {
    throw new Error("nobody is logged in");
  };
  const backend = await openAzure({ account: "account", container: "container", endpoint, token });
  await expect(backend.create("key", bytesOf(1))).rejects.toMatchObject({
    code: "UNAUTHENTICATED",
    hint: expect.stringContaining("az login"),
  });
  expect(requests).toBe(0);
  await backend.close();
  server.close();
});
