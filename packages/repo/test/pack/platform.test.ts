import { deflateSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import type { Platform } from "../../src/platform/interface.ts";
import * as node from "../../src/platform/node.ts";
import { Room } from "../../src/platform/room.ts";
import * as web from "../../src/platform/web.ts";
import { SeededRandom } from "./seeded-random.ts";

const corrupt = expect.objectContaining({ code: "CORRUPT" });
const text = (value: string) => new TextEncoder().encode(value);

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size);
}

async function collect(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const piece of stream) all.push(piece);
  return Buffer.concat(all);
}

const platforms: readonly (readonly [string, Platform])[] = [
  ["node", node],
  ["web", web],
];

describe.each(platforms)("%s", (_name, platform) => {
  const { bytesFromHex, crc32Of, createDigest, deflate, deflateStream, hexFromBytes } = platform;
  const { inflate, inflateStream, latin1Text, randomId, sha256Hex, store } = platform;

  test("digests, in one step or several", () => {
    const abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    expect(sha256Hex(text("abc"))).toBe(abc);
    expect(createDigest("sha256").update(text("a")).update(text("bc")).hex()).toBe(abc);
    expect(hexFromBytes(createDigest("sha1").bytes())).toBe("da39a3ee5e6b4b0d3255bfef95601890afd80709");
    expect(crc32Of(text("789"), crc32Of(text("123456")))).toBe(0xcbf43926);
  });

  test("hexadecimal digits", () => {
    expect(hexFromBytes(Uint8Array.of(0, 1, 0xab, 0xff), 1, 3)).toBe("01ab");
    expect(bytesFromHex("00ff10")).toEqual(Uint8Array.of(0, 0xff, 0x10));
    expect(latin1Text(Uint8Array.of(0x41, 0x80, 0xff))).toBe("A\u0080\u00ff");
    expect(new Set(Array.from({ length: 100 }, randomId)).size).toBe(100);
    expect(randomId()).toMatch(/^[0-9a-f]{32}$/);
  });

  describe("inflate", () => {
    test.each([0, 1, 63, 64, 65, 100_000])("%d bytes, and says how many it took", (size) => {
      const bytes = new SeededRandom(size).bytes(size);
      const deflated = deflate(bytes);
      const { bytes: found, consumed } = inflate(Buffer.concat([deflated, bytes]), size);
      expect(Buffer.compare(found, bytes)).toBe(0);
      expect(consumed).toBe(deflated.length);
    });

    test("into one room, each beside the others", () => {
      const room = new Room();
      const random = new SeededRandom(3);
      const all = Array.from({ length: 200 }, (_, index) => random.bytes(index * 97));
      const found = all.map((bytes) => inflate(deflate(bytes), bytes.length, room).bytes);
      expect(found.every((bytes, index) => Buffer.compare(bytes, all[index] as Uint8Array) === 0)).toBe(true);
      expect(new Set(found.map((bytes) => bytes.buffer)).size).toBeLessThan(100);
    });

    test("goes on after what was damaged", () => {
      const deflated = deflate(text("some text"));
      expect(() => inflate(deflated.subarray(0, 6), 9)).toThrow(corrupt);
      expect(inflate(deflated, 9).bytes).toEqual(text("some text"));
    });

    test.each([0, 99, 101, 5000, 2 ** 40])("refuses another size than declared, %d", (size) => {
      expect(() => inflate(deflateSync(new Uint8Array(100)), size)).toThrow(corrupt);
    });

    test("between two places of its input, and no further", () => {
      const bytes = new SeededRandom(6).bytes(300);
      const deflated = deflate(bytes);
      const input = Buffer.concat([deflated, deflated, deflated]);
      const [start, end] = [deflated.length, 2 * deflated.length];
      expect(inflate(input, 300, undefined, start, end)).toEqual({ bytes, consumed: deflated.length });
      expect(() => inflate(input, 300, undefined, start, end - 1)).toThrow(corrupt);
      expect(() => inflate(input, 0, undefined, end, start)).toThrow(corrupt);
    });

    test("refuses what is damaged or cut", () => {
      const deflated = deflate(new SeededRandom(2).bytes(500));
      for (let size = 0; size < deflated.length; size += 11) {
        expect(() => inflate(deflated.subarray(0, size), 500)).toThrow(corrupt);
      }
      for (const place of [0, 1, 100, deflated.length - 1]) {
        expect(() => inflate(deflated.with(place, deflated[place]! ^ 0x55), 500)).toThrow(corrupt);
      }
    });
  });

  test("what is stored as it is comes back, and is hardly more", () => {
    const bytes = new SeededRandom(5).bytes(200_000);
    const stored = store(bytes);
    expect(stored.length).toBeLessThan(200_200);
    expect(Buffer.compare(inflate(stored, bytes.length).bytes, bytes)).toBe(0);
  });

  describe("streams", () => {
    const bytes = text(new SeededRandom(4).text(20_000));

    test("come back as they went", async () => {
      for (const size of [1000, 77_777, bytes.length]) {
        const deflated = await collect(deflateStream(pieces(bytes, size)));
        expect(Buffer.compare(await collect(inflateStream(pieces(deflated, size))), bytes)).toBe(0);
      }
      expect(await collect(inflateStream(deflateStream(pieces(bytes, 0x10000))))).toHaveLength(bytes.length);
      expect(await collect(inflateStream(deflateStream(pieces(bytes, 0x10000), 0)))).toHaveLength(bytes.length);
      expect(await collect(inflateStream(deflateStream(pieces(new Uint8Array(0), 1))))).toHaveLength(0);
    });

    test("refuse what is damaged or cut", async () => {
      const deflated = deflate(bytes);
      await expect(collect(inflateStream(pieces(deflated.subarray(0, -1), 1000)))).rejects.toThrow(corrupt);
      await expect(collect(inflateStream(pieces(deflated.with(900, deflated[900]! ^ 4), 1000)))).rejects.toThrow(
        corrupt,
      );
    });

    test("pass on what their source throws", async () => {
      async function* failing(): AsyncGenerator<Uint8Array> {
        yield deflate(bytes).subarray(0, 100);
        throw new RangeError("the source");
      }
      await expect(collect(inflateStream(failing()))).rejects.toThrow(new RangeError("the source"));
      await expect(collect(deflateStream(failing()))).rejects.toThrow(new RangeError("the source"));
    });

    test("end their source when their reader stops", async () => {
      const ended = Promise.withResolvers<void>();
      async function* endless(): AsyncGenerator<Uint8Array> {
        try {
          for (;;) yield new Uint8Array(1000);
        } finally {
          ended.resolve();
        }
      }
      for await (const _ of inflateStream(deflateStream(endless()))) break;
      await expect(ended.promise).resolves.toBeUndefined();
    });
  });
});
