import type { Backend } from "@trunks/core";
import { MemoryBackend } from "@trunks/core/memory";
import type { State } from "../../src/format/state.ts";
import type { LargeSettings } from "../../src/large/large-upload.ts";
import type { ObjectFormat } from "../../src/pack/object-format.ts";
import { Repository } from "../../src/repository.ts";
import type { RepositoryOptions } from "../../src/repository-options.ts";
import type { PublishOutcome } from "../../src/transfer/publication.ts";
import { GitRepository, objectCountOf } from "../git-repository.ts";

/** Small enough for a file of a few kilobytes to have many chunks in several containers. */
export const largeSettings: LargeSettings = {
  chunks: { leastSize: 64, averageSize: 256, mostSize: 1024 },
  containerSizeBytes: 4096,
};
/** Blobs from this size on are kept in chunks. */
const thresholdBytes = 5000;

/** A user with stock git who pushes large files to a trunk in memory. */
export class LargeTrunk {
  readonly git: GitRepository;
  readonly store: MemoryBackend;
  readonly format: ObjectFormat;

  readonly #options: RepositoryOptions;

  /** `now` is the store's clock; `options` are what each client has beside its own. */
  constructor(format: ObjectFormat = "sha1", now = Date.now, options: RepositoryOptions = {}) {
    this.git = new GitRepository(format);
    this.store = new MemoryBackend({ now });
    this.format = format;
    this.#options = options;
  }

  async begin(): Promise<this> {
    await this.open().create({ objects: this.format });
    return this;
  }

  /** A client that knows nothing yet. */
  open(backend: Backend = this.store): Repository {
    return new Repository(backend, { ...this.#options, largeSettings });
  }

  /** Pushes a commit of these files without parents, over what the branch had; as somebody who has read `state`. */
  async push(
    branch: string,
    files: Readonly<Record<string, Uint8Array>>,
    { state, repository = this.open() }: { readonly state?: State; readonly repository?: Repository } = {},
  ): Promise<PublishOutcome> {
    const basis = state ?? (await repository.readExisting());
    const ref = `refs/heads/${branch}`;
    const newId = this.git.commit(files);
    const bytes = this.git.pack([newId], [], [`--filter=blob:limit=${thresholdBytes}`]);
    const large = Object.values(files).filter(({ length }) => length >= thresholdBytes);
    return repository.publish({
      moves: [{ ref, oldId: basis.refs.get(ref)?.id, newId }],
      basis: basis.slot,
      assumed: [],
      pack: { kind: "inline", bytes, objectCount: objectCountOf(bytes) },
      large: large.map((content) => ({
        id: this.blobId(content),
        size: content.length,
        read: () => onePiece(content),
      })),
    });
  }

  async delete(branch: string): Promise<void> {
    const repository = this.open();
    const { refs, slot } = await repository.readExisting();
    const ref = `refs/heads/${branch}`;
    const moves = [{ ref, oldId: refs.get(ref)?.id, newId: undefined }];
    await repository.publish({ moves, basis: slot, assumed: [] });
  }

  blobId(content: Uint8Array): string {
    return this.git.text(["hash-object", "--stdin"], content);
  }

  async keys(prefix: string): Promise<string[]> {
    return (await this.store.list(prefix)).keys.map(({ key }) => key);
  }

  async size(prefix: string): Promise<number> {
    return (await this.store.list(prefix)).keys.reduce((sum, { size }) => sum + size, 0);
  }

  remove(): void {
    this.git.remove();
  }
}

async function* onePiece(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
