import type { CataloguePack } from "../../src/format/state.ts";
import { encodeText } from "../../src/format/text.ts";
import type { LargeBlobBody } from "../../src/large/large-upload.ts";
import { type GitObject, objectId } from "../../src/pack/git-object.ts";
import { objectIdBytes } from "../../src/pack/object-format.ts";
import { onePiece } from "../../src/pack/object-stream.ts";
import { parseEntryHeader } from "../../src/pack/pack-entry.ts";
import { type IndexedEntry, PackIndex } from "../../src/pack/pack-index.ts";
import { packIndexBytes } from "../../src/pack/pack-index-bytes.ts";
import { PackWriter } from "../../src/pack/pack-writer.ts";
import { sha256 } from "../samples.ts";
import type { CommitPack, Commits, PackedObject } from "./commits.ts";
import { largeContent } from "./large-files.ts";

/** What all files have in common, so that deltas between them are worth it. */
const template = "all that follows is the same in every file\n".repeat(4);

/**
 * Commits as Git makes them, each with a file of its own, in Git's packs: for upkeep that looks inside. Some have a large file
 * too, if there shall be such.
 */
export class GitCommits implements Commits {
  readonly parents = new Map<string, string | undefined>();
  readonly #objects = new Map<string, readonly (GitObject & { readonly id: string })[]>();
  readonly #large = new Map<string, GitObject & { readonly id: string }>();
  readonly #hasLarge: boolean;
  /** What is in packs that were made here, by the digests of their bytes. */
  readonly #packed = new Map<string, readonly PackedObject[]>();

  constructor(hasLarge = false) {
    this.#hasLarge = hasLarge;
  }

  make(parent: string | undefined, random: { hex(digits: number): string }): string {
    const blob = identified("blob", encodeText(`${random.hex(12)}\n${template}`));
    const large = this.#hasLarge && random.hex(1) < "c" ? identified("blob", largeContent(random)) : undefined;
    const files = [encodeText("100644 file\0"), objectIdBytes(blob.id)];
    if (large !== undefined) files.push(encodeText("100644 large\0"), objectIdBytes(large.id));
    const tree = identified("tree", Buffer.concat(files));
    const who = "somebody <somebody@example.org> 1800000000 +0000";
    const lines = [`tree ${tree.id}`, ...(parent ? [`parent ${parent}`] : []), `author ${who}`, `committer ${who}`];
    const commit = identified("commit", encodeText(`${lines.join("\n")}\n\na change\n`));
    this.parents.set(commit.id, parent);
    this.#objects.set(commit.id, [commit, tree, blob]);
    if (large !== undefined) this.#large.set(commit.id, large);
    return commit.id;
  }

  objectsOf(commit: string): readonly string[] {
    const large = this.#large.get(commit);
    return [...this.#of(commit), ...(large === undefined ? [] : [large])].map(({ id }) => id);
  }

  async pack(commits: Iterable<string>, bases: readonly string[] = []): Promise<CommitPack> {
    const oldestFirst = [...commits].reverse();
    const pieces: Uint8Array[] = [];
    const write = async (bytes: Uint8Array) => void pieces.push(bytes.slice());
    const objectCount = oldestFirst.reduce((sum, commit) => sum + this.#of(commit).length, 0);
    const writer = new PackWriter("sha1", objectCount, write, { thin: true });
    let base = bases.at(-1);
    for (const commit of oldestFirst) {
      const [, , like] = base === undefined ? [] : this.#of(base);
      for (const object of this.#of(commit)) await writer.add(object, object.type === "blob" ? like : undefined);
      base = commit;
    }
    const { entries, checksum } = await writer.finish();
    const pack = Buffer.concat(pieces);
    this.#packed.set(sha256(pack), packedObjects(pack, entries));
    return { pack, index: packIndexBytes("sha1", entries, checksum), objectCount };
  }

  large(commits: Iterable<string>): readonly LargeBlobBody[] {
    return [...commits].flatMap((commit) => {
      const large = this.#large.get(commit);
      return large === undefined ? [] : [{ id: large.id, size: large.data.length, read: () => onePiece(large.data) }];
    });
  }

  objectsIn({ pack }: CataloguePack, bytes: Uint8Array, index: Uint8Array | undefined): readonly PackedObject[] {
    if (index === undefined) return this.#packed.get(sha256(bytes)) ?? [];
    return packedObjects(bytes, new PackIndex("sha1", index, pack.size).entries());
  }

  #of(commit: string): readonly (GitObject & { readonly id: string })[] {
    const objects = this.#objects.get(commit);
    if (objects === undefined) throw new Error(`nobody has made ${commit}`);
    return objects;
  }
}

/** In the order of the pack, where a base in it stands before its deltas. */
function packedObjects(bytes: Uint8Array, entries: Iterable<IndexedEntry>): PackedObject[] {
  const inOrder = [...entries].sort((left, right) => left.offset - right.offset);
  const idAt = new Map(inOrder.map(({ offset, id }) => [offset, id]));
  return inOrder.map(({ id, offset }) => {
    const { baseOffset, baseId } = parseEntryHeader("sha1", bytes, offset, offset);
    return { id, baseId: baseOffset === undefined ? baseId : idAt.get(baseOffset) };
  });
}

function identified(type: GitObject["type"], data: Uint8Array): GitObject & { readonly id: string } {
  return { type, data, id: objectId("sha1", type, data) };
}
