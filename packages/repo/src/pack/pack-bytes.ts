import { type GitObject, type IdentifiedObject, objectId } from "./git-object.ts";
import type { ObjectFormat } from "./object-format.ts";
import { packIndexBytes } from "./pack-index-bytes.ts";
import { PackWriter, type PackWriterOptions, type WrittenPack } from "./pack-writer.ts";

export interface PackInput extends GitObject {
  /** An object that this one may be written as a delta against. */
  readonly base?: IdentifiedObject;
}

export interface PackBytes extends WrittenPack {
  readonly pack: Uint8Array;
  readonly index: Uint8Array;
}

/** A pack of these objects, and its index, in memory. An object that comes twice is written once. */
export async function packBytes(
  format: ObjectFormat,
  objects: Iterable<PackInput>,
  options: PackWriterOptions = {},
): Promise<PackBytes> {
  const unique = new Map<string, PackInput>();
  for (const object of objects) unique.set(objectId(format, object.type, object.data), object);
  const pieces: Uint8Array[] = [];
  const writer = new PackWriter(format, unique.size, async (piece) => void pieces.push(piece), options);
  for (const object of unique.values()) await writer.add(object, object.base);
  const written = await writer.finish();
  const pack = new Uint8Array(written.size);
  let filled = 0;
  for (const piece of pieces) {
    pack.set(piece, filled);
    filled += piece.length;
  }
  return { ...written, pack, index: packIndexBytes(format, written.entries, written.checksum) };
}
