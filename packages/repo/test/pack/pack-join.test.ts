import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { joinPacks } from "../../src/pack/pack-join.ts";
import { scanPack } from "../../src/pack/pack-scan.ts";
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
    return { pack, index };
  }

  test("are one with the index that git makes, in which thin ones find their bases", async () => {
    const tips = [git.commit({ file: text("") })];
    for (const last of ["two\n", "three\n"]) tips.push(git.commit({ file: text(last) }, tips.slice(-1)));
    const [first, second, third] = tips as [string, string, string];
    const pack = git.pack([first], []);
    const parts = [{ pack, index: git.index(pack) }, await thin(second, first), await thin(third, second)];
    const joined = joinPacks(format, parts);
    const bytes = Buffer.concat(joined?.pieces ?? []);
    const other = new GitRepository(format);
    expect(other.index(bytes).equals(joined?.index as Uint8Array)).toBe(true);
    expect(other.text(["cat-file", "blob", `${third}:file`])).toBe(text("three"));
    expect(bytes.toString("hex").endsWith(joined?.checksum as string)).toBe(true);
    other.remove();
  });

  test("are none when an object is in two of them", () => {
    const pack = git.pack([git.commit({ file: "once\n" })], []);
    const part = { pack, index: git.index(pack) };
    expect(joinPacks(format, [part, part])).toBeUndefined();
  });
});
