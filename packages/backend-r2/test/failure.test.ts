import type { R2Bucket } from "@cloudflare/workers-types";
import { expect, test } from "vitest";
import { openR2, type R2Binding } from "../src/index.ts";

/** The parts of it that are used are those of the runtime's own type. */
const _fits = (bucket: R2Bucket): R2Binding => bucket;

/** A bucket that fails as R2 documents it: no store here does. */
function failing(message: string): R2Binding {
  const fail = async () => {
    throw new Error(message);
  };
  return { get: fail, head: fail, put: fail, list: fail, delete: fail };
}

const limited = "put: Reduce your concurrent request rate for the same object. (10058)";
const internal = "put: We encountered an internal error. Please try again. (10001)";

test.each([
  [limited, "create", { code: "RATE_LIMITED", retryable: true }],
  [limited, "put", { code: "RATE_LIMITED", retryable: true }],
  [internal, "create", { code: "OUTCOME_UNKNOWN", retryable: false }],
  [internal, "put", { code: "OUTCOME_UNKNOWN", retryable: true }],
  [internal, "get", { code: "UNAVAILABLE", retryable: true }],
  [internal, "list", { code: "UNAVAILABLE", retryable: true }],
  [internal, "delete", { code: "UNAVAILABLE", retryable: true }],
  ["get: Network connection lost.", "get", { code: "UNAVAILABLE", retryable: true }],
  ["get: The specified bucket does not exist. (10006)", "get", { code: "NOT_FOUND", retryable: false }],
  ["list: Access Denied (10003)", "list", { code: "PERMISSION_DENIED", retryable: false }],
] as const)("%s, to %s", async (message, operation, expected) => {
  const backend = openR2({ bucket: failing(message) });
  const calls = {
    get: () => backend.get("key"),
    create: () => backend.create("key", new Uint8Array(3)),
    put: () => backend.put("key", new Uint8Array(3)),
    list: () => backend.list(""),
    delete: () => backend.delete(["key"]),
  };
  await expect(calls[operation]()).rejects.toMatchObject(expected);
});

test.each(["..", "a//b", "a/../b", "a\\b", "a\nb", "x".repeat(401)])("%j is no folder in a bucket", (path) => {
  expect(() => openR2({ bucket: failing(""), path })).toThrow(expect.objectContaining({ code: "CONFIG_INVALID" }));
});
