import {
  type Backend,
  type ByteRange,
  isTrunksError,
  type RequestOptions,
  resolveRange,
  TrunksError,
} from "@trunks/core";
import {
  type GitObject,
  type IdentifiedObject,
  type ObjectId,
  type ObjectReader,
  type ObjectType,
  type Repository,
  type SegmentsAhead,
  type State,
  TrunkObjects,
} from "@trunks/repo/client";
import { NewObjects } from "./new-objects.ts";

/** An object that is read piece by piece. */
export interface Stream extends AsyncIterable<Uint8Array> {
  /** In bytes. */
  readonly size: number;
}

/** All objects that can be read: the trunk's, and over them those that were made here. */
export class Objects {
  readonly new: NewObjects;
  readonly #repository: Repository;
  readonly #packs: TrunkObjects;
  #state: State;
  readonly #ahead: SegmentsAhead | undefined;
  /** The reader of that state, from where the trunk was read last. */
  #current: { readonly backend: Backend; readonly reader: ObjectReader } | undefined;

  constructor(repository: Repository, state: State, memorySizeBytes: number, ahead: SegmentsAhead | undefined) {
    this.#repository = repository;
    this.#state = state;
    this.#ahead = ahead;
    this.#packs = new TrunkObjects(state.objects, undefined, undefined, ahead);
    this.new = new NewObjects(state.objects, memorySizeBytes);
  }

  /** Reads the trunk as of this state from now on. */
  use(state: State): void {
    this.#state = state;
    this.#current = undefined;
  }

  /** A commit, tree or tag. Throws `CORRUPT` when it is missing or of another type than `type`. */
  async read(id: ObjectId, type: ObjectType, options: RequestOptions): Promise<Uint8Array> {
    const object = this.new.read(id) ?? (await this.#readTrunk((reader) => reader.read(id, options), options));
    return checked(id, type, object).data;
  }

  /** An object of whatever type, or `undefined` when there is none of this id. */
  async find(id: ObjectId, options: RequestOptions): Promise<GitObject | undefined> {
    return this.new.read(id) ?? (await this.#readTrunk((reader) => reader.read(id, options), options));
  }

  /** As `find`, and a file's content that was made here is read into memory, whatever its size. */
  async findWhole(id: ObjectId, options: RequestOptions): Promise<GitObject | undefined> {
    const own = this.new.get(id);
    return own === undefined ? this.find(id, options) : { type: own.type, data: await this.new.bytes(own) };
  }

  /** Whether there is such an object. */
  async has(id: ObjectId, options: RequestOptions): Promise<boolean> {
    return this.new.get(id) !== undefined || this.#readTrunk((reader) => reader.has(id, options), options);
  }

  /** Ids that begin with these digits, at most `limit` of them. Those of objects that were made here are not among them. */
  findPrefix(digits: string, limit: number, options: RequestOptions): Promise<ObjectId[]> {
    return this.#readTrunk((reader) => reader.findPrefix(digits, limit, options), options);
  }

  /** A file's content, or part of it. */
  async readBlob(id: ObjectId, range: ByteRange | undefined, options: RequestOptions): Promise<Uint8Array> {
    const own = this.new.get(id);
    if (own !== undefined) {
      const bytes = await this.new.bytes(own);
      const { start, end } = resolveRange(range, bytes.length);
      return bytes.slice(start, end);
    }
    if (range === undefined) {
      const object = await this.#readTrunk((reader) => reader.read(id, options), options);
      return checked(id, "blob", object).data;
    }
    const part = await this.#readTrunk((reader) => reader.readRange(id, range, options), options);
    return part ?? missing(id);
  }

  /** A file's content of any size. Its id is proved at the end: see `ObjectReader.readStream`. */
  async streamBlob(id: ObjectId, options: RequestOptions): Promise<Stream> {
    const own = this.new.get(id);
    if (own !== undefined) {
      return { size: own.size, [Symbol.asyncIterator]: () => this.new.stream(own) };
    }
    return (await this.#readTrunk((reader) => reader.readStream(id, options), options)) ?? missing(id);
  }

  /**
   * Many objects in few requests, each once, in no order that could be relied on. The bytes of those that were made here
   * must not be changed.
   */
  async *readMany(ids: Iterable<ObjectId>, options: RequestOptions): AsyncGenerator<IdentifiedObject> {
    for await (const objects of this.readBatches(ids, options)) yield* objects;
  }

  /** As `readMany`, some at a time. */
  async *readBatches(ids: Iterable<ObjectId>, options: RequestOptions): AsyncGenerator<IdentifiedObject[]> {
    const others = new Set(ids);
    for (const id of this.new.among(others)) {
      const own = this.new.get(id);
      // What was pushed meanwhile need not be held any longer.
      if (own === undefined) continue;
      others.delete(id);
      yield [{ id, type: own.type, data: await this.new.bytes(own) }];
    }
    for (let attempt = 1; others.size > 0; attempt++) {
      const read: ObjectId[] = [];
      try {
        for await (const objects of this.#reader().readBatches(others, options)) {
          for (const { id } of objects) read.push(id);
          yield objects;
        }
        return;
      } catch (error) {
        if (attempt > 1 || !isTrunksError(error, "NOT_FOUND")) throw error;
        for (const id of read) others.delete(id);
        await this.#readOn(options);
      }
    }
  }

  async close(): Promise<void> {
    this.#ahead?.close();
    await this.new.close();
  }

  /**
   * Packs that upkeep has replaced are kept for a grace time only, so whoever holds an old state may find one gone. The
   * objects are in the packs that took its place: the state is read again, and the packs of that one are asked.
   */
  async #readTrunk<Answer>(ask: (reader: ObjectReader) => Promise<Answer>, options: RequestOptions): Promise<Answer> {
    try {
      return await ask(this.#reader());
    } catch (error) {
      if (!isTrunksError(error, "NOT_FOUND")) throw error;
      await this.#readOn(options);
      return await ask(this.#reader());
    }
  }

  async #readOn(options: RequestOptions): Promise<void> {
    this.use(await this.#repository.readExisting(options));
  }

  #reader(): ObjectReader {
    const { backend, records } = this.#repository;
    if (this.#current?.backend !== backend) {
      this.#current = { backend, reader: this.#packs.use(backend, this.#state, records) };
    }
    return this.#current.reader;
  }
}

function checked(id: ObjectId, type: ObjectType, object: GitObject | undefined): GitObject {
  if (object === undefined) return missing(id);
  if (object.type === type) return object;
  throw new TrunksError("CORRUPT", `object ${id} is a ${object.type} where a ${type} should be`);
}

function missing(id: ObjectId): never {
  throw new TrunksError("CORRUPT", `object ${id} is missing from the trunk`, {
    hint: "run `trunks check --remote` to see what is affected",
  });
}
