import { isObjectId, type ObjectFormat } from "../pack/object-format.ts";
import type { LineReader } from "./line-reader.ts";

/** Reads an object id; `undefined` for the zeros that mean "none". */
export function readObjectId(text: string, reader: LineReader, objects: ObjectFormat): string | undefined {
  if (!isObjectId(objects, text)) reader.fail(`${JSON.stringify(text.slice(0, 70))} is no object id`);
  return /^0+$/.test(text) ? undefined : text;
}
