import { TrunksError } from "@trunks/core";
import { crc32Of, createDigest, type Digest, deflate, deflateStream, hexFromBytes } from "../platform.ts";
import { createDelta } from "./delta-encoder.ts";
import { type GitObject, type IdentifiedObject, type ObjectType, objectHeader, objectId } from "./git-object.ts";
import { type ObjectFormat, type ObjectId, objectIdSizeBytes } from "./object-format.ts";
import { entryHeaderBytes } from "./pack-entry.ts";
import { packHeader } from "./pack-header.ts";
import type { IndexedEntry } from "./pack-index.ts";

/** An entry of the pack; type and size in bytes are those of its object, and not known when it was copied. */
export interface WrittenEntry extends IndexedEntry {
  readonly type?: ObjectType;
  readonly size?: number;
}

/** An entry of another pack, to be copied as it is. */
export interface StoredEntry {
  readonly id: ObjectId;
  /** What the deflated bytes hold: an object, or a delta against an object that is in the pack already. */
  readonly content: ObjectType | { readonly baseId: ObjectId };
  /** Inflated size in bytes of the object, or of the delta. */
  readonly size: number;
  /** The bytes behind the entry's header. */
  readonly deflated: Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
}

export interface WrittenPack {
  readonly entries: readonly WrittenEntry[];
  /** The pack's last bytes, which also name it for Git. */
  readonly checksum: string;
  /** Size in bytes of the pack. */
  readonly size: number;
}

export interface PackWriterOptions {
  /** Whether deltas may be against objects that are not in the pack. Default false. */
  readonly thin?: boolean;
}

/**
 * Writes a pack, entry by entry, to wherever its bytes shall go. Add exactly as many objects as announced, each once, then
 * `finish`.
 */
export class PackWriter {
  readonly #format: ObjectFormat;
  readonly #objectCount: number;
  readonly #sink: (bytes: Uint8Array) => Promise<void>;
  readonly #thin: boolean;
  readonly #digest: Digest;
  readonly #entries = new Map<ObjectId, WrittenEntry>();
  #size = 0;
  /** Of the entry under way. */
  #crc = 0;
  #underWay = false;

  /** The sink is awaited before the next bytes go to it. Nothing is written before the first call. */
  constructor(
    format: ObjectFormat,
    objectCount: number,
    sink: (bytes: Uint8Array) => Promise<void>,
    options: PackWriterOptions = {},
  ) {
    this.#format = format;
    this.#objectCount = objectCount;
    this.#sink = sink;
    this.#thin = options.thin ?? false;
    this.#digest = createDigest(format);
  }

