import { expect, test } from "vitest";
import { checkRequest, checkWrite } from "../src/index.ts";

test("a request is refused after close, and when its signal is raised", () => {
  checkRequest(false, {});
  checkRequest(false, { signal: new AbortController().signal });
  expect(() => checkRequest(true, { signal: AbortSignal.abort() })).toThrow(
    expect.objectContaining({ code: "CLOSED", message: "this backend was closed" }),
  );
  expect(() => checkRequest(false, { signal: AbortSignal.abort() })).toThrow(
    expect.objectContaining({ code: "ABORTED" }),
  );
});

test("a write is refused for no key, and for a body above the limit", () => {
  const source = { size: 11, read: () => (async function* () {})() };
  checkWrite("a/b", new Uint8Array(10), 10);
  expect(() => checkWrite("a//b", new Uint8Array(0), 10)).toThrow(
    expect.objectContaining({ code: "INVALID_ARGUMENT" }),
  );
  expect(() => checkWrite("a/b", source, 10)).toThrow(
    expect.objectContaining({ code: "NOT_SUPPORTED", message: "a/b: a body of 11 bytes; the limit is 10" }),
  );
});
