import { TrunksError } from "@trunks/core";
import { inflate, Room } from "../platform.ts";
import { applyDelta } from "./delta.ts";
import { type GitObject, type ObjectType, objectId } from "./git-object.ts";
import { type ObjectFormat, type ObjectId, objectIdBytes } from "./object-format.ts";
import { isDelta, parseEntryHeader } from "./pack-entry.ts";
import type { PlainIndex } from "./plain-index.ts";

/** A pack in memory, and its index. */
export interface WholePack {
  readonly pack: Uint8Array;
  readonly index: PlainIndex;
}

/** Git makes chains of 50. */
const maxChainLength = 4096;
/** In bytes. */
const maxObjectSizeBytes = 2 ** 27;

/**
 * Objects of packs that are in memory as a whole. Nothing is waited for and nothing is kept: a few objects of a trunk that was
 * just downloaded are made sooner than a reader that could do it piece by piece has begun.
 */
export class WholePacks {
  readonly #format: ObjectFormat;
  readonly #packs: readonly WholePack[];
  /** Of deltas, until the object is made. */
  readonly #room = new Room();

  /** The packs are asked in this order. */
  constructor(format: ObjectFormat, packs: readonly WholePack[]) {
    this.#format = format;
    this.#packs = packs;
  }

  /**
   * The object, proved by its id; `undefined` when it is not there, or a base of it is not, or deltas go round in a circle. Throws `CORRUPT`
   * for what is another object.
   */
  read(id: ObjectId): GitObject | undefined {
    const deltas: Uint8Array[] = [];
    let place = this.#locate(id);
    while (place !== undefined && deltas.length < maxChainLength) {
      const { pack, offset } = place;
      const header = parseEntryHeader(this.#format, pack, offset, offset);
      if (header.size > maxObjectSizeBytes) throw new TrunksError("CORRUPT", `an entry declares ${header.size} bytes`);
      const { bytes } = inflate(pack, header.size, this.#room, offset + header.headerSize);
      if (!isDelta(header)) return this.#made(id, header.type as ObjectType, bytes, deltas);
      deltas.push(bytes);
      const { baseOffset, baseId } = header;
      place = baseId === undefined ? { pack, offset: baseOffset as number } : this.#locate(baseId);
    }
    return undefined;
  }

  #made(id: ObjectId, type: ObjectType, base: Uint8Array, deltas: readonly Uint8Array[]): GitObject {
    let data = base;
    for (let at = deltas.length - 1; at >= 0; at--) {
      data = applyDelta(data, deltas[at] as Uint8Array, maxObjectSizeBytes);
    }
    const found = objectId(this.#format, type, data);
    if (found !== id) throw new TrunksError("CORRUPT", `object ${id}: it is ${found} that stands there`);
    return { type, data };
  }

  #locate(id: ObjectId): { readonly pack: Uint8Array; readonly offset: number } | undefined {
    const bytes = objectIdBytes(id);
    for (const { pack, index } of this.#packs) {
      const offset = index.find(bytes);
      if (offset !== undefined) return { pack, offset };
    }
    return undefined;
  }
}
