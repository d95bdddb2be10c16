import { expect, test } from "vitest";
import { type Attempt, Exchange, lost, readRetryAfter, refused, unsent } from "../src/index.ts";

function attempt(fields: Partial<Attempt> = {}, exchange: Partial<Exchange> = {}): Attempt {
  return {
    operation: "create",
    key: "a/b",
    loss: "final",
    place: "bucket x",
    secrets: ["hunter2hunter2"],
    exchange: Object.assign(new Exchange(), exchange),
    ...fields,
  };
}

test.each([
  ["harmless", { code: "UNAVAILABLE", retryable: true }],
  ["repeatable", { code: "OUTCOME_UNKNOWN", retryable: true }],
  ["final", { code: "OUTCOME_UNKNOWN", retryable: false }],
] as const)("a lost answer whose loss is %s", (loss, expected) => {
  const error = lost(new Error("socket hang up\nhunter2hunter2"), attempt({ loss }));
  expect(error).toMatchObject({ ...expected, message: "create a/b: bucket x gave no answer: socket hang up" });
});

test("what the store may have done all the same is not known", () => {
  const meaning = { code: "UNAVAILABLE", retryable: true, undecided: true } as const;
  const refusal = new Error("503");
  const asked = attempt({}, { headers: { "retry-after": "2" } });
  expect(refused(refusal, meaning, "bucket x answered 503", asked)).toMatchObject({
    code: "OUTCOME_UNKNOWN",
    retryable: false,
    retryAfterMs: 2000,
    cause: refusal,
    message: "create a/b: bucket x answered 503",
  });
  expect(refused(refusal, meaning, "", attempt({ loss: "harmless" }))).toMatchObject({ code: "UNAVAILABLE" });
});

test("what was never sent may be sent again, unless the certificate is at fault", () => {
  const refusal = Object.assign(new Error("connect ECONNREFUSED hunter2hunter2"), { code: "ECONNREFUSED" });
  const error = unsent(refusal, attempt());
  expect(error).toMatchObject({ code: "UNAVAILABLE", retryable: true, cause: { code: "ECONNREFUSED" } });
  expect(error.message).toBe("create a/b: bucket x: connect ECONNREFUSED ***");
  const certificate = Object.assign(new Error("self-signed"), { code: "DEPTH_ZERO_SELF_SIGNED_CERT" });
  expect(unsent(certificate, attempt())).toMatchObject({
    retryable: false,
    hint: expect.stringContaining("NODE_EXTRA"),
  });
});

test("the wait that a store asks for, in seconds or as a date", () => {
  const after = (text?: string) =>
    readRetryAfter(Object.assign(new Exchange(), { headers: text === undefined ? {} : { "retry-after": text } }));
  expect(after()).toBeUndefined();
  expect(after("3")).toBe(3000);
  expect(after("Thu, 01 Jan 1970 00:00:00 GMT")).toBe(0);
  expect(after("soon")).toBeUndefined();
});
