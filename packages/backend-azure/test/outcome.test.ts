import { isTrunksError, type TrunksError } from "@trunks/core";
import { expect, test } from "vitest";
import { openAzure } from "../src/index.ts";
import { bytesOf, onServer, optionsFor, refusal, withProxy } from "./address.ts";

/** What the call threw, which must be the one kind of error. */
async function failureOf(call: Promise<unknown>): Promise<TrunksError> {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(isTrunksError(error), String(error)).toBe(true);
  return error as TrunksError;
}

onServer((address) => {
  test("a create whose answer is lost may have happened, and is not repeated", () =>
    withProxy(address, {}, async ({ backend, direct, proxy }) => {
      proxy.use(() => ({ do: "reset-after" }));
      const error = await failureOf(backend.create("key", bytesOf(10)));
      expect(error).toMatchObject({ code: "OUTCOME_UNKNOWN", retryable: false });
      expect(proxy.requests).toHaveLength(1);
      expect(await (await direct.get("key"))?.bytes()).toEqual(Buffer.from(bytesOf(10)));
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
    [500, "OperationTimedOut"],
    [502, ""],
    [503, ""],
    [504, "GatewayTimeout"],
  ])("a create answered %i %s may have happened; a get has failed", (status, code) =>
    withProxy(address, {}, async ({ backend, proxy }) => {
      proxy.use(() => refusal(status, code));
      const error = await failureOf(backend.create("key", bytesOf(10)));
      expect(error).toMatchObject({ code: "OUTCOME_UNKNOWN", retryable: false });
      expect(error.message).toContain(`answered ${status}`);
      expect(await failureOf(backend.get("key"))).toMatchObject({ code: "UNAVAILABLE", retryable: true });
      expect(proxy.requests).toHaveLength(2);
    }),
  );

  test.each([
    [503, "ServerBusy", { "retry-after": "7" }, { code: "RATE_LIMITED", retryAfterMs: 7000 }],
    [503, "ServerBusy", {}, { code: "RATE_LIMITED", retryAfterMs: undefined }],
    [503, "SomethingNew", { "retry-after": "3" }, { code: "UNAVAILABLE", retryAfterMs: 3000 }],
    [429, "", { "retry-after": "1" }, { code: "RATE_LIMITED", retryAfterMs: 1000 }],
    [400, "Md5Mismatch", {}, { code: "UNAVAILABLE" }],
    [409, "ContainerBeingDeleted", {}, { code: "UNAVAILABLE" }],
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
    [403, "AuthenticationFailed", "UNAUTHENTICATED"],
    [401, "InvalidAuthenticationInfo", "UNAUTHENTICATED"],
    [403, "AuthorizationPermissionMismatch", "PERMISSION_DENIED"],
    [403, "", "PERMISSION_DENIED"],
    [404, "ContainerNotFound", "NOT_FOUND"],
    [404, "", "NOT_FOUND"],
    [409, "BlobImmutableDueToPolicy", "PERMISSION_DENIED"],
    [409, "InvalidBlobType", "NOT_SUPPORTED"],
    [400, "SomethingNew", "NOT_SUPPORTED"],
    [507, "", "NO_SPACE"],
  ] as const)("an answer %i %s is %s, for every operation, and is final", (status, code, expected) =>
    withProxy(address, {}, async ({ backend, proxy }) => {
      proxy.use(() => refusal(status, code));
      const calls = [
        () => backend.create("key", bytesOf(10)),
        () => backend.put("key", bytesOf(10)),
        () => backend.get("key"),
        () => backend.list(""),
        () => backend.delete(["key"]),
      ];
      for (const call of calls) expect(await failureOf(call())).toMatchObject({ code: expected, retryable: false });
    }),
  );

  test("a page of HTML instead of an answer is a failure, and no absent key", () =>
    withProxy(address, {}, async ({ backend, proxy }) => {
      proxy.use(() => ({ do: "answer", status: 404, body: "<html><body>Not found<br></html>" }));
      expect(await failureOf(backend.get("key"))).toMatchObject({ code: "NOT_FOUND" });
      proxy.use(() => ({ do: "answer", status: 200, body: "<html><body>Welcome" }));
      expect(await failureOf(backend.list(""))).toMatchObject({ code: "UNAVAILABLE" });
    }));

  test.each([
    [409, "BlobAlreadyExists"],
    [412, "ConditionNotMet"],
  ])("a create that came second is told so by %i %s", (status, code) =>
    withProxy(address, {}, async ({ backend, proxy }) => {
      proxy.use(() => refusal(status, code));
      expect(await backend.create("key", bytesOf(10))).toBe(false);
      expect(proxy.requests).toHaveLength(1);
    }),
  );

  test("a body that was damaged on its way is refused by the store", () =>
    withProxy(address, {}, async ({ backend, direct, proxy }) => {
      proxy.use(() => ({ do: "alter", corruptBody: true }));
      // Azure says Md5Mismatch, which may be repeated; the emulator has another word for it.
      expect((await failureOf(backend.create("key", bytesOf(1000)))).message).toContain("answered 400");
      expect(await direct.get("key")).toBeUndefined();
    }));

  test("a server that is not there is unavailable: nothing was written", async () => {
    const backend = await openAzure(optionsFor(address, { endpoint: "http://127.0.0.1:1/account" }));
    const error = await failureOf(backend.create("key", bytesOf(10)));
    expect(error).toMatchObject({ code: "UNAVAILABLE", retryable: true });
    expect(error.message).toContain("ECONNREFUSED");
    await backend.close();
  });

  test("a server that speaks no TLS is unavailable, and that is final", async () => {
    const backend = await openAzure(optionsFor(address, { endpoint: address.endpoint.replace("http", "https") }));
    expect(await failureOf(backend.create("key", bytesOf(10)))).toMatchObject({
      code: "UNAVAILABLE",
      retryable: false,
    });
    await backend.close();
  });
});
