import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, expect, test } from "vitest";
import { MirroredSandbox } from "../support/mirrored-sandbox.ts";
import { commit } from "../support/repository.ts";

const wentWell = { status: 0, messages: "" };

let sandbox: MirroredSandbox;
beforeEach(() => {
  sandbox = new MirroredSandbox();
});
afterEach(() => sandbox.remove());

/** The file of a store's one pack. */
function packOf(place: string): string {
  const files = sandbox.files(`stores/${place}`).filter((file) => /\/objects\/[0-9a-f]+\.pack$/.test(file));
  expect(files).toHaveLength(1);
  return files[0] as string;
}

/** Turns the last byte of a file. */
function flip(file: string): void {
  sandbox.overwrite(file, (bytes) => {
    bytes[bytes.length - 1] = (bytes[bytes.length - 1] as number) ^ 1;
    return bytes;
  });
}

test("`sync --verify` tells what is wrong in a mirror and mends it; `sync` alone does not look", async () => {
  await sandbox.begin({ a: "strict", c: "lagging" });
  const id = await commit(sandbox, "work", "second", { large: randomBytes(1_200_000) });
  expect(await sandbox.push()).toEqual(wentWell);
  const key = packOf("a").replace(/.*(?=objects\/)/, "");
  flip(packOf("a"));
  sandbox.discard(packOf("c"));
  expect(await sandbox.trunks("storage", "sync")).toBe("a: strict, even\nc: lagging, even\n");
  await expect(sandbox.tip("a")).rejects.toThrow("a has another");
  expect(await sandbox.trunks("storage", "sync", "--verify")).toBe(
    [
      "a: strict, even; verified 4 records and 1 packs: 1 mended",
      `  warning  CORRUPT  ${key}  was damaged, and was mended from the primary`,
      "c: lagging, even; verified 4 records and 1 packs: 1 mended",
      `  warning  MISSING  ${key}  was missing, and was mended from the primary`,
      "",
    ].join("\n"),
  );
  for (const place of ["a", "c"]) {
    expect([place, await sandbox.tip(place)]).toEqual([place, id]);
    expect(sandbox.content(place)).toEqual(sandbox.content("primary"));
  }
  expect(await sandbox.json("storage", "sync", "a", "--verify")).toMatchObject({
    data: [{ name: "a", behind: 0, verification: { ok: true, mended: 0, problems: [] } }],
  });
});

test("`sync --verify` fails for what the primary cannot mend, and says so", async () => {
  await sandbox.begin({ a: "strict" });
  await commit(sandbox, "work", "second", { large: randomBytes(1_200_000) });
  expect(await sandbox.push()).toEqual(wentWell);
  for (const place of ["a", "primary"]) flip(packOf(place));
  const { status, stdout } = await sandbox.tryTrunks("storage", "sync", "a", "--verify");
  expect([status, stdout]).toEqual([1, expect.stringMatching(/1 not mended\n {2}error {2}CORRUPT {2}objects\//)]);
  expect((await sandbox.tryTrunks("storage", "sync", "nobody", "--verify")).status).toBe(1);
});
