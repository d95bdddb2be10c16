import { expect, test } from "vitest";
import { resolveRange } from "../src/index.ts";

test.each([
  [undefined, 0, 10],
  [{ start: 2 }, 2, 10],
  [{ start: 2, end: 5 }, 2, 5],
  [{ start: 2, end: 2 }, 2, 2],
  [{ start: 2, end: 99 }, 2, 10],
  [{ start: 10 }, 10, 10],
  [{ start: 99, end: 100 }, 10, 10],
  [{ suffix: 3 }, 7, 10],
  [{ suffix: 0 }, 10, 10],
  [{ suffix: 99 }, 0, 10],
])("%j of ten bytes is %i to %i", (range, start, end) => {
  expect(resolveRange(range, 10)).toEqual({ start, end });
});

test.each([{ start: -1 }, { start: 0.5 }, { start: 3, end: 2 }, { suffix: -1 }, { start: Number.NaN }])(
  "%j is no range",
  (range) => {
    expect(() => resolveRange(range, 10)).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
  },
);
