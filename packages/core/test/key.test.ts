import { expect, test } from "vitest";
import { checkKey, checkPrefix, compareKeys, isTrunksError, maxKeyLength, maxSegmentLength } from "../src/index.ts";

function isRefused(check: () => void): boolean {
  try {
    check();
    return false;
  } catch (error) {
    if (isTrunksError(error, "INVALID_ARGUMENT")) return true;
    throw error;
  }
}

test.each(["a", "A", "0", "a/b", "journal/999999999999999", "trunk.json", "a-b_c.d", "a".repeat(maxSegmentLength)])(
  "%s is a key",
  (key) => {
    checkKey(key);
    checkPrefix(`${key}/`);
  },
);

test.each([
  "",
  "/",
  "a/",
  "/a",
  "a//b",
  ".",
  "..",
  "a/../b",
  ".hidden",
  "a/.b",
  "-a",
  "_a",
  "a b",
  "ä",
  "a%20b",
  "a\\b",
  "a\0",
  "a".repeat(maxSegmentLength + 1),
  `${"a/".repeat(maxKeyLength / 2)}ab`,
])("%j is no key", (key) => {
  expect(isRefused(() => checkKey(key))).toBe(true);
});

test("a prefix is empty or ends in a slash", () => {
  checkPrefix("");
  expect(isRefused(() => checkPrefix("a"))).toBe(true);
  expect(isRefused(() => checkPrefix("/"))).toBe(true);
});

test("keys are ordered by their bytes", () => {
  expect(["b", "a/b", "a0", "a-b", "B", "a.b", "a"].sort(compareKeys)).toEqual([
    "B",
    "a",
    "a-b",
    "a.b",
    "a/b",
    "a0",
    "b",
  ]);
});
