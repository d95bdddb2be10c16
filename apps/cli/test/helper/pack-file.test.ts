import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { writePieces } from "../../src/helper/pack-file.ts";

describe("a file that is written from pieces", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "trunks-pieces-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test("holds all of them in order, also more than the system takes at once, and may not be changed", async () => {
    const pieces = Array.from({ length: 5000 }, (_, number) =>
      Buffer.from(number % 7 === 0 ? "" : `piece ${number}\n`),
    );
    await writePieces(join(folder, "file"), pieces);
    expect(readFileSync(join(folder, "file")).equals(Buffer.concat(pieces))).toBe(true);
    expect(statSync(join(folder, "file")).mode & 0o222).toBe(0);
  });

  test("may be empty", async () => {
    await writePieces(join(folder, "file"), [new Uint8Array(0)]);
    expect(readFileSync(join(folder, "file"))).toHaveLength(0);
  });

  test("is nobody else's", async () => {
    await writePieces(join(folder, "file"), [Buffer.from("first")]);
    await expect(writePieces(join(folder, "file"), [Buffer.from("second")])).rejects.toMatchObject({ code: "EEXIST" });
    expect(readFileSync(join(folder, "file"), "utf8")).toBe("first");
  });
});
