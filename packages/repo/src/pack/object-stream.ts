import { TrunksError } from "@trunks/core";
import { createDigest } from "../platform.ts";
import { type ObjectType, objectHeader } from "./git-object.ts";
import type { ObjectFormat, ObjectId } from "./object-format.ts";

/** An object's bytes, piece by piece; iterate it once. */
export interface ObjectStream extends AsyncIterable<Uint8Array> {
  readonly type: ObjectType;
  /** In bytes. */
  readonly size: number;
}

/** The pieces of an object. After the last one, throws `CORRUPT` unless they were the object of this id. */
export async function* provedStream(
  format: ObjectFormat,
  id: ObjectId,
  { type, size }: { readonly type: ObjectType; readonly size: number },
  pieces: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const digest = createDigest(format).update(objectHeader(type, size));
  for await (const piece of pieces) {
    digest.update(piece);
    yield piece;
  }
  const found = digest.hex();
  if (found !== id) throw new TrunksError("CORRUPT", `it is ${found} that stands there`);
}

export async function* onePiece(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  if (bytes.length > 0) yield bytes;
}

/** What lies from `start` up to, not including, `end` of a stream that is no shorter; the rest of it is given up. */
export async function cutOut(pieces: AsyncIterable<Uint8Array>, start: number, end: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(Math.max(0, end - start));
  let offset = 0;
  if (bytes.length === 0) return bytes;
  for await (const piece of pieces) {
    const part = piece.subarray(Math.max(0, start - offset), Math.max(0, end - offset));
    if (part.length > 0) bytes.set(part, Math.max(0, offset - start));
    offset += piece.length;
    if (offset >= end) break;
  }
  return bytes;
}
