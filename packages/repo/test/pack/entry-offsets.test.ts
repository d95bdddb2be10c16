import { expect, test } from "vitest";
import { EntryOffsets } from "../../src/pack/entry-offsets.ts";

const corrupt = expect.objectContaining({ code: "CORRUPT" });

/** As many offsets as wanted, in no order, at uneven distances. */
function offsetsOf(count: number): { sorted: number[]; mixed: Uint32Array } {
  let at = 12;
  const sorted = Array.from({ length: count }, (_, index) => {
    at += 5 + ((index * 7919) % 300);
    return at;
  });
  const mixed = Uint32Array.from(sorted, (_, index) => sorted[(index * 7) % count] as number);
  return { sorted, mixed };
}

test.each([1, 100, 16_384, 16_385, 40_000])("the end of each of %d entries", (count) => {
  const { sorted, mixed } = offsetsOf(count);
  const end = (sorted.at(-1) as number) + 9;
  const offsets = new EntryOffsets(mixed, end);
  for (const [index, offset] of sorted.entries()) {
    if (offsets.next(offset) !== (sorted[index + 1] ?? end)) throw new Error(`wrong end of ${offset}`);
  }
  expect(() => offsets.next((sorted[0] as number) + 1)).toThrow(corrupt);
});

test.each([100, 40_000])("one of %d entries named twice", (count) => {
  const { sorted, mixed } = offsetsOf(count);
  mixed[0] = mixed[1] as number;
  const offsets = new EntryOffsets(mixed, (sorted.at(-1) as number) + 9);
  expect(() => offsets.next(mixed[0] as number)).toThrow(corrupt);
});
