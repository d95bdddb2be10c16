import { type ByteRange, type RequestOptions, resolveRange, TrunksError } from "@trunks/core";
import type { GitObject, IdentifiedObject } from "../pack/git-object.ts";
import { eachOnce } from "../pack/located-objects.ts";
import type { ObjectFormat, ObjectId } from "../pack/object-format.ts";
import {
  type BaselessEntry,
  type ObjectInfo,
  ObjectReader,
  type ObjectReaderOptions,
  type ReadManyOptions,
} from "../pack/object-reader.ts";
import { type ObjectStream, provedStream } from "../pack/object-stream.ts";
import type { StoredEntry } from "../pack/pack-writer.ts";
import { deflateStream, isDense } from "../platform.ts";
import type { PlacedBlob } from "./large-blobs.ts";
import type { LargeReader } from "./large-reader.ts";

/** Zlib's level for a blob that is to be put into a pack: quick, for it is large. */
const quickLevel = 1;

/** Reads a trunk's objects: what stands in packs, and the large blobs, which are in none. */
export class TrunkReader extends ObjectReader {
  readonly #format: ObjectFormat;
  readonly #large: LargeReader;
  readonly #maxObjectSizeBytes: number;

  constructor(format: ObjectFormat, large: LargeReader, options: ObjectReaderOptions = {}) {
    super(format, [], options);
    this.#format = format;
    this.#large = large;
    this.#maxObjectSizeBytes = options.maxObjectSizeBytes ?? 2 ** 27;
  }

  override async has(id: ObjectId, options: RequestOptions = {}): Promise<boolean> {
    return this.#large.blobs.has(id) || super.has(id, options);
  }

  override async findPrefix(prefix: string, limit: number, options: RequestOptions = {}): Promise<ObjectId[]> {
    const large = [...this.#large.blobs.keys()].filter((id) => id.startsWith(prefix));
    const found = new Set([...(await super.findPrefix(prefix, limit, options)), ...large]);
    return [...found].sort().slice(0, limit);
  }

  override async info(id: ObjectId, options: RequestOptions = {}): Promise<ObjectInfo | undefined> {
    const blob = this.#large.blobs.get(id);
    return blob === undefined ? super.info(id, options) : { type: "blob", size: blob.size };
  }

  override async read(id: ObjectId, options: RequestOptions = {}): Promise<GitObject | undefined> {
    const blob = this.#large.blobs.get(id);
    return blob === undefined ? super.read(id, options) : { type: "blob", data: await this.#whole(blob, options) };
  }

  override async *readBatches(
    ids: Iterable<ObjectId>,
    options: ReadManyOptions = {},
  ): AsyncGenerator<IdentifiedObject[]> {
    const { large, others } = this.#split(ids);
    yield* super.readBatches(others, options);
    for (const blob of large) yield [{ id: blob.id, type: "blob", data: await this.#whole(blob, options) }];
  }

  override copyMany(
    ids: Iterable<ObjectId>,
    options: RequestOptions = {},
  ): AsyncGenerator<StoredEntry | BaselessEntry> {
    const { large, others } = this.#split(ids);
    const copied = super.copyMany(others, options);
    return large.length === 0 ? copied : this.#withLarge(copied, large, options);
  }

  override async *smallerThan(
    limitBytes: number,
    ids: Iterable<ObjectId>,
    options: RequestOptions = {},
  ): AsyncGenerator<ObjectId> {
    const { large, others } = this.#split(ids);
    yield* super.smallerThan(limitBytes, others, options);
    for (const { id, size } of large) if (size < limitBytes) yield id;
  }

  override async readStream(id: ObjectId, options: RequestOptions = {}): Promise<ObjectStream | undefined> {
    const blob = this.#large.blobs.get(id);
    if (blob === undefined) return super.readStream(id, options);
    return { type: "blob", size: blob.size, [Symbol.asyncIterator]: () => this.#proved(id, blob.size, options) };
  }

  /** Of a large blob the chunks are read that the range touches, and proved by their ids. */
  override async readRange(
    id: ObjectId,
    range: ByteRange,
    options: RequestOptions = {},
  ): Promise<Uint8Array | undefined> {
    const blob = this.#large.blobs.get(id);
    if (blob === undefined) return super.readRange(id, range, options);
    const { start, end } = resolveRange(range, blob.size);
    return gathered(this.#large.read(id, start, end, options), Math.max(0, end - start));
  }

  async *#withLarge(
    copied: AsyncIterable<StoredEntry | BaselessEntry>,
    large: readonly PlacedBlob[],
    options: RequestOptions,
  ): AsyncGenerator<StoredEntry | BaselessEntry> {
    yield* copied;
    for (const { id, size } of large) {
      const deflated = deflatedQuickly(this.#proved(id, size, options));
      yield { id, content: "blob", size, deflated };
    }
  }

  #split(ids: Iterable<ObjectId>): { large: PlacedBlob[]; others: Iterable<ObjectId> } {
    const { blobs } = this.#large;
    if (blobs.size === 0) return { large: [], others: ids };
    const all = [...eachOnce(ids)];
    return { large: all.flatMap((id) => blobs.get(id) ?? []), others: new Set(all.filter((id) => !blobs.has(id))) };
  }

  async #whole({ id, size }: PlacedBlob, options: RequestOptions): Promise<Uint8Array> {
    if (size <= this.#maxObjectSizeBytes) return gathered(this.#proved(id, size, options), size);
    throw new TrunksError("NOT_SUPPORTED", `object ${id} has ${size} bytes: it can be read as a stream only`);
  }

  #proved(id: ObjectId, size: number, options: RequestOptions): AsyncGenerator<Uint8Array> {
    return provedStream(this.#format, id, { type: "blob", size }, this.#large.read(id, 0, size, options));
  }
}

async function* deflatedQuickly(pieces: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  const { value: first } = await pieces.next();
  async function* all(): AsyncGenerator<Uint8Array> {
    if (first !== undefined) yield first;
    yield* pieces;
  }
  yield* deflateStream(all(), first !== undefined && isDense(first) ? 0 : quickLevel);
}

async function gathered(pieces: AsyncIterable<Uint8Array>, size: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(size);
  let filled = 0;
  for await (const piece of pieces) {
    bytes.set(piece, filled);
    filled += piece.length;
  }
  return bytes;
}
