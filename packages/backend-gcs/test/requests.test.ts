import type { TestProxy } from "@trunks/test-servers";
import { expect, test } from "vitest";
import { bytesOf, onServer, withProxy } from "./address.ts";

/** The requests so far, by method and kind of upload. */
function listed(proxy: TestProxy): string[] {
  return proxy.requests.map(({ method, query }) => [method, query.get("uploadType") ?? ""].join(" ").trim());
}

onServer((address) => {
  test("small operations are one request each, over one connection", () =>
    withProxy(address, {}, async ({ backend, proxy }) => {
      expect(await backend.create("a", bytesOf(10))).toBe(true);
      expect(await backend.create("a", bytesOf(10))).toBe(false);
      await backend.put("b", bytesOf(0));
      await (await backend.get("a"))?.bytes();
      await (await backend.get("a", { range: { start: 2, end: 5 } }))?.bytes();
      await (await backend.get("a", { range: { suffix: 5 } }))?.bytes();
      await backend.list("");
      await backend.delete(["a"]);
      expect(listed(proxy)).toEqual([
        ...["POST multipart", "POST multipart", "POST multipart", "GET", "GET", "GET", "GET", "DELETE"],
      ]);
      expect(proxy.connections).toBe(1);
      expect(proxy.requests.slice(0, 3).map(({ query }) => query.get("ifGenerationMatch"))).toEqual(["0", "0", null]);
    }));

  test("an absent key is one request, once the bucket has been seen", () =>
    withProxy(address, {}, async ({ backend, proxy }) => {
      expect(await backend.get("absent")).toBeUndefined();
      proxy.use(() => ({ do: "pass" }));
      expect(await backend.get("absent")).toBeUndefined();
      expect(proxy.requests).toHaveLength(1);
    }));

  test("a large create is three requests, the last with the digest of the whole", () =>
    withProxy(address, { singleRequestBytes: 2 ** 20 }, async ({ backend, proxy }) => {
      expect(await backend.create("large", bytesOf(5 * 2 ** 20))).toBe(true);
      expect(listed(proxy)).toEqual(["POST resumable", "PUT resumable", "PUT resumable"]);
      expect(proxy.requests[0]?.query.get("ifGenerationMatch")).toBe("0");
      expect(proxy.requests[2]?.headers["x-goog-hash"]).toMatch(/^md5=[A-Za-z0-9+/]{22}==$/);
    }));
});
