import { describe, expect, test } from "vitest";
import { encodeHeadedFile } from "../../src/format/headed-file.ts";
import { decodePlaceFile, encodePlaceFile } from "../../src/format/place-file.ts";
import { codeOf } from "../failure.ts";
import { name } from "../samples.ts";

const whole = { trunkId: name(1), name: "far-away", copying: false };

describe("what a store is called", () => {
  test.each([false, true])("comes back, with copying %s", (copying) => {
    expect(decodePlaceFile(encodePlaceFile({ ...whole, copying }))).toEqual({ ...whole, copying });
  });

  test("with any byte changed is refused", () => {
    const bytes = encodePlaceFile(whole);
    for (let index = 0; index < bytes.length; index++) {
      const code = codeOf(() => decodePlaceFile(bytes.with(index, (bytes[index] as number) ^ 1)));
      expect(["CORRUPT", "NOT_SUPPORTED"]).toContain(code);
    }
  });

  test.each([
    ["no name", [`trunk ${name(1)}`]],
    ["a name that is none", [`trunk ${name(1)}`, "name Far"]],
    ["more than it should say", [`trunk ${name(1)}`, "name far", "copying", "copying"]],
    ["another trunk's id", ["trunk 1", "name far"]],
  ])("with %s is refused", (_, lines) => {
    expect(codeOf(() => decodePlaceFile(encodeHeadedFile("place", lines).bytes))).toBe("CORRUPT");
  });
});
