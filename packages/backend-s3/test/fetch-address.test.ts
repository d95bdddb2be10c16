import { describe, expect, test } from "vitest";
import { resolveOptions, type S3Options } from "../src/options.ts";
import { addressOf } from "../src/web/address.ts";

const address = (options: Omit<S3Options, "bucket"> & { bucket?: string }, key?: string) =>
  addressOf(resolveOptions({ bucket: "code", ...options }), {
    method: "GET",
    key,
    query: key ? {} : { "list-type": "2" },
  });

describe("the URL that is asked by fetch", () => {
  test.each([
    [{ region: "eu-central-1" }, "https://code.s3.eu-central-1.amazonaws.com/a/b"],
    [{ region: "cn-north-1" }, "https://code.s3.cn-north-1.amazonaws.com.cn/a/b"],
    [{ region: "eu-west-1", bucket: "my.code" }, "https://s3.eu-west-1.amazonaws.com/my.code/a/b"],
    [{ endpoint: "http://127.0.0.1:9000" }, "http://127.0.0.1:9000/code/a/b"],
    [{ endpoint: "https://store.example/s3/" }, "https://store.example/s3/code/a/b"],
    [{ endpoint: "https://store.example", pathStyle: false }, "https://code.store.example/a/b"],
    [{ scheme: "tigris" }, "https://code.t3.storage.dev/a/b"],
    [{ scheme: "r2", account: "abc" }, "https://abc.r2.cloudflarestorage.com/code/a/b"],
  ] as const)("%j", (options, expected) => {
    expect(address(options, "a/b")).toBe(expected);
  });

  test("of a list, and of what URLs write otherwise", () => {
    expect(address({ endpoint: "https://store.example" })).toBe("https://store.example/code?list-type=2");
    expect(address({ endpoint: "https://store.example", pathStyle: false })).toBe(
      "https://code.store.example/?list-type=2",
    );
    expect(address({ endpoint: "https://store.example" }, "a b/(c)+d")).toBe(
      "https://store.example/code/a%20b/%28c%29%2Bd",
    );
  });

  test("is none without Amazon's region", () => {
    expect(() => address({}, "a")).toThrow("Region is missing");
  });
});
