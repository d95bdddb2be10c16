import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { placeKey, snapshotKeySlot } from "../../src/format/key.ts";
import { isThin, type Segment } from "../../src/format/pack-name.ts";
import { decodePlaceFile, encodePlaceFile } from "../../src/format/place-file.ts";
import type { State } from "../../src/format/state.ts";
import { encodeText } from "../../src/format/text.ts";
import { Repository } from "../../src/repository.ts";
import { downloadInline, downloadSegment } from "../../src/transfer/download.ts";
import { trunkObjects } from "../../src/transfer/objects.ts";
import { GitRepository } from "../git-repository.ts";
import { withPatchedCode } from "../simulation/code.ts";
import { clonedObjects } from "../upkeep/pushed-trunk.ts";
import { backendOf, type Expectation, goldenExpectation, goldenFiles, inWords, rewritten } from "./golden-trunk.ts";

describe.each(["sha1", "sha256"] as const)("the golden trunk of version 1, %s", (objects) => {
  let files: Map<string, Uint8Array>;
  let expected: Expectation;
  let git: GitRepository;

  beforeEach(async () => {
    files = await goldenFiles(objects);
    expected = await goldenExpectation(objects);
    git = new GitRepository(objects);
  });

  afterEach(() => git.remove());

  async function read(): Promise<{ repository: Repository; state: State }> {
    const repository = new Repository(await backendOf(files));
    return { repository, state: await repository.readExisting() };
  }

  test("is read cold, with `latest` and without", async () => {
    expect(inWords((await read()).state)).toEqual(expected.state);
    files.delete("latest");
    expect(inWords((await read()).state)).toEqual(expected.state);
  });

  test("is read from its snapshot as a cache", async () => {
    const snapshot = [...files].find(([key]) => snapshotKeySlot(key) !== undefined)?.[1];
    const cache = { load: async () => snapshot, save: async () => {} };
    const state = await new Repository(await backendOf(files), { cache }).read({ forPush: true });
    expect(inWords(state as State)).toEqual(expected.state);
  });

  test("holds one of everything", async () => {
    const kinds = [...files].map(
      ([key, bytes]) => /^trunks ([a-z]+) 1\n/.exec(String(Buffer.from(bytes.slice(0, 20))))?.[1] ?? key.split("/")[0],
    );
    expect(new Set(kinds)).toEqual(
      new Set(["doomed", "intent", "record", "stub", "latest", "objects", "snapshot", "trunk.json"]),
    );
    const header = [...files]
      .map(([key, bytes]) => (key.startsWith("journal/") ? Buffer.from(bytes).toString("latin1") : ""))
      .join("");
    const fields = [
      "retire",
      "segment",
      "drop",
      "doom",
      "doomlist",
      "carried",
      "author",
      "option",
      "atomic",
      "unproved",
      "assume",
      "head",
      "inline",
    ];
    for (const field of fields) expect(header).toMatch(new RegExp(`\n${field}[ \n]`));
  });

  test("is written today as it was", () => {
    for (const [key, bytes] of files) {
      const written = rewritten(key, bytes);
      if (written !== undefined) expect([key, Buffer.compare(written, bytes)]).toEqual([key, 0]);
    }
  });

  test("has packs that stock git takes, and in them all that its refs reach", async () => {
    const { repository, state } = await read();
    const packs = [...state.packs.values()];
    // Segments first: thin packs are built on what they hold.
    for (const { name, pack } of packs) if (name.kind === "segment") await install(repository, pack as Segment);
    for (const pack of packs.filter(({ name }) => name.kind !== "segment"))
      git.run(
        ["index-pack", "--stdin", "--fix-thin"],
        await downloadInline(repository.backend, pack, repository.records),
      );
    const updates = [...state.refs].map(([name, { id }]) => `update ${name}\0${id}\0\0`);
    git.run(["update-ref", "--stdin", "-z"], encodeText(updates.join("")));
    git.run(["fsck", "--full", "--strict"]);
    const reached = git.text(["rev-list", "--objects", "--no-object-names", "--all"]).split("\n").sort();
    expect(reached).toEqual(expected.objects);
    for (const [name, { peeledId }] of state.refs)
      if (peeledId !== undefined) expect(git.text(["rev-parse", `${name}^{}`])).toBe(peeledId);
  });

  /** Puts a pack beside its own index, and lets git look at both. */
  async function install({ backend }: Repository, segment: Segment): Promise<void> {
    const path = join(git.folder, "objects", "pack", `pack-${segment.digest.slice(0, 40)}`);
    writeFileSync(`${path}.pack`, await whole(downloadSegment(backend, segment, "pack")));
    writeFileSync(`${path}.idx`, await whole(downloadSegment(backend, segment, "index")));
    git.run(["verify-pack", `${path}.idx`]);
  }

  test("has objects that are read without git", async () => {
    const { repository, state } = await read();
    const reader = trunkObjects(repository.backend, state, repository.records);
    for (const id of expected.objects) {
      const object = await reader.read(id);
      expect([id, git.text(["hash-object", "-t", object?.type as string, "--stdin"], object?.data)]).toEqual([id, id]);
    }
  });
});

