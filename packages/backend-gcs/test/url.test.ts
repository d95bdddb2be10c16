import { describe, expect, test } from "vitest";
import { type GcsOptions, openGcs, schemes } from "../src/index.ts";
import { resolveOptions } from "../src/options.ts";
import { parseUrl } from "../src/url.ts";

const parse = (url: string, options = {}, environment = {}) => parseUrl(new URL(url), options, environment);
const resolve = (url: string, options = {}, environment = {}) => resolveOptions(parse(url, options, environment));
const invalid = expect.objectContaining({ code: "CONFIG_INVALID" });

test("the schemes are gcs and gs", () => {
  expect(schemes).toEqual(["gcs", "gs"]);
});

describe("a URL", () => {
  test("names bucket and path, and the endpoint in its query", () => {
    for (const scheme of schemes) {
      expect(resolve(`${scheme}://my.bucket_1/team/my%20code/`)).toMatchObject({
        bucket: "my.bucket_1",
        keyPrefix: "team/my code/",
        endpoint: "https://storage.googleapis.com",
        isGoogle: true,
      });
    }
    expect(resolve("gcs://bucket").keyPrefix).toBe("");
  });

  test("gives way to options, and the environment to the URL", () => {
    const url = "gcs://bucket?endpoint=http://127.0.0.1:1";
    expect(resolve(url, { endpoint: "http://127.0.0.1:2" }).endpoint).toBe("http://127.0.0.1:2");
    const environment = { STORAGE_EMULATOR_HOST: "localhost:4443" };
    expect(resolve(url, {}, environment).endpoint).toBe("http://127.0.0.1:1");
    expect(resolve("gcs://bucket", {}, environment).endpoint).toBe("http://localhost:4443");
    expect(resolve("gcs://bucket", {}, { STORAGE_EMULATOR_HOST: "https://e" }).endpoint).toBe("https://e");
  });

  test("that names another endpoint is not shown the default credentials", () => {
    expect(resolve("gcs://bucket?endpoint=https://private.p.googleapis.com").isGoogle).toBe(true);
    expect(resolve("gcs://bucket?endpoint=https://googleapis.com.stranger.example").isGoogle).toBe(false);
    expect(resolve("gcs://bucket?endpoint=https://notgoogleapis.com").isGoogle).toBe(false);
    expect(resolve("gcs://bucket?endpoint=http://storage.googleapis.com").isGoogle).toBe(false);
  });

  test.each([
    ["gcs://user:hidden@bucket", {}],
    ["gcs://bucket?access-token=hidden", {}],
    ["gcs://bucket?key-file=hidden", {}],
    ["gcs://bucket?regoin=x", {}],
    ["gcs://bucket", { regoin: "hidden" }],
    ["gcs://bucket", { accessToken: "hidden", keyFile: "hidden" }],
    ["gcs://bucket?endpoint=http://host.example", { accessToken: "hidden" }],
    ["gcs://bucket?endpoint=nowhere", {}],
    ["gcs://bucket?endpoint=ftp://host", {}],
    ["gcs://bucket?endpoint=https://user:hidden@host", {}],
    ["gcs://bucket?endpoint=https://host?key=hidden", {}],
    ["gcs://127.0.0.1:9000/bucket", {}],
    ["gcs://b", {}],
    ["gcs://bucket/a//b", {}],
    ["gcs://bucket/a%2F..%2Fb", {}],
    ["gcs://bucket/%zz", {}],
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

test.each<Partial<GcsOptions>>([
  { singleRequestBytes: 1000 },
  { singleRequestBytes: 65 * 2 ** 20 },
  { requestTimeoutMs: Number.NaN },
  { maxConnections: 1.5 },
  { path: "a/../b" },
  { path: "a\nb" },
])("the options %o are refused", async (options) => {
  await expect(openGcs({ bucket: "bucket", ...options })).rejects.toThrow(invalid);
});
