import type { ByteRange } from "@trunks/core";
import { expect, test } from "vitest";
import { bytesOf, first, onServer, refusal, withProxy } from "./address.ts";

const body = bytesOf(1000);

onServer((address) => {
  test.each<[ByteRange, number, number]>([
    [{ start: 0, end: 1000 }, 0, 1000],
    [{ start: 0 }, 0, 1000],
    [{ start: 10, end: 20 }, 10, 20],
    [{ start: 990, end: 2000 }, 990, 1000],
    [{ start: 1000 }, 1000, 1000],
    [{ start: 5000, end: 6000 }, 1000, 1000],
    [{ start: 7, end: 7 }, 7, 7],
    [{ start: 0, end: 0 }, 0, 0],
    [{ suffix: 10 }, 990, 1000],
    [{ suffix: 5000 }, 0, 1000],
    [{ suffix: 0 }, 1000, 1000],
  ])("the range %o of 1,000 bytes holds those from %i to %i", (range, start, end) =>
    withProxy(address, {}, async ({ backend }) => {
      await backend.put("key", body);
      const content = await backend.get("key", { range });
      expect(content).toMatchObject({ size: end - start, totalSize: 1000 });
      expect(Buffer.compare((await content?.bytes()) ?? body, body.subarray(start, end))).toBe(0);
      expect(await backend.get("absent", { range })).toBeUndefined();
    }),
  );

  test.each<ByteRange>([
    { start: 0 },
    { start: 0, end: 10 },
    { start: 5 },
    { start: 3, end: 3 },
    { suffix: 4 },
    { suffix: 0 },
  ])("the range %o of no bytes holds none", (range) =>
    withProxy(address, {}, async ({ backend }) => {
      await backend.put("empty", new Uint8Array(0));
      const content = await backend.get("empty", { range });
      expect(content).toMatchObject({ size: 0, totalSize: 0 });
      expect(await content?.bytes()).toHaveLength(0);
    }),
  );

  test("a range behind the end is no error where the store does not tell the size either", () =>
    withProxy(address, {}, async ({ backend, proxy }) => {
      await backend.put("key", body);
      proxy.use(first(1, refusal(416, "requestedRangeNotSatisfiable")));
      expect(await backend.get("key", { range: { start: 5000 } })).toMatchObject({ size: 0, totalSize: 1000 });
      expect(proxy.requests).toHaveLength(2);
    }));

  test("a store that ignores ranges is noticed", () =>
    withProxy(address, {}, async ({ backend, proxy }) => {
      const whole = {
        do: "answer",
        status: 200,
        headers: { "content-length": "1000" },
        body: "x".repeat(1000),
      } as const;
      proxy.use(() => whole);
      await expect(backend.get("key", { range: { start: 10, end: 20 } })).rejects.toMatchObject({
        code: "NOT_SUPPORTED",
      });
      await expect(backend.get("key", { range: { suffix: 10 } })).rejects.toMatchObject({ code: "NOT_SUPPORTED" });
      // Where it makes no difference it is no fault.
      const content = await backend.get("key", { range: { start: 0, end: 1000 } });
      expect(await content?.bytes()).toHaveLength(1000);
    }));

  test("a store that answers another range is noticed", () =>
    withProxy(address, {}, async ({ backend, proxy }) => {
      await backend.put("key", body);
      proxy.use(() => ({ do: "rewrite", headers: { "content-range": "bytes 0-9/1000" } }));
      await expect(backend.get("key", { range: { start: 10, end: 20 } })).rejects.toMatchObject({
        code: "NOT_SUPPORTED",
      });
    }));

  test("a body that is cut on its way is never taken for a whole one", () =>
    withProxy(address, {}, async ({ backend, proxy }) => {
      await backend.put("key", body);
      proxy.use(() => ({ do: "cut", bodyBytes: 400 }));
      const content = await backend.get("key");
      expect(content?.size).toBe(1000);
      await expect(content?.bytes()).rejects.toMatchObject({ code: "UNAVAILABLE", retryable: true });
    }));

  test("a head that promises more bytes than come is noticed, and one that promises fewer", () =>
    withProxy(address, { requestTimeoutMs: 1000 }, async ({ backend, proxy }) => {
      await backend.put("key", body);
      proxy.use(() => ({ do: "rewrite", headers: { "content-length": "1200" } }));
      const long = await backend.get("key");
      await expect(long?.bytes()).rejects.toMatchObject({ code: "UNAVAILABLE", retryable: true });
      proxy.use(() => ({ do: "rewrite", headers: { "content-length": "800", "content-range": "bytes 0-999/1000" } }));
      await expect(backend.get("key", { range: { start: 0, end: 1000 } })).rejects.toMatchObject({
        code: expect.anything(),
      });
    }));

  test("a head without a size is refused", () =>
    withProxy(address, {}, async ({ backend, proxy }) => {
      await backend.put("key", body);
      proxy.use(() => ({ do: "rewrite", headers: { "content-length": undefined } }));
      await expect(backend.get("key")).rejects.toMatchObject({ code: "NOT_SUPPORTED" });
    }));

  test("a body that was cancelled, before or while it was read, frees its connection", () =>
    withProxy(address, { maxConnections: 1 }, async ({ backend }) => {
      await backend.put("key", bytesOf(8 * 2 ** 20));
      await (await backend.get("key"))?.cancel();
      const content = await backend.get("key");
      for await (const _ of content ?? []) break;
      expect((await backend.get("key", { range: { suffix: 10 } }))?.size).toBe(10);
    }));
});
