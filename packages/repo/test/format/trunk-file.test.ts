import { expect, test } from "vitest";
import { decodeTrunkFile, encodeTrunkFile } from "../../src/format/trunk-file.ts";
import { codeOf, errorOf } from "../failure.ts";
import { trunk } from "../samples.ts";

const bytes = encodeTrunkFile(trunk);

function reading(value: unknown) {
  return codeOf(() => decodeTrunkFile(Buffer.from(typeof value === "string" ? value : JSON.stringify(value))));
}

test("it comes back, and is as docs/format.md shows it", () => {
  expect(decodeTrunkFile(bytes)).toEqual(trunk);
  expect(decodeTrunkFile(encodeTrunkFile({ ...trunk, objects: "sha256" }))).toEqual({ ...trunk, objects: "sha256" });
  expect(String(Buffer.from(bytes))).toBe(`{"format":1,"id":"${trunk.id}","objects":"sha1","requires":[]}\n`);
});

test("unknown members are ignored", () => {
  const more = { format: 1, ...trunk, requires: [], madeBy: "somebody" };
  expect(decodeTrunkFile(Buffer.from(JSON.stringify(more)))).toEqual(trunk);
});

test.each([
  ["nothing", "", "CORRUPT"],
  ["no JSON", "{", "CORRUPT"],
  ["no object", "null", "CORRUPT"],
  ["a list", [], "CORRUPT"],
  ["no version", { ...trunk, requires: [] }, "CORRUPT"],
  ["version 0", { format: 0, ...trunk, requires: [] }, "CORRUPT"],
  ["version 1.5", { format: 1.5, ...trunk, requires: [] }, "CORRUPT"],
  ['version "1"', { format: "1", ...trunk, requires: [] }, "CORRUPT"],
  ["a version above ours", { format: 2 }, "NOT_SUPPORTED"],
  ["a feature", { format: 1, ...trunk, requires: ["time-travel"] }, "NOT_SUPPORTED"],
  ["no features", { format: 1, ...trunk }, "CORRUPT"],
  ["no id", { format: 1, objects: "sha1", requires: [] }, "CORRUPT"],
  ["a short id", { format: 1, id: "7", objects: "sha1", requires: [] }, "CORRUPT"],
  ["an unknown object format", { format: 1, id: trunk.id, objects: "md5", requires: [] }, "CORRUPT"],
])("%s is refused", (_, value, code) => {
  expect(reading(value)).toBe(code);
});

test("a feature is named", () => {
  const file = Buffer.from(JSON.stringify({ format: 1, ...trunk, requires: ["time-travel"] }));
  expect(errorOf(() => decodeTrunkFile(file))).toMatchObject({ message: expect.stringContaining('"time-travel"') });
});

test("any length but its own is refused", () => {
  for (let length = 0; length < bytes.length - 1; length++)
    expect(codeOf(() => decodeTrunkFile(bytes.slice(0, length)))).toBe("CORRUPT");
});

test("with a byte changed it is refused, or means the same but for its id, which nothing else vouches for", () => {
  for (let index = 0; index < bytes.length; index++) {
    for (const change of [1, 2, 0x20, 0x80]) {
      const changed = bytes.with(index, (bytes[index] as number) ^ change);
      const code = codeOf(() => decodeTrunkFile(changed));
      if (code === undefined) expect(decodeTrunkFile(changed)).toMatchObject({ objects: "sha1" });
      else expect(["CORRUPT", "NOT_SUPPORTED"]).toContain(code);
    }
  }
});
