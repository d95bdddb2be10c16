import { describe, expect, test } from "vitest";
import { applyDelta, parseDeltaSizes } from "../../src/pack/delta.ts";
import { createDelta } from "../../src/pack/delta-encoder.ts";
import { SeededRandom } from "./seeded-random.ts";

const corrupt = expect.objectContaining({ code: "CORRUPT" });
const bytes = (text: string) => new TextEncoder().encode(text);

/** Every way in which one text becomes another: insert, remove, move, repeat, replace. */
function edited(random: SeededRandom, original: Uint8Array): Uint8Array {
  let result = Buffer.from(original);
  for (let edit = 0; edit <= random.below(6); edit++) {
    const [start, other] = [random.below(result.length + 1), random.below(result.length + 1)];
    const piece = result.subarray(Math.min(start, other), Math.max(start, other));
    const inserted = [Buffer.from(random.bytes(random.below(300))), piece, Buffer.alloc(random.below(5000), 7)];
    const removed = random.below(3) === 0 ? random.below(result.length) : 0;
    result = Buffer.concat([
      result.subarray(0, start),
      inserted[random.below(3)] as Buffer,
      result.subarray(Math.min(result.length, start + removed)),
    ]);
  }
  return new Uint8Array(result);
}

describe("deltas that are written", () => {
  test("make the target again", () => {
    const random = new SeededRandom(1);
    for (let round = 0; round < 300; round++) {
      const base = round % 3 === 0 ? random.bytes(random.below(3000)) : bytes(random.text(random.below(200)));
      const target = edited(random, base);
      const delta = createDelta(base, target, 10 * target.length + 100)!;
      expect(parseDeltaSizes(delta)).toMatchObject({ baseSize: base.length, size: target.length });
      expect(Buffer.compare(applyDelta(base, delta, target.length), target)).toBe(0);
    }
  });

  test("are small where little changed", () => {
    const random = new SeededRandom(2);
    const base = random.bytes(200_000);
    const target = Uint8Array.from([...base.subarray(0, 70_000), 1, 2, 3, ...base.subarray(70_010)]);
    const delta = createDelta(base, target, 1000)!;
    expect(delta.length).toBeLessThan(50);
    expect(Buffer.compare(applyDelta(base, delta, target.length), target)).toBe(0);
  });

  test("find what moved", () => {
    const random = new SeededRandom(3);
    const [first, second] = [random.bytes(50_000), random.bytes(50_000)];
    const [base, target] = [Buffer.concat([first, second]), Buffer.concat([second, first])];
    const delta = createDelta(base, target, 1000)!;
    expect(delta.length).toBeLessThan(40);
    expect(Buffer.compare(applyDelta(base, delta, target.length), target)).toBe(0);
  });

  test("take a time that grows with the size, not with its square", () => {
    // Each of these would take minutes if every equal block were tried, or every match were followed to its end.
    const run = new Uint8Array(4_000_000);
    expect(Buffer.compare(applyDelta(run, createDelta(run, run, 10_000)!, run.length), run)).toBe(0);
    const period = Uint8Array.from({ length: 2_000_000 }, (_, index) => index % 48);
    const shifted = period.map((byte, index) => (index % 1000 === 999 ? 255 : byte));
    const delta = createDelta(period, shifted, 1_000_000)!;
    expect(Buffer.compare(applyDelta(period, delta, period.length), shifted)).toBe(0);
  });

  test("are given up beyond the size allowed", () => {
    const random = new SeededRandom(4);
    const [base, target] = [random.bytes(5000), random.bytes(5000)];
    expect(createDelta(base, target, 4999)).toBeUndefined();
    for (const size of [-10, 0, 1, 5]) expect(createDelta(base, target, size)).toBeUndefined();
    const delta = createDelta(base, target, 6000)!;
    expect(createDelta(base, target, delta.length)).toEqual(delta);
    expect(createDelta(base, target, delta.length - 1)).toBeUndefined();
  });

  test("work for nothing and for less than a block", () => {
    for (const base of ["", "short", "exactly 16 bytes", "a little more than one block"]) {
      for (const target of ["", "s", "exactly 16 bytes", "and some more than one block"]) {
        const delta = createDelta(bytes(base), bytes(target), 100)!;
        expect(applyDelta(bytes(base), delta, 100)).toEqual(bytes(target));
      }
    }
  });
});

describe("deltas that are read", () => {
  const base = bytes("0123456789");
  const made = (...instructions: number[]) => applyDelta(base, Uint8Array.from([10, ...instructions]), 1_000_000);

  test("copy and insert", () => {
    expect(made(3, 0x91, 4, 3)).toEqual(bytes("456"));
    expect(made(5, 2, 97, 98, 0x90, 3)).toEqual(bytes("ab012"));
    expect(made(0)).toEqual(new Uint8Array(0));
  });

  test("copy 64 KiB when no length is given", () => {
    const large = new SeededRandom(5).bytes(0x10000 + 10);
    const delta = Uint8Array.from([0x8a, 0x80, 0x04, 0x80, 0x80, 0x04, 0x81, 10]);
    expect(Buffer.compare(applyDelta(large, delta, 0x10000), large.subarray(10))).toBe(0);
  });

  test("are refused, not called corrupt, above the size allowed", () => {
    const delta = Uint8Array.from([10, 0x80, 0x80, 0x80, 0x01, 1, 65]);
    expect(() => applyDelta(base, delta, 1_000_000)).toThrow(expect.objectContaining({ code: "NOT_SUPPORTED" }));
  });

  test.each([
    ["another base", [9, 1, 1, 65]],
    ["a reserved instruction", [10, 1, 0]],
    ["a copy from beyond the base", [10, 3, 0x91, 8, 3]],
    ["a copy from far beyond the base", [10, 3, 0x9f, 0xff, 0xff, 0xff, 0xff, 3]],
    ["an insert that is cut", [10, 3, 3, 65, 65]],
    ["a copy that is cut", [10, 3, 0x91, 4]],
    ["too much", [10, 3, 0x90, 4]],
    ["too little", [10, 3, 0x90, 2]],
    ["no sizes", []],
    ["one size", [10]],
    ["an endless size", [10, ...Array(30).fill(0x80), 1]],
  ])("refuse %s", (_, instructions) => {
    expect(() => applyDelta(base, Uint8Array.from(instructions as number[]), 1_000_000)).toThrow(corrupt);
  });
});
