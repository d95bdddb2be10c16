import type { Body } from "@trunks/core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ObjectFormat } from "../../src/pack/object-format.ts";
import { ObjectReader } from "../../src/pack/object-reader.ts";
import { concatEntries, concatPacks } from "../../src/pack/pack-concat.ts";
import { packIndexBytes } from "../../src/pack/pack-index-bytes.ts";
import { scanPack } from "../../src/pack/pack-scan.ts";
import { hexFromBytes } from "../../src/platform.ts";
import { fillRepository, GitRepository } from "./git-repository.ts";

const corrupt = expect.objectContaining({ code: "CORRUPT" });

describe.each<ObjectFormat>(["sha1", "sha256"])("packs joined, %s", (format) => {
  const repository = new GitRepository(format);
  let parts: Uint8Array[];

  beforeAll(() => {
    fillRepository(repository, 41, 40);
    repository.git(["repack", "-adfq"]);
    parts = ["main~30", "main~20\n^main~30", "main~10\n^main~20", "main\n^main~10"].map((revisions) => {
      const options = ["-q", "--revs", "--stdout", "--thin", "--delta-base-offset"];
      return new Uint8Array(repository.git(["pack-objects", ...options], `${revisions}\n`));
    });
  });
  afterAll(() => repository.remove());

  async function joined(bodies: readonly Body[]): Promise<Buffer> {
    const pieces: Uint8Array[] = [];
    for await (const piece of concatPacks(
      format,
      bodies.map((body, index) => ({ name: `part ${index}`, body })),
    )) {
      pieces.push(piece.slice());
    }
    return Buffer.concat(pieces);
  }

  /** The bytes a few at a time, so that headers and checksums are cut by the pieces. */
  function slowly(bytes: Uint8Array, step: number): Body {
    return {
      size: bytes.length,
      async *read(start, end) {
        for (let offset = start; offset < end; offset += step)
          yield bytes.subarray(offset, Math.min(end, offset + step));
      },
    };
  }

  test("are one pack to git, and thin no more when each has the other's bases", async () => {
    const pack = await joined(parts);
    const receiver = new GitRepository(format);
    receiver.git(["index-pack", "--stdin", "--strict"], pack);
    receiver.git(["update-ref", "refs/heads/main", repository.text(["rev-parse", "main"])]);
    receiver.git(["fsck", "--strict", "--full"]);
    expect(receiver.text(["rev-parse", "main^{tree}"])).toBe(repository.text(["rev-parse", "main^{tree}"]));
    receiver.remove();
  });

  test("come out the same however their bytes arrive", async () => {
    const small = parts.slice(2);
    const pack = await joined(small);
    for (const step of [3, 19, 1000]) expect(await joined(small.map((part) => slowly(part, step)))).toEqual(pack);
  });

  test("have the index that their indexes make together", async () => {
    const pack = await joined(parts);
    const all = new ObjectReader(format, repository.sources());
    const indexes = [];
    for (const part of parts)
      indexes.push((await scanPack(format, part, { externalBases: (ids) => all.readMany(ids) })).index);
    const checksum = hexFromBytes(pack, pack.length - (format === "sha1" ? 20 : 32));
    const made = packIndexBytes(format, concatEntries(indexes), checksum);
    expect(Buffer.compare(made, (await scanPack(format, pack)).indexBytes)).toBe(0);
  });

  test("may be none, or hold an object twice", async () => {
    expect((await scanPack(format, await joined([]))).index.objectCount).toBe(0);
    const [part] = parts as [Uint8Array];
    const { index } = await scanPack(format, part);
    const doubled = await scanPack(format, await joined([part, part]));
    expect(doubled.index.objectCount).toBe(2 * index.objectCount);
    const receiver = new GitRepository(format);
    receiver.git(["index-pack", "--stdin"], await joined([part, part]));
    expect(Buffer.compare(receiver.packs()[0]!.indexBytes, doubled.indexBytes)).toBe(0);
    receiver.remove();
  });

  test("must be packs, and whole", async () => {
    const [part] = parts as [Uint8Array];
    for (const size of [0, 5, 12, 30, part.length - 1]) {
      await expect(joined([parts[1]!, part.subarray(0, size)])).rejects.toThrow(corrupt);
    }
    await expect(joined([part.with(part.length - 40, part.at(-40)! ^ 1)])).rejects.toThrow(
      /^pack part 0 does not match/,
    );
    await expect(joined([part.with(0, 0)])).rejects.toThrow(/^pack part 0: a pack does not begin/);
  });
});
