import { describe, expect, test } from "vitest";
import { IdSet } from "../../src/pack/id-set.ts";
import { hexFromBytes } from "../../src/platform.ts";
import { SeededRandom } from "../seeded-random.ts";

describe.each([
  ["sha1", 20],
  ["sha256", 32],
] as const)("a set of ids, %s", (format, size) => {
  const random = new SeededRandom(3);
  const ids = Array.from({ length: 20_000 }, () => hexFromBytes(random.bytes(size)));

  test("holds what a set of strings holds, in its order", () => {
    const set = new IdSet(format);
    const plain = new Set<string>();
    for (const id of [...ids, ...ids.slice(0, 5000)]) {
      expect(set.add(id)).toBe(!plain.has(id));
      plain.add(id);
    }
    expect(set.size).toBe(plain.size);
    expect([...set]).toEqual([...plain]);
    expect(ids.every((id) => set.has(id))).toBe(true);
    const others = Array.from({ length: 5000 }, () => hexFromBytes(random.bytes(size)));
    expect(others.some((id) => set.has(id))).toBe(false);
  });

  test("reads ids where they stand", () => {
    const set = new IdSet(format, ids.slice(0, 10));
    const bytes = new Uint8Array([...random.bytes(7), ...Buffer.from(ids[3] as string, "hex"), ...random.bytes(7)]);
    expect([set.hasBytes(bytes, 7), set.hasBytes(bytes, 6), set.addBytes(bytes, 7), set.addBytes(bytes, 6)]).toEqual([
      true,
      false,
      false,
      true,
    ]);
  });

  test("tells apart ids that are the same but for one byte", () => {
    const first = random.bytes(size);
    const alike = Array.from({ length: size }, (_, at) => first.map((byte, place) => (place === at ? byte ^ 1 : byte)));
    const set = new IdSet(
      format,
      [first, ...alike].map((bytes) => hexFromBytes(bytes)),
    );
    expect(set.size).toBe(size + 1);
  });
});
