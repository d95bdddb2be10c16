import { describe, expect, test } from "vitest";
import type { ObjectFormat } from "../../src/pack/object-format.ts";
import { entryHeaderBytes, maxEntryHeaderSizeBytes, parseEntryHeader } from "../../src/pack/pack-entry.ts";
import { packHeader, parsePackHeader } from "../../src/pack/pack-header.ts";

const corrupt = expect.objectContaining({ code: "CORRUPT" });
const sizes = [0, 1, 15, 16, 2047, 2048, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 45 + 3, Number.MAX_SAFE_INTEGER];

describe.each<ObjectFormat>(["sha1", "sha256"])("entry headers, %s", (format) => {
  test.each(sizes)("an object of %d bytes", (size) => {
    for (const type of ["commit", "tree", "blob", "tag"] as const) {
      const bytes = entryHeaderBytes(type, size);
      const header = parseEntryHeader(format, bytes, 0, 12);
      expect(header).toEqual({ type, size, headerSize: bytes.length, baseOffset: undefined, baseId: undefined });
      expect(bytes.length).toBeLessThanOrEqual(maxEntryHeaderSizeBytes);
    }
  });

  test.each([1, 127, 128, 16_511, 16_512, 2 ** 31, 2 ** 32, 2 ** 40 + 99])(
    "a delta against %d bytes before",
    (distance) => {
      const offset = distance + 12;
      const bytes = entryHeaderBytes({ baseDistance: distance }, 77);
      expect(parseEntryHeader(format, bytes, 0, offset)).toMatchObject({ type: "ofs-delta", size: 77, baseOffset: 12 });
      expect(() => parseEntryHeader(format, bytes, 0, offset - 1)).toThrow(corrupt);
      for (let cut = 0; cut < bytes.length; cut++) {
        expect(() => parseEntryHeader(format, bytes.subarray(0, cut), 0, offset)).toThrow(corrupt);
      }
    },
  );

  test("a delta against an id, in the middle of other bytes", () => {
    const baseId = "0123456789abcdef".repeat(4).slice(0, format === "sha1" ? 40 : 64);
    const bytes = entryHeaderBytes({ baseId }, 300);
    const embedded = new Uint8Array([1, 2, 3, ...bytes, 9]);
    expect(parseEntryHeader(format, embedded, 3, 99)).toEqual({
      type: "ref-delta",
      size: 300,
      headerSize: bytes.length,
      baseOffset: undefined,
      baseId,
    });
    expect(() => parseEntryHeader(format, bytes.subarray(0, -1), 0, 99)).toThrow(corrupt);
  });

  test("what is no header", () => {
    expect(() => parseEntryHeader(format, Uint8Array.of(0x05), 0, 12)).toThrow(/unknown type/);
    expect(() => parseEntryHeader(format, Uint8Array.of(0x50), 0, 12)).toThrow(/unknown type/);
    expect(() => parseEntryHeader(format, new Uint8Array(0), 0, 12)).toThrow(corrupt);
    for (const filler of [0x80, 0xff]) {
      expect(() => parseEntryHeader(format, Uint8Array.of(0xb0, ...Array(40).fill(filler)), 0, 12)).toThrow(
        /impossible/,
      );
      expect(() => parseEntryHeader(format, Uint8Array.of(0x60, ...Array(40).fill(filler)), 0, 12)).toThrow(
        /impossible/,
      );
    }
    expect(() => parseEntryHeader(format, Uint8Array.of(0x60, 0), 0, 12)).toThrow(/outside the pack/);
  });
});

test("pack headers", () => {
  expect(parsePackHeader(packHeader(0))).toBe(0);
  expect(parsePackHeader(packHeader(2 ** 32 - 1))).toBe(2 ** 32 - 1);
  expect(() => parsePackHeader(packHeader(3).subarray(0, 11))).toThrow(corrupt);
  expect(() => parsePackHeader(packHeader(3).with(0, 0x51))).toThrow(corrupt);
  expect(() => parsePackHeader(packHeader(3).with(7, 4))).toThrow(/version 4/);
  expect(parsePackHeader(packHeader(3).with(7, 3))).toBe(3);
});
