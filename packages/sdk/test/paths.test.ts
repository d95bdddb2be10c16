import { MemoryBackend } from "@trunks/core/memory";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { isTrunksError, Trunk } from "../src/index.ts";

let trunk: Trunk;
beforeEach(async () => {
  trunk = await Trunk.openBackend(new MemoryBackend(), { create: true });
  await trunk.write("file", "content");
  await trunk.write("folder/inner", "content");
  await trunk.commit({ message: "first" });
});
afterEach(() => trunk.close());

async function codeOf(work: Promise<unknown>): Promise<unknown> {
  const thrown = await work.then(
    () => "nothing was thrown",
    (error) => error,
  );
  return isTrunksError(thrown) ? thrown.code : thrown;
}

/** What git keeps out of trees, see verify_path there. */
const refused: readonly (readonly [string, string])[] = [
  ["empty", ""],
  ["absolute", "/etc/passwd"],
  ["that climbs out", "../outside"],
  ["that climbs out from within", "folder/../../outside"],
  ["with a dot", "./file"],
  ["with an empty part", "folder//inner"],
  ["with a zero byte", "a\0b"],
  [".git", ".git"],
  [".git as a folder", ".git/config"],
  [".git below", "folder/.git/hooks/post-checkout"],
  ["in upper case", ".GIT/config"],
  ["in mixed case", ".GiT"],
  ["with what HFS+ leaves out", ".g\u200cit/config"],
  ["with a byte order mark", "\ufeff.git"],
  ["with a mark of direction", ".gi\u202et"],
  ["with dots at the end", ".git..."],
  ["with a blank at the end", ".git /config"],
  ["with blanks and dots at the end", ".git . . "],
  ["the short name on NTFS", "git~1"],
  ["the short name in upper case", "GIT~1/config"],
  ["a stream on NTFS", ".git::$INDEX_ALLOCATION"],
  ["a stream of the short name", "git~1:stream"],
  ["behind a backslash", "folder\\.git\\config"],
  ["a name of 256 bytes", "é".repeat(128)],
];

describe("a path is refused and nothing is staged", () => {
  test.each(refused)("%s", async (_, path) => {
    expect(await codeOf(trunk.write(path, "text"))).toBe("INVALID_ARGUMENT");
    expect(await codeOf(trunk.write(path, "text", { type: "symlink" }))).toBe("INVALID_ARGUMENT");
    expect(await codeOf(trunk.copy("file", path))).toBe("INVALID_ARGUMENT");
    expect(await codeOf(trunk.move("folder", path))).toBe("INVALID_ARGUMENT");
    if (!["", "/"].includes(path)) expect(await codeOf(trunk.mkdir(path))).toBe("INVALID_ARGUMENT");
    expect((await trunk.status()).changes).toEqual([]);
  });

  test("a link called .gitmodules, in any disguise", async () => {
    for (const name of [".gitmodules", ".GITMODULES", ".gitmodules .", "gitmod~1", ".gitmo\u200ddules"]) {
      expect(await codeOf(trunk.write(name, "x", { type: "symlink" }))).toBe("INVALID_ARGUMENT");
    }
    await trunk.write("link", "file", { type: "symlink" });
    expect(await codeOf(trunk.copy("link", ".gitmodules"))).toBe("INVALID_ARGUMENT");
    expect(await codeOf(trunk.move("link", ".gitmodules"))).toBe("INVALID_ARGUMENT");
    await trunk.write(".gitmodules", "[submodule]\n");
    expect((await trunk.status()).changes.map(({ path }) => path)).toEqual([".gitmodules", "link"]);
  });

  test("a file where a folder is, and a folder where a file is", async () => {
    for (const work of [
      () => trunk.write("folder", "text"),
      () => trunk.write("file/below", "text"),
      () => trunk.write("file/far/below", "text"),
      () => trunk.mkdir("file"),
      () => trunk.mkdir("file/below"),
      () => trunk.copy("file", "folder"),
      () => trunk.copy("folder", "file"),
      () => trunk.move("file", "folder"),
      () => trunk.move("folder", "file"),
      () => trunk.move("folder/inner", "file/below"),
      () => trunk.move("file", "file/below"),
    ]) {
      expect(await codeOf(work())).toBe("ALREADY_EXISTS");
      expect((await trunk.status()).changes).toEqual([]);
    }
    expect(await codeOf(trunk.move("folder", "folder/below"))).toBe("INVALID_ARGUMENT");
    expect(await codeOf(trunk.remove("folder"))).toBe("INVALID_ARGUMENT");
    expect(await codeOf(trunk.remove("nothing"))).toBe("NOT_FOUND");
    expect(await codeOf(trunk.move("nothing", "other"))).toBe("NOT_FOUND");
    expect((await trunk.status()).changes).toEqual([]);
  });
});

describe("a path is allowed", () => {
  test.each([
    [".gitignore"],
    [".github/workflows/test.yml"],
    ["a.git"],
    ["git"],
    [".gita"],
    ["git~2"],
    ["...."],
    [" blank "],
    ["é".repeat(127)],
    ["-dash"],
    ["back\\slash"],
  ])("%j", async (path) => {
    await trunk.write(path, "text");
    expect(await trunk.read(path)).toBe("text");
    expect((await trunk.status()).changes.map((change) => change.path)).toEqual([path]);
  });
});
