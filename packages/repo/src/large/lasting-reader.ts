import { type ByteRange, isTrunksError, type RequestOptions } from "@trunks/core";
import type { GitObject, IdentifiedObject } from "../pack/git-object.ts";
import { IdSet } from "../pack/id-set.ts";
import { eachOnce } from "../pack/located-objects.ts";
import type { ObjectFormat, ObjectId } from "../pack/object-format.ts";
import type { BaselessEntry, ObjectInfo, ObjectReaderOptions, ReadManyOptions } from "../pack/object-reader.ts";
import type { ObjectStream } from "../pack/object-stream.ts";
import type { StoredEntry } from "../pack/pack-writer.ts";
import type { LargeReader } from "./large-reader.ts";
import { TrunkReader } from "./trunk-reader.ts";

/** Has a reader use the packs of a newer state. False when there is none. */
export type Renew = (options: RequestOptions) => Promise<boolean>;

/** Times that one call begins, or goes on, with the packs of a newer state. */
const maxRenewals = 3;

/**
 * Reads a trunk for longer than its packs may last: when one is gone, the objects are in a pack that took its place, so the state is
 * read again and the work goes on where it was. What is in the middle of a stream fails.
 */
export class LastingReader extends TrunkReader {
  readonly #format: ObjectFormat;
  readonly #renew: Renew;
  /** Times that newer packs came. */
  #renewals = 0;

  constructor(format: ObjectFormat, large: LargeReader, renew: Renew, options: ObjectReaderOptions = {}) {
    super(format, large, options);
    this.#format = format;
    this.#renew = renew;
  }

  override has(id: ObjectId, options: RequestOptions = {}): Promise<boolean> {
    return this.#lasting(() => super.has(id, options), options);
  }

  override findPrefix(prefix: string, limit: number, options: RequestOptions = {}): Promise<ObjectId[]> {
    return this.#lasting(() => super.findPrefix(prefix, limit, options), options);
  }

  override info(id: ObjectId, options: RequestOptions = {}): Promise<ObjectInfo | undefined> {
    return this.#lasting(() => super.info(id, options), options);
  }

  override read(id: ObjectId, options: RequestOptions = {}): Promise<GitObject | undefined> {
    return this.#lasting(() => super.read(id, options), options);
  }

  override readStream(id: ObjectId, options: RequestOptions = {}): Promise<ObjectStream | undefined> {
    return this.#lasting(() => super.readStream(id, options), options);
  }

  override readRange(id: ObjectId, range: ByteRange, options: RequestOptions = {}): Promise<Uint8Array | undefined> {
    return this.#lasting(() => super.readRange(id, range, options), options);
  }

  override async *readBatches(
    ids: Iterable<ObjectId>,
    options: ReadManyOptions = {},
  ): AsyncGenerator<IdentifiedObject[]> {
    const left = new LeftIds(this.#format, ids);
    for await (const batch of this.#resumed(() => super.readBatches(left.ids(), options), options)) {
      for (const { id } of batch) left.take(id);
      yield batch;
    }
  }

  override async *copyMany(
    ids: Iterable<ObjectId>,
    options: RequestOptions = {},
  ): AsyncGenerator<StoredEntry | BaselessEntry> {
    const left = new LeftIds(this.#format, ids);
    // Not by `#resumed`: of very many small entries, each step between is felt.
    for (let attempt = 1; ; attempt++) {
      const renewals = this.#renewals;
      try {
        for await (const entry of super.copyMany(left.ids(), options)) {
          const copied = isAtHand(entry) ? entry : await begun(entry);
          left.take(entry.id);
          yield copied;
        }
        return;
      } catch (error) {
        await this.#renewAfter(error, attempt, renewals, options);
      }
    }
  }

  override async *smallerThan(
    limitBytes: number,
    ids: Iterable<ObjectId>,
    options: RequestOptions = {},
  ): AsyncGenerator<ObjectId> {
    const left = new LeftIds(this.#format, ids);
    for await (const id of this.#resumed(() => super.smallerThan(limitBytes, left.ids(), options), options)) {
      left.take(id);
      yield id;
    }
  }

  async #lasting<Answer>(ask: () => Promise<Answer>, options: RequestOptions): Promise<Answer> {
    for (let attempt = 1; ; attempt++) {
      const renewals = this.#renewals;
      try {
        return await ask();
      } catch (error) {
        await this.#renewAfter(error, attempt, renewals, options);
      }
    }
  }

  /** The items of `read`, which is called again for what is left when a pack was gone. */
  async *#resumed<Item>(read: () => AsyncIterable<Item>, options: RequestOptions): AsyncGenerator<Item> {
    for (let attempt = 1; ; attempt++) {
      const renewals = this.#renewals;
      try {
        yield* read();
        return;
      } catch (error) {
        await this.#renewAfter(error, attempt, renewals, options);
      }
    }
  }

  /** Throws `error` unless there are newer packs now than `renewals` ago, in which all may be found. */
  async #renewAfter(error: unknown, attempt: number, renewals: number, options: RequestOptions): Promise<void> {
    if (!isTrunksError(error, "NOT_FOUND") || attempt > maxRenewals) throw error;
    // Of several calls at once, another may have done it.
    if (renewals < this.#renewals) return;
    if (!(await this.#renew(options))) throw error;
    this.#renewals++;
  }
}

/** Ids of which some have been served; a list of those takes little memory. */
class LeftIds {
  readonly #all: Iterable<ObjectId>;
  readonly #taken: IdSet;

  constructor(format: ObjectFormat, ids: Iterable<ObjectId>) {
    this.#all = eachOnce(ids);
    this.#taken = new IdSet(format);
  }

  take(id: ObjectId): void {
    this.#taken.add(id);
  }

  ids(): Iterable<ObjectId> {
    if (this.#taken.size === 0) return this.#all;
    return [...this.#all].filter((id) => !this.#taken.has(id));
  }
}

function isAtHand({ deflated }: StoredEntry | BaselessEntry): boolean {
  return deflated === undefined || !(Symbol.asyncIterator in deflated);
}

/** The same entry, the first of whose bytes were read: mostly all of them, so that nothing goes wrong while they are written. */
async function begun(entry: StoredEntry | BaselessEntry): Promise<StoredEntry> {
  const { deflated } = entry as StoredEntry & { readonly deflated: AsyncIterable<Uint8Array> };
  const iterator = deflated[Symbol.asyncIterator]();
  const first = await iterator.next();
  async function* all(): AsyncGenerator<Uint8Array> {
    try {
      for (let piece = first; !piece.done; piece = await iterator.next()) yield piece.value;
    } finally {
      await iterator.return?.();
    }
  }
  return { ...(entry as StoredEntry), deflated: all() };
}
