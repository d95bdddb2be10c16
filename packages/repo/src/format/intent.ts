import type { ObjectFormat } from "../pack/object-format.ts";
import { type Entry, entryLines, readEntry } from "./entry.ts";
import { decodeHeadedFile, encodeHeadedFile } from "./headed-file.ts";
import { intentKey } from "./key.ts";
import { LineReader } from "./line-reader.ts";
import { readObjectFormat, readPack } from "./record.ts";

/** An entry that waits to be carried by another writer's record. See docs/format.md, 3.4. */
export interface Intent {
  readonly trunkId: string;
  readonly objects: ObjectFormat;
  readonly entry: Entry;
}

export function encodeIntent({ trunkId, objects, entry }: Intent, pack?: Uint8Array): Uint8Array {
  const lines = [`trunk ${trunkId}`, `objects ${objects}`, `entry ${entry.id}`, ...entryLines(entry, objects)];
  return encodeHeadedFile("intent", lines, pack).bytes;
}

/** Reads the intent of entry `id`, its pack's digest included. Throws `CORRUPT`, or `NOT_SUPPORTED` for a newer format. */
export function decodeIntent(bytes: Uint8Array, id: string): Intent {
  const key = intentKey(id);
  const file = decodeHeadedFile(bytes, ["intent"], key);
  const reader = new LineReader(file.text, key);
  const trunkId = reader.id(reader.required("trunk"));
  const objects = readObjectFormat(reader);
  const entry = readEntry(reader.required("entry"), reader, objects);
  reader.end();
  if (entry.id !== id) reader.fail(`it is the intent of ${entry.id}`);
  readPack(file, entry.inline, reader);
  return { trunkId, objects, entry };
}
