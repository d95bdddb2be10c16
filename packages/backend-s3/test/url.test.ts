import { describe, expect, test } from "vitest";
import { openS3, type S3Options, schemes } from "../src/index.ts";
import { resolveOptions } from "../src/options.ts";
import { presets } from "../src/preset.ts";
import { parseUrl } from "../src/url.ts";

const parse = (url: string, options = {}, environment = {}) => parseUrl(new URL(url), options, environment);
const resolve = (url: string, options = {}, environment = {}) => resolveOptions(parse(url, options, environment));
const invalid = expect.objectContaining({ code: "CONFIG_INVALID" });

test("the schemes are those of the presets", () => {
  expect([...schemes].sort()).toEqual(Object.keys(presets).sort());
});

describe("a URL", () => {
  test("names bucket and path, and everything else in its query", () => {
    const url =
      "s3://my.bucket-1/team/my%20code/?endpoint=https://s3.example:9000&region=eu-1&path-style=false&profile=work";
    expect(resolve(url)).toMatchObject({
      bucket: "my.bucket-1",
      keyPrefix: "team/my code/",
      endpoint: "https://s3.example:9000",
      region: "eu-1",
      pathStyle: false,
      profile: "work",
    });
  });

  test("without a path means the whole bucket", () => {
    expect(resolve("s3://bucket").keyPrefix).toBe("");
    expect(resolve("s3://bucket/").keyPrefix).toBe("");
  });

  test("gives way to options, and the environment to the URL", () => {
    const url = "s3://bucket?endpoint=http://url&region=url";
    expect(resolve(url, { region: "options" })).toMatchObject({ endpoint: "http://url", region: "options" });
    const environment = { AWS_ENDPOINT_URL: "http://all", AWS_ENDPOINT_URL_S3: "http://environment" };
    expect(resolve(url, {}, environment).endpoint).toBe("http://url");
    expect(resolve("s3://bucket", {}, environment).endpoint).toBe("http://environment");
    expect(resolve("s3://bucket", {}, { AWS_ENDPOINT_URL: "http://all" }).endpoint).toBe("http://all");
    expect(resolve("tigris://bucket", {}, environment).endpoint).toBe("https://t3.storage.dev");
  });

  test("takes credentials from options", () => {
    const options = { accessKey: "a", secretKey: "b", sessionToken: "c" };
    expect(parse("s3://bucket", options).credentials).toEqual(options);
    expect(parse("s3://bucket").credentials).toBeUndefined();
  });

  test.each([
    ["s3://user:hidden@bucket", {}],
    ["s3://bucket?secret-key=hidden", {}],
    ["s3://bucket?session-token=hidden", {}],
    ["s3://bucket?regoin=x", {}],
    ["s3://bucket", { regoin: "hidden" }],
    ["s3://bucket", { accessKey: "a" }],
    ["s3://bucket", { secretKey: "hidden" }],
    ["s3://bucket", { sessionToken: "hidden" }],
    ["s3://bucket?path-style=yes", {}],
    ["s3://bucket?endpoint=nowhere", {}],
    ["s3://bucket?endpoint=ftp://host", {}],
    ["s3://bucket?endpoint=https://user:hidden@host", {}],
    ["s3://bucket?endpoint=https://storage.googleapis.com", {}],
    ["s3://127.0.0.1:9000/bucket", {}],
    ["s3://b", {}],
    ["s3://bucket/a//b", {}],
    ["s3://bucket/a%2F..%2Fb", {}],
    ["s3://bucket/%zz", {}],
    ["minio://bucket", {}],
    ["r2://bucket", {}],
    ["b2://bucket", {}],
    ["b2://bucket?region=evil.example/", {}],
    ["spaces://bucket", {}],
  ])("%s with %o is refused, without its secrets", (url, options) => {
    let message = "";
    expect(() => resolve(url, options)).toThrow(invalid);
    try {
      resolve(url, options);
    } catch (error) {
      message = JSON.stringify(error) + String(error) + (error as { hint?: string }).hint;
    }
    expect(message).not.toContain("hidden");
  });
});

describe("presets", () => {
  test.each<[string, object]>([
    ["s3://bucket", { endpoint: undefined, region: undefined, pathStyle: false, headers: {} }],
    ["s3://bucket?endpoint=http://host", { endpoint: "http://host", region: "us-east-1", pathStyle: true }],
    [
      "minio://bucket?endpoint=http://host:9000",
      { endpoint: "http://host:9000", region: "us-east-1", pathStyle: true },
    ],
    ["r2://bucket?account=abc", { endpoint: "https://abc.r2.cloudflarestorage.com", region: "auto", pathStyle: true }],
    [
      "tigris://bucket",
      { endpoint: "https://t3.storage.dev", pathStyle: false, headers: { "x-tigris-consistent": "true" } },
    ],
    ["b2://bucket?region=us-west-004", { endpoint: "https://s3.us-west-004.backblazeb2.com", region: "us-west-004" }],
    ["wasabi://bucket", { endpoint: "https://s3.us-east-1.wasabisys.com", region: "us-east-1" }],
    ["spaces://bucket?region=fra1", { endpoint: "https://fra1.digitaloceanspaces.com", pathStyle: false }],
    ["r2://bucket?endpoint=https://abc.eu.r2.cloudflarestorage.com", { region: "auto", pathStyle: true }],
  ])("%s", (url, expected) => {
    expect(resolve(url)).toMatchObject(expected);
  });
});

test.each<Partial<S3Options>>([
  { partSizeBytes: 1000 },
  { partSizeBytes: 65 * 2 ** 20 },
  { uploadConcurrency: 0 },
  { requestTimeoutMs: Number.NaN },
  { maxConnections: 1.5 },
  { path: "a/../b" },
  { path: "a\nb" },
])("the options %o are refused", async (options) => {
  await expect(openS3({ bucket: "bucket", ...options })).rejects.toThrow(invalid);
});

test("a directory bucket is refused: it lists in no order", async () => {
  await expect(openS3({ bucket: "code--use1-az4--x-s3" })).rejects.toMatchObject({ code: "NOT_SUPPORTED" });
});
