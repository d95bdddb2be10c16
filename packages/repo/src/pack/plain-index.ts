import { compareIds, type ObjectFormat, objectIdSizeBytes } from "./object-format.ts";
import {
  fanoutStart,
  type IndexTables,
  idsStart,
  indexSignature,
  indexVersion,
  largeOffset,
  tablesOf,
} from "./pack-index-layout.ts";

/**
 * A pack's index of version 2 whose bytes somebody has vouched for: it is not read through to be believed, which of the indexes of a
 * whole trunk would take longer than what is asked of them.
 */
export class PlainIndex {
  readonly count: number;
  /** From where whole words of it can be copied. */
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly tables: IndexTables;
  readonly #idSize: number;

  private constructor(format: ObjectFormat, bytes: Uint8Array) {
    this.bytes = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
    this.view = new DataView(this.bytes.buffer, this.bytes.byteOffset, bytes.length);
    this.count = this.view.getUint32(idsStart - 4);
    this.tables = tablesOf(format, this.count);
    this.#idSize = objectIdSizeBytes(format);
  }

  /** `undefined` for what has not the size or the beginning of one of a pack below 2 GiB. */
  static of(format: ObjectFormat, bytes: Uint8Array): PlainIndex | undefined {
    if (bytes.length < idsStart) return undefined;
    const index = new PlainIndex(format, bytes);
    const { view, tables } = index;
    const isPlain = view.getUint32(0) === indexSignature && view.getUint32(4) === indexVersion;
    return isPlain && bytes.length === tables.largeOffsetsStart + 2 * index.#idSize ? index : undefined;
  }

  /** Where the object's entry begins in the pack; `undefined` when the index does not say. */
  find(id: Uint8Array): number | undefined {
    const firstByte = id[0] as number;
    let low = firstByte === 0 ? 0 : this.#fanout(firstByte - 1);
    let high = this.#fanout(firstByte);
    while (low < high) {
      const middle = (low + high) >>> 1;
      const difference = compareIds(this.bytes, idsStart + middle * this.#idSize, id, 0, this.#idSize);
      if (difference === 0) {
        const offset = this.view.getUint32(this.tables.offsetsStart + 4 * middle);
        return offset < largeOffset ? offset : undefined;
      }
      if (difference < 0) low = middle + 1;
      else high = middle;
    }
    return undefined;
  }

  #fanout(firstByte: number): number {
    return Math.min(this.view.getUint32(fanoutStart + 4 * firstByte), this.count);
  }
}
