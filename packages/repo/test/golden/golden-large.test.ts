import { isTrunksError } from "@trunks/core";
import { beforeEach, describe, expect, test } from "vitest";
import { largeBlobIds } from "../../src/large/large-blobs.ts";
import { copyPack } from "../../src/pack/pack-copy.ts";
import { Repository } from "../../src/repository.ts";
import { downloadInline, downloadSegment } from "../../src/transfer/download.ts";
import { trunkObjects } from "../../src/transfer/objects.ts";
import { GitRepository } from "../git-repository.ts";
import { largeSettings } from "../large/large-trunk.ts";
import { SeededRandom } from "../seeded-random.ts";
import { withPatchedCode } from "../simulation/code.ts";
import { backendOf, type Expectation, goldenExpectation, goldenFiles, inWords, rewritten } from "./golden-trunk.ts";

const noFeatures = {
  file: "format/headed-file.ts",
  found: 'new Set(["containers", "thin"])',
  replacement: "new Set()",
};

describe.each(["sha1", "sha256"] as const)("the golden trunk of large files, %s", (objects) => {
  const name = `large-${objects}` as const;
  let files: Map<string, Uint8Array>;
  let expected: Expectation;
  beforeEach(async () => {
    files = await goldenFiles(name);
    expected = await goldenExpectation(name);
  });

  async function read() {
    const repository = new Repository(await backendOf(files), { largeSettings });
    const state = await repository.readExisting();
    return { repository, state, reader: trunkObjects(repository.backend, state, repository.records) };
  }
  const journal = () => new Map([...files].filter(([key]) => !key.startsWith("refs/") && key !== "latest"));

  test("is read from its snapshot, and from its first record", async () => {
    expect(inWords((await read()).state)).toEqual(expected.state);
    files = journal();
    expect(inWords((await read()).state)).toEqual(expected.state);
  });

  test("holds one of everything that there is of containers", () => {
    const text = (prefix: string) =>
      [...files].map(([key, bytes]) => (key.startsWith(prefix) ? Buffer.from(bytes).toString("latin1") : "")).join("");
    const fields = ["require", "container", "large", "lean", "retire container", "forget"];
    for (const field of fields) expect(text("journal/")).toMatch(new RegExp(`\n${field} `));
    for (const lean of [/\nlean [0-9a-f]+ -\n/, /\nlean [0-9a-f]+ [0-9a-f]{40,64}\n/])
      expect(text("journal/")).toMatch(lean);
    for (const field of ["require containers", "large", "pack [0-9]+ container", "retired [0-9]+ container"])
      expect(text("refs/")).toMatch(new RegExp(`\n${field}`));
  });

  test("is written today as it was", () => {
    for (const [key, bytes] of files) {
      const written = rewritten(key, bytes);
      if (written !== undefined) expect([key, Buffer.compare(written, bytes)]).toEqual([key, 0]);
    }
  });

  test("is put together to what stock git finds whole", async () => {
    const { repository, state, reader } = await read();
    const git = new GitRepository(objects);
    try {
      const pieces: Uint8Array[] = [];
      await copyPack(reader, objects, expected.objects, async (bytes) => void pieces.push(bytes.slice()));
      git.run(["index-pack", "--stdin"], Buffer.concat(pieces));
      for (const [ref, { id }] of state.refs) git.run(["update-ref", ref, id]);
      git.run(["fsck", "--full", "--strict", "--no-dangling"]);
      const reached = git.text(["rev-list", "--objects", "--no-object-names", "--all"]).split("\n").sort();
      expect(reached).toEqual(expected.objects);
      for (const catalogued of state.packs.values()) {
        const { pack } = catalogued;
        if (!("indexDigest" in pack)) await downloadInline(repository.backend, catalogued);
        else {
          const bytes = async (part: "pack" | "index") => whole(downloadSegment(repository.backend, pack, part));
          expect(git.index(await bytes("pack")).equals(await bytes("index"))).toBe(true);
        }
      }
    } finally {
      git.remove();
    }
  });

  test("has chunks that are found by who cuts today", async () => {
    const { repository, state, reader } = await read();
    const [id] = largeBlobIds([...state.packs.values()]);
    const content = (await reader.read(id as string))?.data.slice() as Uint8Array;
    content.set(new SeededRandom(1).bytes(200), 4000);
    const git = new GitRepository(objects);
    const newId = git.text(["hash-object", "--stdin"], content);
    git.remove();
    const before = await sizeOf(repository);
    async function* pieces(): AsyncGenerator<Uint8Array> {
      yield content;
    }
    const large = [{ id: newId, size: content.length, read: pieces }];
    const outcome = await repository.publish({ moves: [], basis: state.slot, assumed: [], large });
    expect(outcome.kind).toBe("decided");
    expect((await sizeOf(repository)) - before).toBeLessThan(content.length / 2); // The manifest lists small chunks.
    const after = trunkObjects(repository.backend, outcome.state);
    expect(Buffer.from((await after.read(newId))?.data as Uint8Array).equals(content)).toBe(true);
  });

  test("stops a reader that knows no containers, with a message that says why", async () => {
    const stopped = async (some: ReadonlyMap<string, Uint8Array>) =>
      withPatchedCode([noFeatures], async ({ Repository: Older }) =>
        new Older(await backendOf(some)).readExisting().catch((error: unknown) => error),
      );
    for (const [key, reason] of [
      ["refs/", await stopped(files)],
      ["journal/", await stopped(journal())],
    ] as const) {
      expect(reason).toMatchObject({ code: "NOT_SUPPORTED", hint: "update Trunks" });
      const message = isTrunksError(reason) ? reason.message : "";
      expect(message.startsWith(key)).toBe(true);
      expect(message).toMatch(/requires the feature "containers", which this version of Trunks does not know$/);
    }
    // One without them it reads.
    const plain = await goldenFiles(objects);
    await withPatchedCode([noFeatures], async ({ Repository: Older }) => {
      expect(inWords(await new Older(await backendOf(plain)).readExisting())).toEqual(
        (await goldenExpectation(objects)).state,
      );
    });
  });
});

async function sizeOf({ backend }: Repository): Promise<number> {
  return (await backend.list("chunks/")).keys.reduce((sum, { size }) => sum + size, 0);
}

async function whole(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const read: Uint8Array[] = [];
  for await (const chunk of chunks) read.push(chunk);
  return Buffer.concat(read);
}
