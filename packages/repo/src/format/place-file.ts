import { decodeHeadedFile, encodeHeadedFile } from "./headed-file.ts";
import { placeKey } from "./key.ts";
import { LineReader } from "./line-reader.ts";
import { readName } from "./mirror-map.ts";

/** What a store of a mirrored trunk is called in the trunk's map. See docs/format.md, 3.8. */
export interface PlaceFile {
  readonly trunkId: string;
  readonly name: string;
  /** The trunk is still being copied here, in no order: it is not to be read. */
  readonly copying: boolean;
}

export function encodePlaceFile(file: PlaceFile): Uint8Array {
  const lines = [`trunk ${file.trunkId}`, `name ${file.name}`, ...(file.copying ? ["copying"] : [])];
  return encodeHeadedFile("place", lines).bytes;
}

/** Throws `CORRUPT`, or `NOT_SUPPORTED` for a newer format. */
export function decodePlaceFile(bytes: Uint8Array): PlaceFile {
  const reader = new LineReader(decodeHeadedFile(bytes, ["place"], placeKey).text, placeKey);
  const file = {
    trunkId: reader.id(reader.required("trunk")),
    name: readName(reader.required("name"), reader),
    copying: reader.flag("copying"),
  };
  reader.end();
  return file;
}
