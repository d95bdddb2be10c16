import { type Backend, type RequestOptions, TrunksError } from "@trunks/core";
import { mapConcurrent } from "../concurrent.ts";
import { type Container, fileKeys } from "../format/container.ts";
import type { ObjectFormat, ObjectId } from "../pack/object-format.ts";
import { parseEntryHeader } from "../pack/pack-entry.ts";
import type { PackIndex } from "../pack/pack-index.ts";
import { inflate } from "../platform.ts";
import { downloadIndex, missing } from "../transfer/download.ts";
import { blobId } from "./container-builder.ts";
import { largeBlobsOf, type PlacedBlob } from "./large-blobs.ts";
import { type Chunk, decodeManifest, type Manifest, maxManifestSizeBytes } from "./manifest.ts";

/** Indexes of containers that are asked for at a time. */
const indexConcurrency = 16;
/** Manifests that are kept. */
const keptManifests = 4;

/** Bytes of a container that one request brings, and the chunks that are made of them, in the order of the blob. */
interface Run {
  readonly container: Container;
  start: number;
  end: number;
  readonly chunks: { readonly id: ObjectId; readonly size: number; readonly start: number; readonly end: number }[];
}

/** Puts large blobs together from the chunks in their containers. What it answers was proved by the ids of the chunks. */
export class LargeReader {
  readonly #backend: Backend;
  readonly #format: ObjectFormat;
  #containers: ReadonlyMap<string, Container> = new Map();
  #blobs: ReadonlyMap<ObjectId, PlacedBlob> = new Map();
  readonly #indexes = new Map<string, Promise<PackIndex>>();
  readonly #manifests = new Map<ObjectId, Promise<Manifest>>();

  constructor(backend: Backend, format: ObjectFormat) {
    this.#backend = backend;
    this.#format = format;
  }

