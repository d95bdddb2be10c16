import { expect, test } from "vitest";
import { openBackend } from "../src/index.ts";

test.each([
  ["other://localhost/", "not the scheme"],
  ["mystore://localhost/?colour=red", "behind ? or #"],
  ["mystore://user:hunter2@localhost/", "no place for a password"],
])("%s is refused, and no secret shown", async (url, message) => {
  const error = await openBackend(new URL(url)).catch((error: unknown) => error);
  expect(error).toMatchObject({ code: "CONFIG_INVALID", message: expect.stringContaining(message) });
  expect(String(error)).not.toContain("hunter2");
});
