import { TrunksError } from "@trunks/core";
import {
  type GitObject,
  type ObjectFormat,
  type ObjectId,
  type ObjectType,
  objectId,
  streamObjectId,
} from "@trunks/repo/client";
import { Spool, type Spooled } from "./spool.ts";

/** An object that the trunk does not have yet. */
export interface NewObject {
  readonly type: ObjectType;
  /** In bytes. */
  readonly size: number;
  readonly place: Uint8Array | Spooled;
}

interface Held extends NewObject {
  /** Staged: of no commit yet. Pushed: kept until room is wanted, so that it need not be read again. */
  standing: "staged" | "committed" | "pushed";
}

/** Objects above this size are not held in memory, in bytes. */
const largeSizeBytes = 2 ** 20;

/** Contents, trees and commits that were made here: in memory, and in a spool what goes beyond a bound. */
export class NewObjects {
  readonly #format: ObjectFormat;
  readonly #memorySizeBytes: number;
  readonly #spool = new Spool();
  readonly #held = new Map<ObjectId, Held>();
  #memoryUsed = 0;
  /** Whether there may be some that are kept only until room is wanted. */
  #keepsPushed = false;
  /** Spooling one stream after another. */
  #streaming: Promise<unknown> = Promise.resolve();

  /** So many bytes are held in memory together. */
  constructor(format: ObjectFormat, memorySizeBytes: number) {
    this.#format = format;
    this.#memorySizeBytes = memorySizeBytes;
  }

  get(id: ObjectId): NewObject | undefined {
    return this.#held.get(id);
  }

  /** Those of the ids whose objects were made here. */
  among(ids: ReadonlySet<ObjectId>): ObjectId[] {
    return this.#held.size === 0 ? [] : [...ids].filter((id) => this.#held.has(id));
  }

  /** Whether it was made here and is not in the trunk yet. */
  isNew(id: ObjectId): boolean {
    const held = this.#held.get(id);
    return held !== undefined && held.standing !== "pushed";
  }

  /** Stages an object that is small, or must be there at once. The bytes must not change afterwards. */
  add(type: ObjectType, data: Uint8Array, id = objectId(this.#format, type, data)): ObjectId {
    if (this.isNew(id)) return id;
    this.#drop(id);
    this.#held.set(id, { type, size: data.length, place: data, standing: "staged" });
    this.#memoryUsed += data.length;
    return id;
  }

  /** Stages a file's content; in the spool if memory is full. */
  async addBlob(data: Uint8Array): Promise<ObjectId> {
    const id = objectId(this.#format, "blob", data);
    if (this.isNew(id)) return id;
    const fits = () => this.#memoryUsed + data.length <= this.#memorySizeBytes;
    if (this.#keepsPushed && data.length <= largeSizeBytes && !fits()) this.#dropPushed();
    if (data.length <= largeSizeBytes && fits()) return this.add("blob", data, id);
    return this.#spoolInTurn(async () => this.#addSpooled(id, await this.#spool.append(data)));
  }

  /** Stages a file's content of any size in bounded memory. */
  async addBlobStream(pieces: AsyncIterable<Uint8Array>): Promise<ObjectId> {
    return this.#spoolInTurn(async () => {
      const place = await this.#spool.appendAll(pieces);
      return this.#addSpooled(await streamObjectId(this.#format, "blob", place.size, this.#spool.read(place)), place);
    });
  }

  /** The object's bytes in memory. */
  async bytes(object: NewObject): Promise<Uint8Array> {
    const { place } = object;
    if (place instanceof Uint8Array) return place;
    const bytes = new Uint8Array(place.size);
    let filled = 0;
    for await (const piece of this.#spool.read(place)) {
      bytes.set(piece, filled);
      filled += piece.length;
    }
    return bytes;
  }

  /** The object's bytes from `start` up to, not including, `end`, piece by piece. */
  async *stream(object: NewObject, start = 0, end = object.size): AsyncGenerator<Uint8Array> {
    const { place } = object;
    if (!(place instanceof Uint8Array)) yield* this.#spool.read(place, start, end);
    else if (end > start) yield place.subarray(start, end);
  }

  /** A small object. Throws `INTERNAL` for one that was spooled: only contents of files are. */
  read(id: ObjectId): GitObject | undefined {
    const held = this.#held.get(id);
    if (held === undefined) return undefined;
    if (held.place instanceof Uint8Array) return { type: held.type, data: held.place };
    throw new TrunksError("INTERNAL", `object ${id} is too large to be held in memory`);
  }

  /** These belong to a commit now. */
  commit(ids: Iterable<ObjectId>): void {
    for (const id of ids) {
      const held = this.#held.get(id);
      if (held?.standing === "staged") held.standing = "committed";
    }
  }

  /** Nothing is staged any more; what is in no commit goes. */
  dropStaged(): void {
    for (const [id, { standing }] of this.#held) if (standing === "staged") this.#drop(id);
  }

  /** These are in the trunk now. Small ones are kept when `keep` says that reading them would cost requests. */
  pushed(ids: Iterable<ObjectId>, keep: boolean): void {
    this.#dropPushed();
    for (const id of ids) {
      const held = this.#held.get(id);
      if (held === undefined) continue;
      if (keep && held.place instanceof Uint8Array) {
        held.standing = "pushed";
        this.#keepsPushed = true;
      } else this.#drop(id);
    }
  }

  async close(): Promise<void> {
    this.#held.clear();
    await this.#spool.close();
  }

  #dropPushed(): void {
    for (const [id, { standing }] of this.#held) if (standing === "pushed") this.#drop(id);
    this.#keepsPushed = false;
  }

  #drop(id: ObjectId): void {
    const held = this.#held.get(id);
    if (held?.place instanceof Uint8Array) this.#memoryUsed -= held.size;
    this.#held.delete(id);
  }

  #addSpooled(id: ObjectId, place: Spooled): ObjectId {
    if (!this.isNew(id)) {
      this.#drop(id);
      this.#held.set(id, { type: "blob", size: place.size, place, standing: "staged" });
    }
    return id;
  }

  #spoolInTurn<Answer>(work: () => Promise<Answer>): Promise<Answer> {
    const result = this.#streaming.then(work);
    this.#streaming = result.catch(() => {});
    return result;
  }
}
