import { expect, test } from "vitest";
import { unquote } from "../../src/helper/quoting.ts";

test.each([
  ["plain", "plain"],
  ["two words", "two words"],
  ["", ""],
  ['"quoted"', "quoted"],
  ['""', ""],
  ['"a\\tb\\nc"', "a\tb\nc"],
  ['"\\a\\b\\v\\f\\r"', "\u0007\b\v\f\r"],
  ['"\\"\\\\"', '"\\'],
  ['"\\303\\244"', "\u00e4"],
  ['"\\377"', "\udcff"],
  ['"half', '"half'],
  ['"', '"'],
  ['in "the" middle', 'in "the" middle'],
])("%j means %j", (value, meaning) => {
  expect(unquote(value)).toBe(meaning);
});
