import { describe, expect, test } from "vitest";
import type { Platform } from "../src/platform/interface.ts";
import * as node from "../src/platform/node.ts";
import * as web from "../src/platform/web.ts";

const platforms: readonly (readonly [string, Platform])[] = [
  ["node", node],
  ["web", web],
];

describe.each(platforms)("%s", (_name, platform) => {
  test("a temporary file keeps what is written where it was written", async () => {
    const bytes = Uint8Array.from({ length: 3_000_000 }, (_, index) => (index * 31 + (index >> 8)) & 0xff);
    const file = await platform.openTemporaryFile();
    for (let at = 0; at < bytes.length; at += 700_001) await file.write(bytes.subarray(at, at + 700_001), at);
    for (const [start, end] of [
      [0, 10],
      [1_048_570, 1_048_590],
      [0, bytes.length],
      [2_999_999, 3_000_000],
      [5, 5],
    ] as const) {
      expect(Buffer.compare(await file.read(start, end), bytes.subarray(start, end))).toBe(0);
    }
    await expect(file.read(bytes.length - 1, bytes.length + 2_000_000)).rejects.toMatchObject({ code: "INTERNAL" });
    await file.close();
  });

  test("what is deflated comes back, and nothing else is taken for it", async () => {
    const bytes = new TextEncoder().encode("some text ".repeat(1000));
    const deflated = await platform.deflateStored(bytes);
    expect(Buffer.compare(await platform.inflateAll(deflated), bytes)).toBe(0);
    await expect(platform.inflateAll(deflated.subarray(0, -5))).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    await expect(platform.inflateAll(bytes)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });
});

test("where there are no files, none is found", async () => {
  expect(await web.readTextFile("/etc/passwd")).toBeUndefined();
  expect(await web.parentFolder("/etc")).toBeUndefined();
  expect(await web.resolvePath("/etc", "passwd")).toBe("/etc/passwd");
});
