import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { joinIndexes, joinPacks, wholePack } from "../../src/pack/pack-join.ts";
import { scanPack } from "../../src/pack/pack-scan.ts";
import { PlainIndex } from "../../src/pack/plain-index.ts";
import { WholePacks } from "../../src/pack/whole-packs.ts";
import { GitRepository } from "../git-repository.ts";

describe.each(["sha1", "sha256"] as const)("packs that are joined, %s", (format) => {
  let git: GitRepository;
  beforeEach(() => {
    git = new GitRepository(format);
  });
  afterEach(() => git.remove());

  const text = (last: string) =>
    `${Array.from({ length: 300 }, (_, line) => `line ${line} of many\n`).join("")}${last}`;

  async function* externalBases(ids: readonly string[]) {
    for (const id of ids) yield { id, type: "blob" as const, data: git.run(["cat-file", "blob", id]) };
  }

  /** A thin pack of what `tip` reaches and `known` does not. */
  async function thin(tip: string, known: string) {
    const pack = git.pack([tip], [known], ["--thin"]);
    const { indexBytes: index, externalBases: bases } = await scanPack(format, pack, { externalBases });
    expect(bases).toHaveLength(1);
    return { pack, index: plain(index) };
  }

  function plain(index: Uint8Array): PlainIndex {
    return PlainIndex.of(format, index) as PlainIndex;
  }

  test("are one with the index that git makes, in which thin ones find their bases", async () => {
    const tips = [git.commit({ file: text("") })];
    for (const last of ["two\n", "three\n"]) tips.push(git.commit({ file: text(last) }, tips.slice(-1)));
    const [first, second, third] = tips as [string, string, string];
    const pack = git.pack([first], []);
    const parts = [{ pack, index: plain(git.index(pack)) }, await thin(second, first), await thin(third, second)];
    const joined = joinPacks(
      format,
      parts.map(({ pack }) => pack),
    );
    const bytes = Buffer.from(wholePack(joined));
    const other = new GitRepository(format);
    expect(other.index(bytes).equals(joinIndexes(format, parts, joined.checksum) as Uint8Array)).toBe(true);
    expect(other.text(["cat-file", "blob", `${third}:file`])).toBe(text("three"));
    expect(bytes.toString("hex").endsWith(joined.checksum)).toBe(true);
    other.remove();
  });

  test("have no index when an object is in two of them, or when an index is of another pack", () => {
    const [first, second] = [git.commit({ file: "once\n" }), git.commit({ file: "twice\n", more: "\n" })];
    const [pack, other] = [git.pack([first], []), git.pack([second], [])];
    const part = { pack, index: plain(git.index(pack)) };
    expect(joinIndexes(format, [part], "00".repeat(20))).toBeDefined();
    expect(joinIndexes(format, [part, part], "00".repeat(20))).toBeUndefined();
    expect(joinIndexes(format, [{ pack: other, index: part.index }], "00".repeat(20))).toBeUndefined();
  });

  test("give objects, whose bases are in any of them", async () => {
    const tips = [git.commit({ file: text("") })];
    for (const last of ["two\n", "three\n"]) tips.push(git.commit({ file: text(last) }, tips.slice(-1)));
    const [first, second, third] = tips as [string, string, string];
    const pack = git.pack([first], []);
    const parts = [await thin(third, second), await thin(second, first), { pack, index: plain(git.index(pack)) }];
    const idOf = (tip: string) => git.text(["rev-parse", `${tip}:file`]);
    const packs = new WholePacks(format, parts);
    expect(packs.read(third)).toEqual({ type: "commit", data: expect.any(Uint8Array) });
    for (const [tip, last] of [
      [first, ""],
      [second, "two\n"],
      [third, "three\n"],
    ] as const) {
      expect(Buffer.from(packs.read(idOf(tip))?.data ?? []).toString()).toBe(text(last));
    }
    expect(packs.read(git.text(["hash-object", "--stdin"]))).toBeUndefined();
    expect(new WholePacks(format, parts.slice(0, 2)).read(idOf(third))).toBeUndefined();
  });

  test("stop at an index that names another object", () => {
    const tip = git.commit({ file: "once\n" });
    const pack = git.pack([tip], []);
    const index = git.index(pack);
    const id = git.text(["rev-parse", `${tip}:file`]);
    expect(PlainIndex.of(format, index.subarray(0, -1))).toBeUndefined();
    const idSize = id.length / 2;
    const at = index.indexOf(Buffer.from(id, "hex"));
    index[at + idSize - 1] = (index[at + idSize - 1] as number) ^ 1;
    const wrong = index.subarray(at, at + idSize).toString("hex");
    expect(() => new WholePacks(format, [{ pack, index: plain(index) }]).read(wrong)).toThrow(/stands there/);
  });
});
