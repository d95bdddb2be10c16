import { objectId } from "../pack/git-object.ts";
import type { ObjectFormat, ObjectId } from "../pack/object-format.ts";
import { packIndexBytes } from "../pack/pack-index-bytes.ts";
import { PackWriter, type StoredEntry } from "../pack/pack-writer.ts";
import { deflate, isDense, store } from "../platform.ts";
import type { SegmentBody } from "../transfer/segment-upload.ts";

/** Gathers blobs for one container, in memory. */
export class ContainerBuilder {
  readonly #format: ObjectFormat;
  readonly #entries = new Map<ObjectId, StoredEntry>();
  /** In bytes, about. */
  size = 0;

  constructor(format: ObjectFormat) {
    this.#format = format;
  }

  /** Adds a blob, unless it is here. */
  add(id: ObjectId, bytes: Uint8Array): void {
    if (this.#entries.has(id)) return;
    const deflated = isDense(bytes) ? store(bytes) : deflate(bytes);
    this.#entries.set(id, { id, content: "blob", size: bytes.length, deflated: [deflated] });
    this.size += deflated.length;
  }

  /** The container's two files. */
  async finish(): Promise<SegmentBody> {
    const pieces: Uint8Array[] = [];
    const writer = new PackWriter(this.#format, this.#entries.size, async (bytes) => {
      pieces.push(bytes);
    });
    for (const entry of this.#entries.values()) await writer.addStored(entry);
    const { entries, checksum, size } = await writer.finish();
    const pack = new Uint8Array(size);
    let filled = 0;
    for (const piece of pieces) {
      pack.set(piece, filled);
      filled += piece.length;
    }
    return { pack, index: packIndexBytes(this.#format, entries, checksum), objectCount: entries.length };
  }
}

/** The id of a chunk or a manifest. */
export function blobId(format: ObjectFormat, bytes: Uint8Array): ObjectId {
  return objectId(format, "blob", bytes);
}
