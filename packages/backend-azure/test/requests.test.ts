import type { TestProxy } from "@trunks/test-servers";
import { expect, test } from "vitest";
import { bytesOf, onServer, withProxy } from "./address.ts";

const mebibyte = 2 ** 20;

/** The requests so far, by method and by what Azure tells them apart. */
function listed(proxy: TestProxy): string[] {
  return proxy.requests.map(({ method, query }) => [method, query.get("comp") ?? ""].join(" ").trim());
}

onServer((address) => {
  test("small operations are one request each, over one connection", () =>
    withProxy(address, {}, async ({ backend, proxy }) => {
      expect(await backend.create("a", bytesOf(10))).toBe(true);
      expect(await backend.create("a", bytesOf(10))).toBe(false);
      await backend.put("b", bytesOf(0));
      await (await backend.get("a"))?.bytes();
      await (await backend.get("a", { range: { start: 2, end: 5 } }))?.bytes();
      expect(await backend.get("absent")).toBeUndefined();
      await backend.list("");
      await backend.delete(["a"]);
      expect(listed(proxy)).toEqual(["PUT", "PUT", "PUT", "GET", "GET", "GET", "GET list", "DELETE"]);
      expect(proxy.connections).toBe(1);
      expect(proxy.requests.slice(0, 3).map(({ headers }) => headers["if-none-match"])).toEqual(["*", "*", undefined]);
      expect(proxy.requests[0]?.headers["content-md5"]).toMatch(/==$/);
    }));

  test("a suffix is two requests: Azure does not know it", () =>
    withProxy(address, {}, async ({ backend, proxy }) => {
      await backend.put("a", bytesOf(100));
      proxy.use(() => ({ do: "pass" }));
      expect(await (await backend.get("a", { range: { suffix: 5 } }))?.bytes()).toHaveLength(5);
      expect(listed(proxy)).toEqual(["HEAD", "GET"]);
    }));

  test("a large create is one request a block and one more, which has the condition", () =>
    withProxy(address, { partSizeBytes: mebibyte }, async ({ backend, proxy }) => {
      expect(await backend.create("large", bytesOf(3 * mebibyte + 1))).toBe(true);
      expect(listed(proxy)).toEqual([...Array(4).fill("PUT block"), "PUT blocklist"]);
      expect(proxy.requests.at(-1)?.headers["if-none-match"]).toBe("*");
    }));

  test("pages that follow each other begin where the last one ended", () =>
    withProxy(address, {}, async ({ backend, proxy }) => {
      for (let index = 0; index < 6; index++) await backend.create(`key${index}`, bytesOf(1));
      proxy.use(() => ({ do: "pass" }));
      const first = await backend.list("", { limit: 2 });
      const second = await backend.list("", { limit: 2, after: first.keys.at(-1)?.key });
      expect(second.keys.map(({ key }) => key)).toEqual(["key2", "key3"]);
      expect(proxy.requests[1]?.query.get("marker")).toBeTruthy();
      // Without a page that ended there the store is told where to begin, and what it sends before is passed over.
      const other = await backend.list("", { limit: 2, after: "key2" });
      expect(other).toMatchObject({ keys: [{ key: "key3" }, { key: "key4" }], more: true });
      expect(proxy.requests[2]?.query.get("startFrom")).toMatch(/\/key2-$/);
    }));
});
