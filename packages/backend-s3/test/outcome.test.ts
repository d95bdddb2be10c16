import { isTrunksError, type TrunksError } from "@trunks/core";
import { expect, test } from "vitest";
import { bytesOf, first, onEachServer, refusal, withProxy } from "./address.ts";

/** What the call threw, which must be the one kind of error. */
async function failureOf(call: Promise<unknown>): Promise<TrunksError> {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(isTrunksError(error), String(error)).toBe(true);
  return error as TrunksError;
}

onEachServer((address) => {
  test("a create whose answer is lost may have happened, and is not repeated", () =>
    withProxy(address, {}, async ({ backend, direct, proxy }) => {
      proxy.use(() => ({ do: "reset-after" }));
      const error = await failureOf(backend.create("key", bytesOf(10)));
      expect(error).toMatchObject({ code: "OUTCOME_UNKNOWN", retryable: false });
      expect(proxy.requests).toHaveLength(1);
      expect(Buffer.from((await (await direct.get("key"))?.bytes()) ?? [])).toEqual(Buffer.from(bytesOf(10)));
    }));

  test("a create that never arrived looks the same", () =>
    withProxy(address, {}, async ({ backend, direct, proxy }) => {
      proxy.use(() => ({ do: "reset-before" }));
      expect(await failureOf(backend.create("key", bytesOf(10)))).toMatchObject({ code: "OUTCOME_UNKNOWN" });
      expect(await direct.get("key")).toBeUndefined();
    }));

  test("reads and lists whose answer is lost have failed, and may be repeated", () =>
    withProxy(address, {}, async ({ backend, proxy }) => {
      proxy.use(() => ({ do: "reset-after" }));
      expect(await failureOf(backend.get("key"))).toMatchObject({ code: "UNAVAILABLE", retryable: true });
      expect(await failureOf(backend.list(""))).toMatchObject({ code: "UNAVAILABLE", retryable: true });
    }));

  test("puts and deletes whose answer is lost are unknown, and may be repeated", () =>
    withProxy(address, {}, async ({ backend, proxy }) => {
      proxy.use(() => ({ do: "reset-after" }));
      const unknown = { code: "OUTCOME_UNKNOWN", retryable: true };
      expect(await failureOf(backend.put("key", bytesOf(10)))).toMatchObject(unknown);
      expect(await failureOf(backend.delete(["key"]))).toMatchObject(unknown);
    }));

  test.each([
    [500, "InternalError"],
    [502, "BadGateway"],
    [503, "SlowDownWrite"],
    [504, "GatewayTimeout"],
  ])("a create answered %i %s may have happened; a get has failed", (status, code) =>
    withProxy(address, {}, async ({ backend, proxy }) => {
      proxy.use(() => refusal(status, code));
      const error = await failureOf(backend.create("key", bytesOf(10)));
      expect(error).toMatchObject({ code: "OUTCOME_UNKNOWN", retryable: false });
      expect(error.message).toContain(`answered ${status} ${code}`);
      expect(await failureOf(backend.get("key"))).toMatchObject({ code: "UNAVAILABLE", retryable: true });
      expect(proxy.requests).toHaveLength(2);
    }),
  );

  test.each([
    [503, "SlowDown", { "retry-after": "7" }, { code: "RATE_LIMITED", retryAfterMs: 7000 }],
    [503, "SlowDown", {}, { code: "RATE_LIMITED", retryAfterMs: undefined }],
    [429, "TooManyRequests", { "retry-after": "1" }, { code: "RATE_LIMITED", retryAfterMs: 1000 }],
    [503, "ServiceUnavailable", {}, { code: "UNAVAILABLE" }],
    [503, "SomethingNew", { "retry-after": "3" }, { code: "UNAVAILABLE", retryAfterMs: 3000 }],
    [400, "RequestTimeout", {}, { code: "UNAVAILABLE" }],
    [400, "BadDigest", {}, { code: "UNAVAILABLE" }],
  ])("a create answered %i %s %o was not done, and may be repeated", (status, code, headers, expected) =>
    withProxy(address, {}, async ({ backend, direct, proxy }) => {
      proxy.use(() => refusal(status, code, headers as Record<string, string>));
      const error = await failureOf(backend.create("key", bytesOf(10)));
      expect(error).toMatchObject({ ...expected, retryable: true });
      expect(proxy.requests).toHaveLength(1);
      expect(await direct.get("key")).toBeUndefined();
    }),
  );

  test.each([
    [400, "EntityTooLarge", "NO_SPACE"],
    [400, "QuotaExceeded", "NO_SPACE"],
    [507, "XMinioStorageFull", "NO_SPACE"],
    [507, "", "NO_SPACE"],
    [501, "NotImplemented", "NOT_SUPPORTED"],
    [403, "", "PERMISSION_DENIED"],
    [401, "", "UNAUTHENTICATED"],
    [301, "PermanentRedirect", "CONFIG_INVALID"],
    [404, "", "NOT_FOUND"],
    [400, "SomethingNew", "NOT_SUPPORTED"],
  ] as const)("an answer %i %s is %s, for every operation, and is final", (status, code, expected) =>
    withProxy(address, {}, async ({ backend, proxy }) => {
      proxy.use(() => refusal(status, code, { "x-amz-bucket-region": "eu-west-9" }));
      const calls = [
        () => backend.create("key", bytesOf(10)),
        () => backend.put("key", bytesOf(10)),
        () => backend.get("key"),
        () => backend.list(""),
        () => backend.delete(["key"]),
      ];
      for (const call of calls) expect(await failureOf(call())).toMatchObject({ code: expected, retryable: false });
      if (expected === "CONFIG_INVALID") expect((await failureOf(backend.list(""))).hint).toContain("region=eu-west-9");
    }),
  );

  test("a page of HTML instead of S3's answer is a failure, and no absent key", () =>
    withProxy(address, {}, async ({ backend, proxy }) => {
      proxy.use(() => ({ do: "answer", status: 404, body: "<html><body>Not found<br></html>" }));
      expect(await failureOf(backend.get("key"))).toMatchObject({ code: "NOT_FOUND" });
      proxy.use(() => ({ do: "answer", status: 200, body: "<html><body>Welcome" }));
      expect(await failureOf(backend.list(""))).toMatchObject({ code: "UNAVAILABLE" });
    }));

  test("two who come at once are asked to begin again, and do", () =>
    withProxy(address, {}, async ({ backend, direct, proxy }) => {
      proxy.use(first(3, refusal(409, "ConditionalRequestConflict")));
      expect(await backend.create("key", bytesOf(10))).toBe(true);
      expect(proxy.requests).toHaveLength(4);
      expect((await direct.get("key"))?.size).toBe(10);
    }));

  test("a conflict without an end is given up", () =>
    withProxy(address, {}, async ({ backend, proxy }) => {
      proxy.use(() => refusal(409, "ConditionalRequestConflict"));
      const error = await failureOf(backend.create("key", bytesOf(10)));
      expect(error).toMatchObject({ code: "UNAVAILABLE", retryable: true });
      expect(proxy.requests).toHaveLength(8);
    }));

  test("a body that was damaged on its way is refused by the store", () =>
    withProxy(address, {}, async ({ backend, direct, proxy }) => {
      proxy.use(() => ({ do: "alter", corruptBody: true }));
      const error = await failureOf(backend.create("key", bytesOf(1000)));
      expect(error).toMatchObject({ code: "UNAVAILABLE", retryable: true });
      expect(await direct.get("key")).toBeUndefined();
      // A part is sent again.
      const large = bytesOf(18 * 2 ** 20);
      proxy.use(first(1, { do: "alter", corruptBody: true }, ({ query }) => query.has("partNumber")));
      expect(await backend.create("large", large)).toBe(true);
      expect(Buffer.compare((await (await direct.get("large"))?.bytes()) ?? new Uint8Array(0), large)).toBe(0);
    }));

  test("keys that a batch could not delete are an error, and the others are gone", () =>
    withProxy(address, {}, async ({ backend, proxy }) => {
      const errors = "<Error><Key>x</Key><Code>AccessDenied</Code><Message>no</Message></Error>";
      const body = `<?xml version="1.0"?><DeleteResult>${errors}</DeleteResult>`;
      proxy.use(() => ({ do: "answer", status: 200, headers: { "content-type": "application/xml" }, body }));
      expect(await failureOf(backend.delete(["a", "b"]))).toMatchObject({ code: "PERMISSION_DENIED" });
    }));

  test("a store without batches is asked key by key from then on", () =>
    withProxy(address, {}, async ({ backend, direct, proxy }) => {
      for (const key of ["a", "b", "c"]) await direct.put(key, bytesOf(1));
      proxy.use(({ query }) => (query.has("delete") ? refusal(501, "NotImplemented") : { do: "pass" }));
      await backend.delete(["a", "b"]);
      await backend.delete(["c", "absent"]);
      expect((await direct.list("")).keys).toEqual([]);
      expect(proxy.requests.map(({ method }) => method)).toEqual(["POST", "DELETE", "DELETE", "DELETE", "DELETE"]);
    }));
});
