import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { GitObject, ObjectType } from "../../src/pack/git-object.ts";
import type { ObjectFormat } from "../../src/pack/object-format.ts";
import { packBytes } from "../../src/pack/pack-bytes.ts";
import { packIndexBytes } from "../../src/pack/pack-index-bytes.ts";
import { PackWriter } from "../../src/pack/pack-writer.ts";
import { type ExpectedObject, fillRepository, GitRepository } from "./git-repository.ts";
import { SeededRandom } from "./seeded-random.ts";

const invalid = expect.objectContaining({ code: "INVALID_ARGUMENT" });
const blob = (text: string): GitObject => ({ type: "blob", data: new TextEncoder().encode(text) });

function order({ type }: GitObject): number {
  return ["commit", "tree", "blob", "tag"].indexOf(type);
}

describe.each<ObjectFormat>(["sha1", "sha256"])("pack writer, %s", (format) => {
  const repository = new GitRepository(format);
  const target = new GitRepository(format);
  let objects: Map<string, ExpectedObject>;

  beforeAll(() => {
    fillRepository(repository, 31, 30);
    objects = repository.objects();
  });
  afterAll(() => {
    repository.remove();
    target.remove();
  });

  /** Puts a pack and its index into a repository of stock git, which has to find nothing wrong with them. */
  function install(pack: Uint8Array, index: Uint8Array, checksum: string): string {
    const path = join(target.path, "objects/pack", `pack-${checksum}`);
    writeFileSync(`${path}.pack`, pack);
    writeFileSync(`${path}.idx`, index);
    return path;
  }

  function inputs(): { id: string; type: ObjectType; data: Uint8Array }[] {
    return [...objects].map(([id, { type, data }]) => ({ id, type: type as ObjectType, data }));
  }

  test("a pack that git takes for its own", async () => {
    const written = await packBytes(format, inputs());
    const path = install(written.pack, written.index, written.checksum);
    target.git(["index-pack", "--strict", "-o", join(target.path, "strict.idx"), `${path}.pack`]);
    target.git(["verify-pack", "-v", path]);
    target.git(["fsck", "--strict", "--full"]);
    const ids = [...objects.keys()];
    const found = target.objects(ids);
    for (const id of ids) expect(Buffer.compare(found.get(id)!.data, objects.get(id)!.data)).toBe(0);
    expect(written.entries.map(({ id }) => id).sort()).toEqual(ids.sort());
    for (const { id, type, size } of written.entries)
      expect(objects.get(id)).toMatchObject({ type, data: { length: size } });
  });

  test("deltas against objects of the same pack, as git reads them", async () => {
    const small = inputs().filter(({ data }) => data.length < 100_000);
    const sorted = small.sort((left, right) => order(left) - order(right) || left.data.length - right.data.length);
    const chained = sorted.map((object, index) => ({ ...object, base: sorted[index - (index % 10 === 0 ? 0 : 1)] }));
    const written = await packBytes(format, chained);
    const plain = await packBytes(format, sorted);
    expect(written.size).toBeLessThan(plain.size * 0.7);
    const path = install(written.pack, written.index, written.checksum);
    expect(target.text(["verify-pack", "-v", path])).toMatch(/chain length = [2-9]: /);
    const made = join(target.path, "made.idx");
    target.git(["index-pack", "--strict", "-o", made, `${path}.pack`]);
    expect(Buffer.compare(readFileSync(made), written.index)).toBe(0);
  });

  test("thin packs only when asked", async () => {
    const random = new SeededRandom(2);
    const [old, young] = [random.text(300), ""].map((text, _, [first]) => text || `${first}one line more\n`) as [
      string,
      string,
    ];
    const receiver = new GitRepository(format);
    const id = receiver.text(["hash-object", "-w", "--stdin"], old);
    const base = { id, ...blob(old) };
    const thin = await packBytes(format, [{ ...blob(young), base }], { thin: true });
    const whole = await packBytes(format, [{ ...blob(young), base }]);
    expect(thin.size).toBeLessThan(200);
    expect(whole.size).toBeGreaterThan(1000);
    expect(() => receiver.git(["index-pack", "--stdin"], thin.pack)).toThrow(/unresolved delta/);
    receiver.git(["index-pack", "--fix-thin", "--stdin"], thin.pack);
    expect(receiver.git(["cat-file", "blob", thin.entries[0]!.id]).toString()).toBe(young);
    receiver.git(["fsck", "--strict"]);
    receiver.remove();
  });

  test("an object streamed is the same object", async () => {
    const data = new SeededRandom(3).bytes(700_000);
    const pieces: Uint8Array[] = [];
    const writer = new PackWriter(format, 3, async (piece) => void pieces.push(piece));
    await writer.add(blob("before"));
    const id = await writer.addStream(
      "blob",
      data.length,
      (async function* () {
        for (let start = 0; start < data.length; start += 50_000) yield data.subarray(start, start + 50_000);
      })(),
    );
    await writer.addStream("blob", 0, (async function* () {})());
    const written = await writer.finish();
    const pack = Buffer.concat(pieces);
    expect(pack.length).toBe(written.size);
    const path = install(pack, packIndexBytes(format, written.entries, written.checksum), written.checksum);
    target.git(["verify-pack", path]);
    expect(Buffer.compare(target.git(["cat-file", "blob", id]), data)).toBe(0);
  });

  test("an empty pack", async () => {
    const { pack, index, checksum } = await packBytes(format, []);
    const path = join(repository.path, `empty-${checksum}`);
    writeFileSync(`${path}.pack`, pack);
    repository.git(["index-pack", `${path}.pack`]);
    expect(index.length).toBe(1032 + 2 * (format === "sha1" ? 20 : 32));
  });

  test("an object that comes twice is written once", async () => {
    expect((await packBytes(format, [blob("a"), blob("b"), blob("a")])).entries).toHaveLength(2);
    const writer = new PackWriter(format, 2, async () => {});
    await writer.add(blob("a"));
    await expect(writer.add(blob("a"))).rejects.toThrow(invalid);
  });

  test("what was announced must come", async () => {
    const writer = new PackWriter(format, 1, async () => {});
    await expect(writer.finish()).rejects.toThrow(invalid);
    await writer.add(blob("a"));
    await expect(writer.add(blob("b"))).rejects.toThrow(invalid);
    await writer.finish();
  });

  test.each([0, 3, 5])("a stream of another size, %d, spoils the pack", async (size) => {
    const writer = new PackWriter(format, 1, async () => {});
    const pieces = (async function* () {
      yield new Uint8Array(4);
    })();
    await expect(writer.addStream("blob", size, pieces)).rejects.toThrow(invalid);
    await expect(writer.add(blob("a"))).rejects.toThrow(invalid);
    await expect(writer.finish()).rejects.toThrow(invalid);
  });
});
