import { type Backend, isTrunksError, type RequestOptions, TrunksError } from "@trunks/core";
import { mapConcurrent } from "../concurrent.ts";
import type { Container, LargeBlob, Lean } from "../format/container.ts";
import type { State } from "../format/state.ts";
import type { Sleep } from "../journal/sleep.ts";
import { objectHeader } from "../pack/git-object.ts";
import type { ObjectFormat, ObjectId } from "../pack/object-format.ts";
import type { PackIndex } from "../pack/pack-index.ts";
import { createDigest } from "../platform.ts";
import { downloadIndex } from "../transfer/download.ts";
import { uploadContainer } from "../transfer/segment-upload.ts";
import { type ChunkSizes, chunksOf, usualChunkSizes } from "./chunker.ts";
import { blobId, ContainerBuilder } from "./container-builder.ts";
import { containersOf, largeBlobsOf, type PlacedBlob } from "./large-blobs.ts";
import { type Chunk, encodeManifest } from "./manifest.ts";

/** A blob that shall be kept in chunks. */
export interface LargeBlobBody {
  readonly id: ObjectId;
  /** In bytes. */
  readonly size: number;
  /** Its bytes from the first to the last; called again when a push has to be packed again. */
  read(): AsyncIterable<Uint8Array>;
}

/** In bytes: blobs of this size and above are kept in chunks, unless their writer has chosen another. */
export const usualChunkThreshold = 2 ** 23;

/** How large blobs are stored. */
export interface LargeSettings {
  readonly chunks: ChunkSizes;
  /** A container is full when it has so many bytes. */
  readonly containerSizeBytes: number;
}

const usualLargeSettings: LargeSettings = { chunks: usualChunkSizes, containerSizeBytes: 2 ** 25 };

/** What an entry says of its large blobs. */
export interface LargeParts {
  readonly containers: readonly Container[];
  readonly leans: readonly Lean[];
}

export interface LargeUploadOptions extends RequestOptions {
  readonly sleep: Sleep;
  readonly newId: () => string;
  readonly settings?: LargeSettings;
}

/** Containers uploaded at once: each is in memory. */
const uploadConcurrency = 2;
/** So many containers, the newest, are looked through for chunks that need not be uploaded again. */
const maxLookedThrough = 1024;
const indexConcurrency = 16;

/**
 * Cuts the blobs and uploads what the catalogue of `state` has not, in bounded memory. Throws `CORRUPT` for a blob whose bytes
 * are not those of its id.
 */
export async function uploadLarge(
  source: Backend,
  uploads: Backend,
  state: State,
  blobs: readonly LargeBlobBody[],
  options: LargeUploadOptions,
): Promise<LargeParts> {
  const containers = containersOf(state);
  const known = [...containers.values()].slice(-maxLookedThrough);
  const largeBlobs = largeBlobsOf(containers.values());
  const isNew = blobs.some(({ id }) => !largeBlobs.has(id));
  const indexes = isNew ? await downloadIndexes(source, state.objects, known, options) : new Map();
  const upload = new LargeUpload(uploads, state.objects, largeBlobs, indexes, options);
  for (const blob of blobs) await upload.add(blob);
  return upload.end();
}

async function downloadIndexes(
  source: Backend,
  format: ObjectFormat,
  containers: readonly Container[],
  { signal }: RequestOptions,
): Promise<Map<string, PackIndex>> {
  const pairs = await mapConcurrent(containers, indexConcurrency, async (container) => {
    try {
      return [container.id, await downloadIndex(source, format, container, { signal })] as const;
    } catch (error) {
      if (isTrunksError(error, "NOT_FOUND")) return undefined; // Swept since: nothing can lean on it.
      throw error;
    }
  });
  return new Map(pairs.flatMap((pair) => (pair === undefined ? [] : [pair])));
}

