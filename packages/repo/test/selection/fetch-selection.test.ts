import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { State } from "../../src/format/state.ts";
import type { ObjectFormat } from "../../src/pack/object-format.ts";
import { ObjectReader } from "../../src/pack/object-reader.ts";
import { copyPack } from "../../src/pack/pack-copy.ts";
import { scanPack } from "../../src/pack/pack-scan.ts";
import { memoryPackSource, type PackSource } from "../../src/pack/pack-source.ts";
import { type FetchQuestion, FetchSelector } from "../../src/selection/fetch-selection.ts";
import { noFilter, parseObjectFilter } from "../../src/selection/object-filter.ts";
import { fillRepository, GitRepository } from "../pack/git-repository.ts";
import { unborn } from "../samples.ts";

const everything: FetchQuestion = { wants: [], haves: [], ownEnds: [], filter: noFilter, includeTags: false };

describe.each<ObjectFormat>(["sha1", "sha256"])("what belongs to a fetch, %s", (format) => {
  const repository = new GitRepository(format);
  let state: State;

  beforeAll(() => {
    fillRepository(repository, 7);
    repository.git(["repack", "-adfq"]);
    const lines = repository.text(["for-each-ref", "--format=%(refname) %(objectname)"]).split("\n");
    const refs = lines.map((line) => {
      const [ref = "", id = ""] = line.split(" ");
      const peeledId = repository.text(["rev-parse", `${ref}^{}`]);
      return [ref, peeledId === id ? { id } : { id, peeledId }] as const;
    });
    state = { ...unborn, objects: format, refs: new Map(refs) };
  });
  afterAll(() => repository.remove());

  const reader = () => new ObjectReader(format, repository.sources());
  const sourceAt = (place: number) => repository.sources()[place] as PackSource;
  const id = (name: string) => repository.text(["rev-parse", name]);
  const select = async (question: Partial<FetchQuestion>) => {
    const selection = await new FetchSelector(reader(), state).select({ ...everything, ...question });
    if (selection === undefined) return undefined;
    const { shallow, unshallow, ids } = selection;
    return { shallow, unshallow, ids: [...ids].sort() };
  };
  /** What stock git says belongs to it. */
  const listed = (...args: string[]) =>
    [...new Set(repository.text(["rev-list", "--objects", "--no-object-names", ...args]).split("\n"))].sort();

  test("all of it", async () => {
    expect((await select({ wants: [id("main"), id("side")] }))?.ids).toEqual(listed("main", "side"));
  });

  test.each(["blob:none", "blob:limit=200", "blob:limit=1k", "tree:0", "tree:1", "tree:2", "tree:3"])(
    "filtered by %s",
    async (text) => {
      const filter = parseObjectFilter(text) ?? noFilter;
      expect((await select({ wants: [id("main")], filter }))?.ids).toEqual(listed(`--filter=${text}`, "main"));
    },
  );

  test("what a reader lacks, and hardly more", async () => {
    const found = (await select({ wants: [id("main")], haves: [id("main~9"), id("side~2")] }))?.ids ?? [];
    const needed = listed("main", "^main~9", "^side~2");
    expect(needed.filter((one) => !found.includes(one))).toEqual([]);
    expect(found.length).toBeLessThan(1.1 * needed.length);
  });

  test("the tags of what is sent, and those between", async () => {
    const found = await select({ wants: [id("main")], filter: parseObjectFilter("tree:0"), includeTags: true });
    expect(found?.ids).toEqual([...listed("--filter=tree:0", "main"), id("v1"), id("v2")].sort());
    const tag = await select({ wants: [id("v2")], filter: parseObjectFilter("tree:0") });
    expect(tag?.ids).toEqual([...listed("--filter=tree:0", "main"), id("v1"), id("v2")].sort());
  });

  test("a depth, and a greater one later", async () => {
    const first = await select({ wants: [id("empty")], depth: { kind: "depth", generations: 1 } });
    expect(first).toEqual({ shallow: [id("empty")], unshallow: [], ids: listed("empty") });
    const deep = await select({ wants: [id("main")], depth: { kind: "depth", generations: 2 } });
    const ends = repository.text(["rev-parse", "main^@"]).split("\n");
    expect([...(deep?.shallow ?? [])].sort()).toEqual(ends.sort());
    const question = { wants: [id("main")], haves: [id("main")], ownEnds: ends };
    const deeper = await select({ ...question, depth: { kind: "relative", generations: 1 } });
    expect(deeper?.unshallow).toEqual(ends);
    expect([...(deeper?.shallow ?? [])].sort()).toEqual(
      [...new Set(ends.flatMap((one) => repository.text(["rev-parse", `${one}^@`]).split("\n")))].sort(),
    );
    const nothing = await select({ ...question });
    expect(nothing).toEqual({ shallow: [], unshallow: [], ids: [] });
  });

  test("what is no commit is left to others", async () => {
    expect(await select({ wants: [id("v3")] })).toBeUndefined();
    expect(await select({ wants: [id("main^{tree}")] })).toBeUndefined();
    expect(await select({ wants: ["0".repeat(id("main").length)] })).toBeUndefined();
    expect(await select({ wants: [id("main")], depth: { kind: "since", timeSeconds: 2e9 } })).toBeUndefined();
  });

  test("negotiation ends when each want is met by a have", async () => {
    const selector = new FetchSelector(reader(), state);
    const unknown = "1".repeat(id("main").length);
    const ask = (wants: string[], haves: string[]) => selector.negotiate({ ...everything, wants, haves });
    expect(await ask([id("main")], [unknown])).toEqual({ common: [], enough: false });
    expect(await ask([id("main")], [unknown, id("main~3")])).toEqual({ common: [id("main~3")], enough: true });
    expect((await ask([id("main"), id("empty")], [id("main~3")])).enough).toBe(false);
  });

  test("its pack is one that stock git takes, and holds exactly that", async () => {
    const ids = listed("main~5", "--not", "main~12").filter((_, index) => index % 3 !== 0);
    const pieces: Uint8Array[] = [];
    await copyPack(reader(), format, ids, async (bytes) => {
      pieces.push(bytes.slice());
    });
    const bytes = Buffer.concat(pieces);
    const checked = repository.text(["index-pack", "--stdin", "--strict"], bytes);
    expect(checked).not.toBe("");
    const { index } = await scanPack(format, new Uint8Array(bytes), {});
    expect([...index.entries()].map((entry) => entry.id)).toEqual(ids);
    const copied = new ObjectReader(format, [memoryPackSource("copied", new Uint8Array(bytes), index)]);
    const expected = repository.objects(ids);
    for await (const { id: one, data } of copied.readMany(ids)) expect(expected.get(one)?.data).toEqual(data);
  });

  test("a damaged entry is not copied", async () => {
    const blob = id("main:zeros.bin");
    const stored = await Promise.all(
      repository.packs().map(async (pack, place) => ({ pack, index: await sourceAt(place).index() })),
    );
    const found = stored.find(({ index }) => index.find(blob) !== undefined);
    if (found === undefined) throw new Error("the blob is in a pack");
    const { pack, index } = found;
    const at = index.find(blob) as number;
    const bytes = pack.bytes.slice();
    bytes[at + 40]! ^= 1;
    const damaged = new ObjectReader(format, [memoryPackSource("damaged", bytes, index)]);
    await expect(copyPack(damaged, format, [blob], async () => {})).rejects.toMatchObject({ code: "CORRUPT" });
  });
});
