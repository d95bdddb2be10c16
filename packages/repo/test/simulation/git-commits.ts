import type { CataloguePack } from "../../src/format/state.ts";
import { encodeText } from "../../src/format/text.ts";
import type { LargeBlobBody } from "../../src/large/large-upload.ts";
import { type GitObject, objectId } from "../../src/pack/git-object.ts";
import { objectIdBytes } from "../../src/pack/object-format.ts";
import { onePiece } from "../../src/pack/object-stream.ts";
import { PackIndex } from "../../src/pack/pack-index.ts";
import { packIndexBytes } from "../../src/pack/pack-index-bytes.ts";
import { PackWriter } from "../../src/pack/pack-writer.ts";
import { sha256 } from "../samples.ts";
import type { CommitPack, Commits } from "./commits.ts";
import { largeContent } from "./large-files.ts";

/**
 * Commits as Git makes them, each with a file of its own, in Git's packs: for upkeep that looks inside. Some have a large file
 * too, if there shall be such.
 */
export class GitCommits implements Commits {
  readonly parents = new Map<string, string | undefined>();
  readonly #objects = new Map<string, readonly (GitObject & { readonly id: string })[]>();
  readonly #large = new Map<string, GitObject & { readonly id: string }>();
  readonly #hasLarge: boolean;
  /** The ids in packs that were made here, by the digests of their bytes. */
  readonly #packed = new Map<string, readonly string[]>();

  constructor(hasLarge = false) {
    this.#hasLarge = hasLarge;
  }

  make(parent: string | undefined, random: { hex(digits: number): string }): string {
    const blob = identified("blob", encodeText(`${random.hex(12)}\n`));
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

  async pack(commits: Iterable<string>): Promise<CommitPack> {
    const objects = [...commits].flatMap((commit) => this.#of(commit));
    const pieces: Uint8Array[] = [];
    const writer = new PackWriter("sha1", objects.length, async (bytes) => {
      pieces.push(bytes.slice());
    });
    for (const object of objects) await writer.add(object);
    const { entries, checksum } = await writer.finish();
    const pack = Buffer.concat(pieces);
    const ids = objects.map(({ id }) => id);
    this.#packed.set(sha256(pack), ids);
    return { pack, index: packIndexBytes("sha1", entries, checksum), objectCount: objects.length };
  }

  large(commits: Iterable<string>): readonly LargeBlobBody[] {
    return [...commits].flatMap((commit) => {
      const large = this.#large.get(commit);
      return large === undefined ? [] : [{ id: large.id, size: large.data.length, read: () => onePiece(large.data) }];
    });
  }

  idsIn({ pack }: CataloguePack, bytes: Uint8Array, index: Uint8Array | undefined): readonly string[] {
    if (index === undefined) return this.#packed.get(sha256(bytes)) ?? [];
    return [...new PackIndex("sha1", index, pack.size).entries()].map(({ id }) => id);
  }

  #of(commit: string): readonly (GitObject & { readonly id: string })[] {
    const objects = this.#objects.get(commit);
    if (objects === undefined) throw new Error(`nobody has made ${commit}`);
    return objects;
  }
}

function identified(type: GitObject["type"], data: Uint8Array): GitObject & { readonly id: string } {
  return { type, data, id: objectId("sha1", type, data) };
}