class LargeUpload {
  readonly #uploads: Backend;
  readonly #format: ObjectFormat;
  readonly #present: ReadonlyMap<ObjectId, PlacedBlob>;
  readonly #indexes: ReadonlyMap<string, PackIndex>;
  readonly #options: LargeUploadOptions;
  readonly #settings: LargeSettings;
  /** Containers whose chunks are used, and blobs that are there as a whole. */
  readonly #leans = new Set<string>();
  readonly #wholes: Lean[] = [];
  /** The container of each chunk that this upload has met. */
  readonly #places = new Map<ObjectId, string>();
  readonly #done = new Set<ObjectId>();
  readonly #containers: Container[] = [];
  readonly #underWay = new Set<Promise<void>>();
  #current: { readonly id: string; readonly builder: ContainerBuilder; readonly large: LargeBlob[] } | undefined;

  constructor(
    uploads: Backend,
    format: ObjectFormat,
    present: ReadonlyMap<ObjectId, PlacedBlob>,
    indexes: ReadonlyMap<string, PackIndex>,
    options: LargeUploadOptions,
  ) {
    this.#uploads = uploads;
    this.#format = format;
    this.#present = present;
    this.#indexes = indexes;
    this.#options = options;
    this.#settings = options.settings ?? usualLargeSettings;
  }

  async add(blob: LargeBlobBody): Promise<void> {
    const present = this.#present.get(blob.id);
    if (this.#done.has(blob.id)) return;
    this.#done.add(blob.id);
    if (present === undefined) await this.#cut(blob);
    else this.#wholes.push({ container: present.container.id, blob: blob.id });
  }

  async end(): Promise<LargeParts> {
    await this.#seal();
    await Promise.all(this.#underWay);
    return {
      containers: this.#containers,
      leans: [...[...this.#leans].map((container) => ({ container })), ...this.#wholes],
    };
  }

  async #cut(blob: LargeBlobBody): Promise<void> {
    const chunks: Chunk[] = [];
    const digest = createDigest(this.#format).update(objectHeader("blob", blob.size));
    for await (const bytes of chunksOf(blob.read(), this.#settings.chunks)) {
      this.#options.signal?.throwIfAborted();
      digest.update(bytes);
      const id = blobId(this.#format, bytes);
      chunks.push({ id, size: bytes.length, container: await this.#place(id, bytes) });
    }
    const found = digest.hex();
    if (found !== blob.id) throw new TrunksError("CORRUPT", `blob ${blob.id} has the content of ${found}`);
    const manifest = encodeManifest({ blobId: blob.id, size: blob.size, chunks });
    const manifestId = blobId(this.#format, manifest);
    const { builder, large } = this.#open();
    builder.add(manifestId, manifest);
    large.push({ id: blob.id, size: blob.size, manifestId });
  }

  /** The container that holds the chunk, or will. */
  async #place(id: ObjectId, bytes: Uint8Array): Promise<string> {
    const known = this.#places.get(id) ?? this.#find(id);
    if (known !== undefined) return known;
    if (this.#current !== undefined && this.#current.builder.size >= this.#settings.containerSizeBytes)
      await this.#seal();
    const { id: container, builder } = this.#open();
    builder.add(id, bytes);
    this.#places.set(id, container);
    return container;
  }

  /** Where the catalogue has it. */
  #find(id: ObjectId): string | undefined {
    for (const [container, index] of this.#indexes) {
      if (index.find(id) === undefined) continue;
      this.#leans.add(container);
      this.#places.set(id, container);
      return container;
    }
    return undefined;
  }

  #open() {
    this.#current ??= { id: this.#options.newId(), builder: new ContainerBuilder(this.#format), large: [] };
    return this.#current;
  }

  /** Begins to upload what was gathered; waits while too many others are under way. */
  async #seal(): Promise<void> {
    const full = this.#current;
    this.#current = undefined;
    if (full === undefined) return;
    while (this.#underWay.size >= uploadConcurrency) await Promise.race(this.#underWay);
    const body = await full.builder.finish();
    const upload = this.#upload(full.id, body, full.large).finally(() => this.#underWay.delete(upload));
    upload.catch(() => {}); // Thrown where all are awaited.
    this.#underWay.add(upload);
  }

  async #upload(id: string, body: Parameters<typeof uploadContainer>[1], large: readonly LargeBlob[]): Promise<void> {
    this.#containers.push(await uploadContainer(this.#uploads, body, { id, large }, this.#options));
  }
}