  /** Reads from these containers from now on. */
  use(containers: ReadonlyMap<string, Container>): void {
    this.#containers = containers;
    this.#blobs = largeBlobsOf(containers.values());
    for (const id of this.#indexes.keys()) if (!containers.has(id)) this.#indexes.delete(id);
  }

  get blobs(): ReadonlyMap<ObjectId, PlacedBlob> {
    return this.#blobs;
  }

  /** How the blob, which must be one of `blobs`, is put together. */
  manifest(id: ObjectId, options: RequestOptions = {}): Promise<Manifest> {
    const blob = this.#blobs.get(id) as PlacedBlob;
    const key = `${blob.container.id} ${id}`;
    const kept = this.#manifests.get(key);
    if (kept !== undefined) return kept;
    const [oldest] = this.#manifests.size >= keptManifests ? this.#manifests.keys() : [];
    if (oldest !== undefined) this.#manifests.delete(oldest);
    const manifest = this.#readManifest(blob, options).catch((error) => {
      this.#manifests.delete(key);
      throw error;
    });
    this.#manifests.set(key, manifest);
    return manifest;
  }

  /** The blob's bytes from `start` up to, not including, `end`; what lies elsewhere is not read, but for the rest of two chunks. */
  async *read(id: ObjectId, start: number, end: number, options: RequestOptions = {}): AsyncGenerator<Uint8Array> {
    const { chunks } = await this.manifest(id, options);
    let at = 0;
    const wanted = chunks.filter(({ size }) => {
      at += size;
      return at > start && at - size < end;
    });
    const skipped = chunks.slice(0, chunks.indexOf(wanted[0] as Chunk)).reduce((sum, { size }) => sum + size, 0);
    let offset = skipped;
    for await (const { run, bytes } of this.#ahead(await this.#plan(wanted, options), options)) {
      for (const chunk of run.chunks) {
        const data = this.#inflated(run, chunk, bytes);
        yield data.subarray(Math.max(0, start - offset), end - offset);
        offset += data.length;
      }
    }
  }

  /** The containers that hold the chunks of a blob. */
  async containersOf(id: ObjectId, options: RequestOptions = {}): Promise<Set<string>> {
    const { chunks } = await this.manifest(id, options);
    const places = await this.#locate(chunks, options);
    return new Set([...places.values()].map(({ container }) => container.id));
  }

  async #readManifest({ id, manifestId, container }: PlacedBlob, options: RequestOptions): Promise<Manifest> {
    const index = await this.#index(container, options);
    const offset = index.find(manifestId);
    if (offset === undefined) throw this.#damaged(container, `the manifest of ${id} is not in it`);
    const run: Run = { container, start: offset, end: index.entryEnd(offset), chunks: [] };
    const chunk = { id: manifestId, size: undefined, start: run.start, end: run.end };
    return decodeManifest(this.#format, id, this.#inflated(run, chunk, await this.#get(run, options)));
  }

  /** Joins what stands side by side, up to the size of one request. */
  async #plan(chunks: readonly Chunk[], options: RequestOptions): Promise<Run[]> {
    const places = await this.#locate(chunks, options);
    const runs: Run[] = [];
    for (const { id, size } of chunks) {
      const { container, index } = places.get(id) as { container: Container; index: PackIndex };
      const start = index.find(id) as number;
      const chunk = { id, size, start, end: index.entryEnd(start) };
      const last = runs.at(-1);
      const isNear = last?.container === container && start >= last.start && start <= last.end;
      if (isNear && chunk.end - last.start <= this.#backend.capabilities.rangeSizeBytes) {
        last.end = Math.max(last.end, chunk.end);
        last.chunks.push(chunk);
      } else runs.push({ container, start, end: chunk.end, chunks: [chunk] });
    }
    return runs;
  }

  /** Where the chunks are: in the containers that the manifest names, or else in others of the catalogue. */
  async #locate(chunks: readonly Chunk[], options: RequestOptions) {
    const places = new Map<ObjectId, { container: Container; index: PackIndex }>();
    const look = async (containers: readonly Container[], left: readonly Chunk[]) => {
      const indexes = await mapConcurrent(containers, indexConcurrency, (container) => this.#index(container, options));
      const byId = new Map(
        containers.map((container, at) => [container.id, { container, index: indexes[at] as PackIndex }]),
      );
      for (const { id, container } of left) {
        const named = byId.get(container);
        const place = named?.index.find(id) === undefined ? undefined : named;
        if (place !== undefined) places.set(id, place);
      }
      return byId;
    };
    const named = new Set(chunks.map(({ container }) => container));
    const present = [...named].flatMap((id) => this.#containers.get(id) ?? []);
    await look(present, chunks);
    const left = chunks.filter(({ id }) => !places.has(id));
    if (left.length === 0) return places;
    const all = [...(await look([...this.#containers.values()], left)).values()];
    for (const { id } of left) {
      const place = all.find(({ index }) => index.find(id) !== undefined);
      if (place === undefined) throw new TrunksError("NOT_FOUND", `chunk ${id} of a large file is in no container`);
      places.set(id, place);
    }
    return places;
  }

  #index(container: Container, options: RequestOptions): Promise<PackIndex> {
    const { id } = container;
    const index =
      this.#indexes.get(id) ??
      downloadIndex(this.#backend, this.#format, container, options).catch((error) => {
        this.#indexes.delete(id);
        throw error;
      });
    this.#indexes.set(id, index);
    return index;
  }

  /** The runs with their bytes, in order; the next ones are asked for while one is worked on. */
  async *#ahead(
    runs: readonly Run[],
    options: RequestOptions,
  ): AsyncGenerator<{ readonly run: Run; readonly bytes: Uint8Array }> {
    const concurrency = Math.max(1, this.#backend.capabilities.rangeConcurrency);
    const coming: Promise<Uint8Array>[] = [];
    let next = 0;
    for (const run of runs) {
      while (next < runs.length && coming.length < concurrency) {
        const bytes = this.#get(runs[next++] as Run, options);
        bytes.catch(() => {}); // Its failure is thrown when its turn comes.
        coming.push(bytes);
      }
      yield { run, bytes: await (coming.shift() as Promise<Uint8Array>) };
    }
  }

  async #get({ container, start, end }: Run, { signal }: RequestOptions): Promise<Uint8Array> {
    const key = fileKeys(container).pack;
    const content = await this.#backend.get(key, { signal, range: { start, end } });
    if (content === undefined) throw missing(key);
    const bytes = await content.bytes();
    if (bytes.length === end - start) return bytes;
    throw this.#damaged(container, "it is cut short");
  }

  /** A blob of a container: a chunk of that size, or a manifest. Throws `CORRUPT` unless it is the one of that id. */
  #inflated(
    run: Run,
    chunk: { readonly id: ObjectId; readonly size: number | undefined; readonly start: number; readonly end: number },
    bytes: Uint8Array,
  ): Uint8Array {
    const entry = bytes.subarray(chunk.start - run.start, chunk.end - run.start);
    try {
      const { type, size, headerSize } = parseEntryHeader(this.#format, entry, 0, chunk.start);
      if (type === "blob" && (chunk.size === undefined ? size <= maxManifestSizeBytes : size === chunk.size)) {
        const data = inflate(entry.subarray(headerSize), size).bytes;
        if (blobId(this.#format, data) === chunk.id) return data;
      }
    } catch (error) {
      throw this.#damaged(run.container, `chunk ${chunk.id} cannot be read`, error);
    }
    throw this.#damaged(run.container, `chunk ${chunk.id} is another there`);
  }

  #damaged(container: Container, reason: string, cause?: unknown): TrunksError {
    return new TrunksError("CORRUPT", `${fileKeys(container).pack} is damaged: ${reason}`, {
      cause,
      hint: "run `trunks check --remote` to see what is affected",
    });
  }
}
