import { expect, test } from "vitest";
import { isTrunksError, TrunksError } from "../src/index.ts";

test("an error is recognised by its brand, also when the class was loaded twice", async () => {
  const twin = (await import("../src/error.ts?twin" as string)) as { TrunksError: typeof TrunksError };
  const foreign = new twin.TrunksError("NOT_FOUND", "no such bucket");
  expect(foreign).not.toBeInstanceOf(TrunksError);
  expect(isTrunksError(foreign)).toBe(true);
  expect(isTrunksError(foreign, "NOT_FOUND")).toBe(true);
  expect(isTrunksError(foreign, "CORRUPT")).toBe(false);
});

test.each([undefined, null, "NOT_FOUND", { code: "NOT_FOUND" }, new Error("plain")])("%j is none of ours", (value) => {
  expect(isTrunksError(value)).toBe(false);
});

test("what is not said has its default; a cause is kept", () => {
  const cause = new Error("below");
  const error = new TrunksError("UNAVAILABLE", "the store does not answer", {
    cause,
    retryAfterMs: 500,
    retryable: true,
    hint: "wait",
  });
  expect(error).toMatchObject({ cause, retryAfterMs: 500, retryable: true, hint: "wait", name: "TrunksError" });
  expect(new TrunksError("INTERNAL", "x")).toMatchObject({
    retryable: false,
    retryAfterMs: undefined,
    hint: undefined,
  });
  expect("cause" in new TrunksError("INTERNAL", "x")).toBe(false);
});
