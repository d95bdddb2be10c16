import { expect, test } from "vitest";
import { abortedError, sleep, unlessAborted } from "../src/index.ts";

const reason = new Error("enough");

test("the signal's reason is the cause", () => {
  expect(abortedError(AbortSignal.abort(reason))).toMatchObject({ code: "ABORTED", cause: reason, retryable: false });
  expect(abortedError(undefined).cause).toBeUndefined();
});

test("work that ends first is what it came to", async () => {
  const { signal } = new AbortController();
  await expect(unlessAborted(Promise.resolve(1), undefined)).resolves.toBe(1);
  await expect(unlessAborted(Promise.resolve(2), signal)).resolves.toBe(2);
  await expect(unlessAborted(Promise.reject(reason), signal)).rejects.toBe(reason);
});

test("a signal that is raised ends the wait, and the work's own failure is nobody's", async () => {
  const work = Promise.withResolvers<void>();
  const controller = new AbortController();
  const waiting = unlessAborted(work.promise, controller.signal);
  controller.abort(reason);
  await expect(waiting).rejects.toMatchObject({ code: "ABORTED", cause: reason });
  await expect(unlessAborted(work.promise, controller.signal)).rejects.toMatchObject({ code: "ABORTED" });
  work.reject(new Error("late"));
  await work.promise.catch(() => {});
});

test("a sleep ends with its time or with its signal", async () => {
  const controller = new AbortController();
  await sleep(1, controller.signal);
  const long = sleep(2 ** 30, controller.signal);
  controller.abort(reason);
  await expect(long).rejects.toMatchObject({ code: "ABORTED", cause: reason });
  await expect(sleep(0, controller.signal)).rejects.toMatchObject({ code: "ABORTED" });
});