describe("the golden trunk of version 1 with mirrors", () => {
  let files: Map<string, Uint8Array>;
  beforeEach(async () => {
    files = await goldenFiles("mirrored");
  });

  test("is read from its snapshot, and from its first record", async () => {
    const expected = (await goldenExpectation("mirrored")).state;
    expect(inWords(await new Repository(await backendOf(files)).readExisting())).toEqual(expected);
    const records = [...files].filter(([key]) => key.startsWith("journal/"));
    expect(inWords(await new Repository(await backendOf(new Map(records))).readExisting())).toEqual(expected);
  });

  test("is written today as it was", () => {
    const place = files.get(placeKey) as Uint8Array;
    expect(Buffer.compare(encodePlaceFile(decodePlaceFile(place)), place)).toBe(0);
    for (const [key, bytes] of files) {
      const written = rewritten(key, bytes);
      if (written !== undefined) expect([key, Buffer.compare(written, bytes)]).toEqual([key, 0]);
    }
  });
});

describe("the golden trunk of version 1 with a thin segment", () => {
  let files: Map<string, Uint8Array>;
  let expected: Expectation;
  beforeEach(async () => {
    files = await goldenFiles("thin");
    expected = await goldenExpectation("thin");
  });

  test("is read from its snapshot, and from its first record", async () => {
    for (const left of [files, new Map([...files].filter(([key]) => !/^(refs\/|latest)/.test(key)))]) {
      const state = await new Repository(await backendOf(left)).readExisting();
      expect(inWords(state)).toEqual(expected.state);
      expect([...state.packs.values()].map(isThin)).toEqual([false, true, true]);
    }
  });

  test("is written today as it was", () => {
    for (const [key, bytes] of files) {
      const written = rewritten(key, bytes);
      if (written !== undefined) expect([key, Buffer.compare(written, bytes)]).toEqual([key, 0]);
    }
  });

  test("stops a reader that does not know it, with a message that says why", async () => {
    const unknown = {
      file: "format/headed-file.ts",
      found: 'new Set(["containers", "thin"])',
      replacement: "new Set()",
    };
    await withPatchedCode([unknown], async ({ Repository: Older }) => {
      const reading = new Older(await backendOf(files)).readExisting();
      await expect(reading).rejects.toMatchObject({
        code: "NOT_SUPPORTED",
        message: expect.stringMatching(
          /^refs.* requires the feature "thin", which this version of Trunks does not know$/,
        ),
      });
    });
  });

  test("is cloned by stock git, and read without it", async () => {
    const backend = await backendOf(files);
    expect(await clonedObjects(backend)).toEqual(expected.objects);
    const state = await new Repository(backend).readExisting();
    const read = [];
    for await (const { id } of trunkObjects(backend, state).readMany(expected.objects)) read.push(id);
    expect(read.sort()).toEqual(expected.objects);
  });
});

async function whole(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const read: Uint8Array[] = [];
  for await (const chunk of chunks) read.push(chunk);
  return Buffer.concat(read);
}
