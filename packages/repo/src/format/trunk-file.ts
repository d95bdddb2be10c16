import type { ObjectFormat } from "../pack/object-format.ts";
import { checkFeatures, checkVersion, damaged } from "./headed-file.ts";
import { trunkFileKey } from "./key.ts";
import { decodeText, encodeText } from "./text.ts";

/** What is written once when a trunk is made. See docs/format.md, 3.2. */
export interface TrunkFile {
  readonly id: string;
  readonly objects: ObjectFormat;
}

export function encodeTrunkFile(file: TrunkFile): Uint8Array {
  return encodeText(`${JSON.stringify({ format: 1, id: file.id, objects: file.objects, requires: [] })}\n`);
}

/** Throws `CORRUPT`, or `NOT_SUPPORTED` for a newer format or an unknown feature. */
export function decodeTrunkFile(bytes: Uint8Array): TrunkFile {
  const value = parse(bytes);
  const { format, id, objects, requires } = value;
  if (typeof format !== "number" || !Number.isSafeInteger(format) || format < 1)
    throw damaged(trunkFileKey, "it has no format version");
  checkVersion(format, trunkFileKey);
  if (!Array.isArray(requires)) throw damaged(trunkFileKey, "it does not say which features it requires");
  checkFeatures(requires.map(String), trunkFileKey);
  if (typeof id !== "string" || !/^[0-9a-f]{32}$/.test(id)) throw damaged(trunkFileKey, "it has no id");
  if (objects !== "sha1" && objects !== "sha256") throw damaged(trunkFileKey, "it has no known object format");
  return { id, objects };
}

function parse(bytes: Uint8Array): { [name: string]: unknown } {
  try {
    const value: unknown = JSON.parse(decodeText(bytes));
    if (typeof value === "object" && value !== null) return value as { [name: string]: unknown };
  } catch {
    // Said below, in the same words as for other content that is no object.
  }
  throw damaged(trunkFileKey, "it is no JSON object");
}
