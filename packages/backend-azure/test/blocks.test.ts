import { describe, expect, test } from "vitest";
import { planBlocks } from "../src/blocks.ts";
import { bytesOf, first, onServer, refusal, withProxy } from "./address.ts";

const mebibyte = 2 ** 20;
const options = { partSizeBytes: mebibyte };
const body = bytesOf(3 * mebibyte + 1);

type Request = Parameters<Parameters<typeof first>[2] & object>[0];
const isBlock = ({ query }: Request) => query.get("comp") === "block";
const isCommit = ({ query }: Request) => query.get("comp") === "blocklist";

describe("the plan of the blocks", () => {
  test.each([
    [20 * mebibyte, 8 * mebibyte, 4, 3],
    [400_000 * mebibyte, 8 * mebibyte, 4, 50_000],
    [400_001 * mebibyte, 9 * mebibyte, 4, 44_445],
    [3_200_000 * mebibyte, 64 * mebibyte, 1, 50_000],
  ])("%i bytes go in blocks of %i, %i at once", (size, partSizeBytes, concurrency, count) => {
    expect(planBlocks(size, 8 * mebibyte, 4)).toEqual({ partSizeBytes, concurrency, count });
  });
});

onServer((address) => {
  test("a block that fails is sent again", () =>
    withProxy(address, options, async ({ backend, direct, proxy }) => {
      proxy.use(first(2, { do: "reset-after" }, isBlock));
      expect(await backend.create("key", body)).toBe(true);
      expect(Buffer.compare((await (await direct.get("key"))?.bytes()) ?? new Uint8Array(0), body)).toBe(0);
    }));

  test("a block that arrived damaged is sent again", () =>
    withProxy(address, options, async ({ backend, direct, proxy }) => {
      proxy.use(first(1, refusal(400, "Md5Mismatch"), isBlock));
      expect(await backend.create("key", body)).toBe(true);
      expect(Buffer.compare((await (await direct.get("key"))?.bytes()) ?? new Uint8Array(0), body)).toBe(0);
    }));

  test("a block that fails for good, and a signal, end the upload without a trace", () =>
    withProxy(address, options, async ({ backend, direct, proxy }) => {
      proxy.use((request) => (isBlock(request) ? refusal(403, "AuthorizationFailure") : { do: "pass" }));
      await expect(backend.create("key", body)).rejects.toMatchObject({ code: "PERMISSION_DENIED" });
      const controller = new AbortController();
      proxy.use((request) => {
        if (!isBlock(request)) return { do: "pass" };
        controller.abort();
        return { do: "hang" };
      });
      const aborted = backend.create("key", body, { signal: controller.signal });
      await expect(aborted).rejects.toMatchObject({ code: "ABORTED" });
      expect(await direct.get("key")).toBeUndefined();
      expect((await direct.list("")).keys).toEqual([]);
    }));

  test("an upload that comes second writes nothing", () =>
    withProxy(address, options, async ({ backend, direct, proxy }) => {
      proxy.use(async (request) => {
        if (isCommit(request)) await direct.put("key", bytesOf(3));
        return { do: "pass" };
      });
      expect(await backend.create("key", body)).toBe(false);
      expect((await direct.get("key"))?.size).toBe(3);
    }));

  test("a commit whose answer is lost may have happened, and is not repeated", () =>
    withProxy(address, options, async ({ backend, direct, proxy }) => {
      proxy.use((request) => (isCommit(request) ? { do: "reset-after" } : { do: "pass" }));
      const created = backend.create("key", body);
      await expect(created).rejects.toMatchObject({ code: "OUTCOME_UNKNOWN", retryable: false });
      expect(proxy.requests.filter(isCommit)).toHaveLength(1);
      expect((await direct.get("key"))?.size).toBe(body.length);
    }));

  test("blocks that another writer has swept away are sent again", () =>
    withProxy(address, options, async ({ backend, direct, proxy }) => {
      proxy.use(first(1, refusal(400, "InvalidBlockList"), isCommit));
      expect(await backend.create("key", body)).toBe(true);
      expect(proxy.requests.filter(isBlock)).toHaveLength(8);
      expect((await direct.get("key"))?.size).toBe(body.length);
    }));

  test("a put replaces what is there, in blocks as well", () =>
    withProxy(address, options, async ({ backend, direct }) => {
      await backend.put("key", bytesOf(3));
      await backend.put("key", body);
      expect((await direct.get("key"))?.size).toBe(body.length);
    }));
});
