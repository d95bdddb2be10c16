import type { TestProxy } from "@trunks/test-servers";
import { expect, test } from "vitest";
import { bytesOf, onEachServer, withProxy } from "./address.ts";

const mebibyte = 2 ** 20;

/** The requests so far, by method and by what S3 tells them apart. */
function listed(proxy: TestProxy): string[] {
  const marks = ["uploads", "partNumber", "uploadId", "list-type", "delete"];
  return proxy.requests.map(({ method, query }) => [method, ...marks.filter((mark) => query.has(mark))].join(" "));
}

onEachServer((address) => {
  test("small operations are one request each, over one connection", () =>
    withProxy(address, {}, async ({ backend, proxy }) => {
      expect(await backend.create("a", bytesOf(10))).toBe(true);
      expect(await backend.create("a", bytesOf(10))).toBe(false);
      await backend.put("b", bytesOf(0));
      await (await backend.get("a"))?.bytes();
      await (await backend.get("a", { range: { start: 2, end: 5 } }))?.bytes();
      expect(await backend.get("absent")).toBeUndefined();
      await backend.list("");
      await backend.delete(["a", "b"]);
      await backend.delete(["a"]);
      expect(listed(proxy)).toEqual([
        ...["PUT", "PUT", "PUT", "GET", "GET", "GET", "GET list-type", "POST delete", "DELETE"],
      ]);
      expect(proxy.connections).toBe(1);
    }));

  test("a large create is one request a part and two more", () =>
    withProxy(address, { partSizeBytes: 5 * mebibyte }, async ({ backend, proxy }) => {
      expect(await backend.create("large", bytesOf(11 * mebibyte))).toBe(true);
      expect(listed(proxy).sort()).toEqual([
        ...["POST uploadId", "POST uploads"],
        ...Array(3).fill("PUT partNumber uploadId"),
      ]);
      expect(proxy.requests.at(-1)?.headers["if-none-match"]).toBe("*");
    }));

  test("bodies travel with a digest of their own", () =>
    withProxy(address, {}, async ({ backend, proxy }) => {
      await backend.create("a", bytesOf(10));
      await backend.delete(["a", "b"]);
      expect(proxy.requests[0]?.headers["x-amz-content-sha256"]).toMatch(/^[0-9a-f]{64}$/);
      expect(proxy.requests[0]?.headers["if-none-match"]).toBe("*");
      expect(proxy.requests[1]?.headers["content-md5"]).toMatch(/==$/);
      expect(Object.keys(proxy.requests[1]?.headers ?? {}).filter((name) => /checksum/.test(name))).toEqual([]);
    }));

  test("2,001 keys are deleted in three requests", () =>
    withProxy(address, {}, async ({ backend, proxy }) => {
      await backend.delete(Array.from({ length: 2001 }, (_, index) => `absent/${index}`));
      expect(listed(proxy)).toEqual(["POST delete", "POST delete", "DELETE"]);
    }));
});
