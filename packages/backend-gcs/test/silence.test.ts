import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { bytesOf, onServer, withProxy } from "./address.ts";

/** Far below what the server would wait, far above what it needs to answer. */
const requestTimeoutMs = 1000;

onServer((address) => {
  test("a request that is never answered is given up, and a create may have happened", () =>
    withProxy(address, { requestTimeoutMs }, async ({ backend, proxy }) => {
      proxy.use(() => ({ do: "hang" }));
      await expect(backend.create("key", bytesOf(10))).rejects.toMatchObject({ code: "OUTCOME_UNKNOWN" });
      await expect(backend.get("key")).rejects.toMatchObject({ code: "UNAVAILABLE", retryable: true });
    }));

  test("a body that stops coming is given up", () =>
    withProxy(address, { requestTimeoutMs }, async ({ backend, direct, proxy }) => {
      await direct.put("key", bytesOf(1000));
      proxy.use(() => ({ do: "stall", bodyBytes: 400 }));
      const content = await backend.get("key");
      await expect(content?.bytes()).rejects.toMatchObject({ code: "UNAVAILABLE", retryable: true });
    }));

  test("a slow reader is no silence of the store", () =>
    withProxy(address, { requestTimeoutMs }, async ({ backend, direct }) => {
      const size = 16 * 2 ** 20;
      await direct.put("key", bytesOf(size));
      let received = 0;
      for await (const chunk of (await backend.get("key")) ?? []) {
        if (received === 0) await sleep(1.5 * requestTimeoutMs);
        received += chunk.length;
      }
      expect(received).toBe(size);
    }));

  test.each(["create", "put", "get", "list", "delete"] as const)("%s that hangs is ended by its signal", (name) =>
    withProxy(address, {}, async ({ backend, proxy }) => {
      const controller = new AbortController();
      const reason = new Error("enough");
      proxy.use(() => {
        controller.abort(reason);
        return { do: "hang" };
      });
      const { signal } = controller;
      const calls = {
        create: () => backend.create("key", bytesOf(10), { signal }),
        put: () => backend.put("key", bytesOf(10), { signal }),
        get: () => backend.get("key", { signal }),
        list: () => backend.list("", { signal }),
        delete: () => backend.delete(["key"], { signal }),
      };
      await expect(calls[name]()).rejects.toMatchObject({ code: "ABORTED", cause: reason });
    }),
  );

  test("the reading of a body is ended by its signal", () =>
    withProxy(address, {}, async ({ backend, direct, proxy }) => {
      await direct.put("key", bytesOf(1000));
      proxy.use(() => ({ do: "stall", bodyBytes: 400 }));
      const controller = new AbortController();
      const content = await backend.get("key", { signal: controller.signal });
      const bytes = content?.bytes();
      controller.abort();
      await expect(bytes).rejects.toMatchObject({ code: "ABORTED" });
    }));
});
