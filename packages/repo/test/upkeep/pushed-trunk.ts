import type { Backend } from "@trunks/core";
import { MemoryBackend } from "@trunks/core/memory";
import { isThin, type Segment } from "../../src/format/pack-name.ts";
import type { CataloguePack, State } from "../../src/format/state.ts";
import type { ObjectFormat } from "../../src/pack/object-format.ts";
import { Repository } from "../../src/repository.ts";
import { downloadInline, downloadSegment } from "../../src/transfer/download.ts";
import { verifyThinSegment } from "../../src/transfer/thin-segment.ts";
import { GitRepository, objectCountOf } from "../git-repository.ts";
import { SeededRandom } from "../seeded-random.ts";

/** A user with stock git who pushes to a trunk in memory, and knows what must be in it. */
export class PushedTrunk {
  readonly git: GitRepository;
  readonly store: MemoryBackend;
  readonly repository: Repository;
  readonly format: ObjectFormat;
  readonly #files: Record<string, string> = {};
  readonly #random = new SeededRandom(7);
  #pushes = 0;

  /** `now` is the store's clock; each file has `lineCount` lines. */
  constructor(format: ObjectFormat = "sha1", now = Date.now, lineCount = 40) {
    this.format = format;
    this.git = new GitRepository(format);
    this.store = new MemoryBackend({ now });
    this.repository = new Repository(this.store);
    for (let file = 0; file < 12; file++) this.#files[`file-${file}`] = this.#text(lineCount);
  }

  async begin(): Promise<this> {
    await this.repository.create({ objects: this.format });
    return this;
  }

  remove(): void {
    this.git.remove();
  }

  /** Pushes a commit that changes a few lines, on top of the branch, or of `from` if it is new; as a thin pack, or as a segment. */
  async push(
    branch = "main",
    options: { readonly segment?: boolean; readonly force?: boolean; readonly from?: string } = {},
  ): Promise<string> {
    const state = await this.repository.readExisting();
    const ref = `refs/heads/${branch}`;
    const oldId = state.refs.get(ref)?.id;
    const name = `file-${this.#pushes++ % 12}`;
    const lines = (this.#files[name] as string).split("\n");
    lines[this.#random.between(0, lines.length - 2)] = this.#text(1).trim();
    this.#files[name] = lines.join("\n");
    const parent = options.force ? undefined : (oldId ?? options.from);
    const parents = parent === undefined ? [] : [parent];
    const newId = this.git.commit(this.#files, parents);
    const assumed = options.segment ? [] : [...new Set([...state.refs.values()].map(({ id }) => id))];
    const bytes = this.git.pack([newId], assumed, options.segment ? [] : ["--thin", "--delta-base-offset"]);
    const objectCount = objectCountOf(bytes);
    await this.repository.publish({
      moves: [{ ref, oldId, newId }],
      basis: state.slot,
      assumed,
      pack: options.segment
        ? { kind: "segments", segments: [{ pack: bytes, index: this.git.index(bytes), objectCount }] }
        : { kind: "inline", bytes, objectCount },
    });
    return newId;
  }

  async delete(branch: string): Promise<void> {
    const state = await this.repository.readExisting();
    const ref = `refs/heads/${branch}`;
    const oldId = state.refs.get(ref)?.id;
    await this.repository.publish({ moves: [{ ref, oldId, newId: undefined }], basis: state.slot, assumed: [] });
  }

  /** What a clone must have: every object that the refs reach. */
  expected(state: State): string[] {
    return reachable(
      this.git,
      [...state.refs.values()].map(({ id }) => id),
    );
  }

  #text(count: number): string {
    const line = () => Array.from({ length: 8 }, () => this.#random.between(0, 9999).toString(36)).join(" ");
    return Array.from({ length: count }, () => `${line()}\n`).join("");
  }
}

function reachable(git: GitRepository, tips: readonly string[]): string[] {
  const listed = git.text(["rev-list", "--objects", "--no-object-names", "--stdin"], `${tips.join("\n")}\n`);
  return listed.split("\n").filter(Boolean).sort();
}

/** Clones with stock git, which has to find nothing wrong, and answers all objects that the refs reach. */
export async function clonedObjects(backend: Backend): Promise<string[]> {
  const state = await new Repository(backend).readExisting();
  const clone = new GitRepository(state.objects);
  try {
    const rank = (pack: CataloguePack) => (pack.name.kind !== "segment" ? 2 : isThin(pack) ? 1 : 0);
    for (const wanted of [0, 1, 2]) {
      for (const pack of state.packs.values()) {
        if (rank(pack) !== wanted) continue;
        if (wanted === 2) {
          clone.run(["index-pack", "--stdin", "--fix-thin"], await downloadInline(backend, pack));
          continue;
        }
        if (wanted === 1) {
          const segment = pack.pack as Segment;
          clone.run(["index-pack", "--stdin", "--fix-thin"], await whole(downloadSegment(backend, segment, "pack")));
          await verifyThinSegment(backend, state, segment);
          continue;
        }
        const bytes = await whole(downloadSegment(backend, pack.pack as Segment, "pack"));
        const index = await whole(downloadSegment(backend, pack.pack as Segment, "index"));
        // Also that the index is the one that git would make.
        if (!clone.index(bytes).equals(index)) throw new Error("an index is not as git makes it");
      }
    }
    for (const [ref, { id }] of state.refs) clone.run(["update-ref", ref, id]);
    clone.run(["fsck", "--full", "--strict", "--no-dangling"]);
    return reachable(
      clone,
      [...state.refs.values()].map(({ id }) => id),
    );
  } finally {
    clone.remove();
  }
}

async function whole(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all);
}

/** A store of its own with the same content. */
export async function copyOf(store: Backend): Promise<MemoryBackend> {
  const copy = new MemoryBackend();
  let after: string | undefined;
  for (let more = true; more; ) {
    const page = await store.list("", { after });
    for (const { key } of page.keys) await copy.create(key, (await (await store.get(key))?.bytes()) as Uint8Array);
    after = page.keys.at(-1)?.key;
    more = page.more;
  }
  return copy;
}
