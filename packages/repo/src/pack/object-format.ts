import { bytesFromHex, hexFromBytes } from "../platform.ts";

/** The hash function by which a repository names its objects; one for the whole repository, for ever. */
export type ObjectFormat = "sha1" | "sha256";

/** An object's id: lower-case hexadecimal digits, `objectIdLength(format)` of them. */
export type ObjectId = string;

/** Size in bytes of an id in packs, indexes and trees. */
export function objectIdSizeBytes(format: ObjectFormat): number {
  return format === "sha1" ? 20 : 32;
}

/** Number of hexadecimal digits of an id. */
export function objectIdLength(format: ObjectFormat): number {
  return 2 * objectIdSizeBytes(format);
}

/** Whether `text` is written as an id of this format. The id of no object, all zeros, is one too. */
export function isObjectId(format: ObjectFormat, text: string): boolean {
  return text.length === objectIdLength(format) && /^[0-9a-f]+$/.test(text);
}

/** The id whose bytes stand at `offset`; the caller has checked that they are there. */
export function readObjectId(format: ObjectFormat, bytes: Uint8Array, offset = 0): ObjectId {
  return hexFromBytes(bytes, offset, offset + objectIdSizeBytes(format));
}

/** Below zero when the id whose bytes stand in `left` sorts before the one in `right`; zero when it is the same. */
export function compareIds(left: Uint8Array, leftAt: number, right: Uint8Array, rightAt: number, size: number): number {
  for (let at = 0; at < size; at++) {
    const difference = (left[leftAt + at] as number) - (right[rightAt + at] as number);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** The bytes of an id. */
export function objectIdBytes(id: ObjectId): Uint8Array {
  return bytesFromHex(id);
}