  /**
   * Writes an object; as a delta if `base` is given, is in this pack already or may be left out of it, and a delta is worth
   * it. Throws `INVALID_ARGUMENT` for an object that was written before.
   */
  async add(object: GitObject, base?: IdentifiedObject): Promise<ObjectId> {
    const { type, data } = object;
    const id = objectId(this.#format, type, data);
    const offset = await this.#begin(id);
    const delta = base && this.#delta(object, base);
    if (base === undefined || delta === undefined) {
      await this.#write(entryHeaderBytes(type, data.length));
      await this.#write(deflate(data));
    } else {
      const written = this.#entries.get(base.id);
      const link = written === undefined ? { baseId: base.id } : { baseDistance: offset - written.offset };
      await this.#write(entryHeaderBytes(link, delta.length));
      await this.#write(deflate(delta));
    }
    this.#end({ id, offset, crc: this.#crc, type, size: data.length });
    return id;
  }

  /**
   * Writes an object of any size in bounded memory. Throws `INVALID_ARGUMENT` when not exactly `size` bytes come, or for an
   * object that was written before; the pack is then of no use.
   */
  async addStream(type: ObjectType, size: number, pieces: AsyncIterable<Uint8Array>): Promise<ObjectId> {
    const offset = await this.#begin(undefined);
    await this.#write(entryHeaderBytes(type, size));
    const digest = createDigest(this.#format).update(objectHeader(type, size));
    let received = 0;
    async function* hashed(): AsyncGenerator<Uint8Array> {
      for await (const piece of pieces) {
        received += piece.length;
        digest.update(piece);
        yield piece;
      }
    }
    for await (const deflated of deflateStream(hashed())) await this.#write(deflated);
    if (received !== size) {
      throw new TrunksError("INVALID_ARGUMENT", `an object of ${size} bytes came with ${received} bytes`);
    }
    const id = digest.hex();
    this.#checkNew(id);
    this.#end({ id, offset, crc: this.#crc, type, size });
    return id;
  }

  /**
   * Copies an entry without inflating it, so that nothing proves its id: the caller vouches for it. Throws
   * `INVALID_ARGUMENT` for an object that was written before, or a base that was not and must be.
   */
  async addStored({ id, content, size, deflated }: StoredEntry): Promise<void> {
    const offset = await this.#begin(id);
    await this.#write(entryHeaderBytes(typeof content === "string" ? content : this.#link(content, offset), size));
    if (Symbol.asyncIterator in deflated) for await (const piece of deflated) await this.#write(piece);
    else for (const piece of deflated) await this.#write(piece);
    this.#end({ id, offset, crc: this.#crc });
  }

  /** Ends the pack. Throws `INVALID_ARGUMENT` when it holds fewer objects than announced. */
  async finish(): Promise<WrittenPack> {
    if (this.#underWay || this.#entries.size !== this.#objectCount) {
      throw new TrunksError("INVALID_ARGUMENT", `${this.#entries.size} of ${this.#objectCount} objects were written`);
    }
    if (this.#size === 0) await this.#write(packHeader(this.#objectCount));
    const checksum = this.#digest.bytes();
    await this.#sink(checksum);
    const size = this.#size + checksum.length;
    return { entries: [...this.#entries.values()], checksum: hexFromBytes(checksum), size };
  }

  /** Makes sure that one more object may come, and answers where its entry begins. */
  async #begin(id: ObjectId | undefined): Promise<number> {
    if (id !== undefined) this.#checkNew(id);
    if (this.#underWay)
      throw new TrunksError("INVALID_ARGUMENT", "the object before this one was not written to its end");
    if (this.#entries.size === this.#objectCount) {
      throw new TrunksError("INVALID_ARGUMENT", `more than ${this.#objectCount} objects came`);
    }
    if (this.#size === 0) await this.#write(packHeader(this.#objectCount));
    this.#crc = 0;
    this.#underWay = true;
    return this.#size;
  }

  #link(
    { baseId }: { readonly baseId: ObjectId },
    offset: number,
  ): { readonly baseId: ObjectId } | { readonly baseDistance: number } {
    const base = this.#entries.get(baseId);
    if (base === undefined && this.#thin) return { baseId };
    if (base === undefined) throw new TrunksError("INVALID_ARGUMENT", `a delta came before its base ${baseId}`);
    return { baseDistance: offset - base.offset };
  }

  #end(entry: WrittenEntry): void {
    this.#entries.set(entry.id, entry);
    this.#underWay = false;
  }

  #checkNew(id: ObjectId): void {
    if (this.#entries.has(id)) throw new TrunksError("INVALID_ARGUMENT", `object ${id} was written twice`);
  }

  #delta({ type, data }: GitObject, base: IdentifiedObject): Uint8Array | undefined {
    if (base.type !== type || !(this.#thin || this.#entries.has(base.id))) return undefined;
    // As Git does: a delta that saves less than half is not worth what it costs every reader.
    return createDelta(base.data, data, Math.floor(data.length / 2) - objectIdSizeBytes(this.#format));
  }

  async #write(bytes: Uint8Array): Promise<void> {
    this.#size += bytes.length;
    this.#crc = crc32Of(bytes, this.#crc);
    this.#digest.update(bytes);
    await this.#sink(bytes);
  }
}
