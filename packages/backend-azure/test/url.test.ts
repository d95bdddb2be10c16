import { describe, expect, test } from "vitest";
import { type AzureOptions, openAzure, schemes } from "../src/index.ts";
import { resolveOptions } from "../src/options.ts";
import { parseUrl } from "../src/url.ts";

const parse = (url: string, options = {}, environment = {}) => parseUrl(new URL(url), options, environment);
const resolve = (url: string, options = {}, environment = {}) => resolveOptions(parse(url, options, environment));
const invalid = expect.objectContaining({ code: "CONFIG_INVALID" });
const key = Buffer.from("hidden key").toString("base64");
const connection = `DefaultEndpointsProtocol=https;AccountName=account;AccountKey=${key};EndpointSuffix=core.windows.net`;

test("the scheme is azure", () => {
  expect(schemes).toEqual(["azure"]);
});

describe("a URL", () => {
  test("names account, container and path, and the endpoint in its query", () => {
    expect(resolve("azure://account/container/team/my%20code/")).toMatchObject({
      container: "container",
      keyPrefix: "team/my code/",
      endpoint: "https://account.blob.core.windows.net",
      isAzure: true,
    });
    expect(resolve("azure://account/container?endpoint=http://127.0.0.1:10000/account")).toMatchObject({
      keyPrefix: "",
      endpoint: "http://127.0.0.1:10000/account",
      isAzure: false,
    });
  });

  test("takes secrets from options, and else from the environment", () => {
    const environment = { AZURE_STORAGE_KEY: key, AZURE_STORAGE_SAS_TOKEN: "sv=1&sig=hidden" };
    const url = "azure://account/container";
    expect(parse(url, { accountKey: key }, { AZURE_STORAGE_SAS_TOKEN: "sig=x" })).toMatchObject({ accountKey: key });
    expect(parse(url, { sasToken: "?sig=x" }, environment).accountKey).toBeUndefined();
    expect(parse(url, {}, environment)).toMatchObject({ accountKey: key });
    expect(parse(url, {}, { AZURE_STORAGE_SAS_TOKEN: "sig=x" })).toMatchObject({ sasToken: "sig=x" });
    expect(resolve(url, { connectionString: connection })).toMatchObject({ accountKey: key, isAzure: true });
    expect(parse(url, {}, { AZURE_STORAGE_CONNECTION_STRING: connection })).toMatchObject({ accountKey: key });
  });

  test("takes nothing of another account's from the environment", () => {
    const url = "azure://other/container";
    expect(parse(url, {}, { AZURE_STORAGE_ACCOUNT: "account", AZURE_STORAGE_KEY: key }).accountKey).toBeUndefined();
    expect(parse(url, {}, { AZURE_STORAGE_CONNECTION_STRING: connection }).accountKey).toBeUndefined();
  });

  test("that names an endpoint is not shown what others may use", () => {
    const url = "azure://account/container?endpoint=https://stranger.example/account";
    expect(parse(url, {}, { AZURE_STORAGE_SAS_TOKEN: "sig=hidden" }).sasToken).toBeUndefined();
    expect(parse(url, { sasToken: "sig=given" }).sasToken).toBe("sig=given");
    expect(resolve(url).isAzure).toBe(false);
    expect(resolve("azure://account/container?endpoint=https://x.core.windows.net.stranger.example").isAzure).toBe(
      false,
    );
  });

  test.each([
    ["azure://user:hidden@account/container", {}],
    ["azure://account/container?sas-token=hidden", {}],
    ["azure://account/container?sig=hidden", {}],
    ["azure://account/container?acount=x", {}],
    ["azure://account/container", { acount: "hidden" }],
    ["azure://account/container", { accountKey: key, sasToken: "sig=hidden" }],
    ["azure://account/container", { accountKey: "hidden!" }],
    ["azure://account/container", { sasToken: "hidden" }],
    ["azure://account/container", { connectionString: "hidden" }],
    ["azure://other/container", { connectionString: connection }],
    ["azure://account/container?endpoint=http://host.example", { sasToken: "sig=hidden" }],
    ["azure://account/container?endpoint=nowhere", {}],
    ["azure://account/container?endpoint=ftp://host", {}],
    ["azure://account/container?endpoint=https://user:hidden@host", {}],
    ["azure://127.0.0.1:10000/account", {}],
    ["azure://account", {}],
    ["azure://account/c", {}],
    ["azure://account/container/a//b", {}],
    ["azure://account/container/a%2F..%2Fb", {}],
    ["azure://account/container/%zz", {}],
  ])("%s with %o is refused, without its secrets", (url, options) => {
    let message = "";
    expect(() => resolve(url, options)).toThrow(invalid);
    try {
      resolve(url, options);
    } catch (error) {
      message = JSON.stringify(error) + String(error) + (error as { hint?: string }).hint;
    }
    expect(message).not.toContain("hidden");
    expect(message).not.toContain(key);
  });
});

test.each<Partial<AzureOptions>>([
  { partSizeBytes: 1000 },
  { partSizeBytes: 65 * 2 ** 20 },
  { uploadConcurrency: 0 },
  { requestTimeoutMs: Number.NaN },
  { maxConnections: 1.5 },
  { path: "a/../b" },
  { path: "a\nb" },
  { path: "a." },
])("the options %o are refused", async (options) => {
  await expect(openAzure({ account: "account", container: "container", ...options })).rejects.toThrow(invalid);
});
