import { containerIndexKey, containerPackKey, indexKey, intentKey, packKey, recordKey, recordKeySlot } from "./key.ts";
import type { LineReader } from "./line-reader.ts";

/** Names a pack of the catalogue: a segment, a container, the inline pack of a record, or that of an intent. */
export type PackName =
  | { readonly kind: "segment"; readonly id: string }
  | { readonly kind: "container"; readonly id: string }
  | { readonly kind: "record"; readonly slot: number }
  | { readonly kind: "intent"; readonly id: string };

/** A pack and its index as two files. */
export interface Segment {
  readonly id: string;
  /** In bytes. */
  readonly size: number;
  /** SHA-256 of the pack. */
  readonly digest: string;
  /** In bytes. */
  readonly indexSize: number;
  /** SHA-256 of the index. */
  readonly indexDigest: string;
  readonly objectCount: number;
  /** Bases of its deltas may be in other segments of the catalogue. Default: it needs nothing outside itself. */
  readonly thin?: true;
}

/** What a record or a snapshot requires of its readers when it brings segments that are thin. */
export const thinFeature = "thin";

/** Whether bases of the pack's deltas may be in other packs. */
export function isThin({ name, pack }: { readonly name: PackName; readonly pack: object }): boolean {
  return isInline(name) || ("thin" in pack && pack.thin === true);
}

/** A pack in the body of a record or an intent: the last `size` bytes of the file. */
export interface InlinePack {
  /** In bytes. */
  readonly size: number;
  /** SHA-256 of the pack. */
  readonly digest: string;
  readonly objectCount: number;
}

/** In bytes: what a reader accepts. Writers put larger packs beside the journal long before. */
const maxInlineSize = 4 * 2 ** 20;

/** The name in one piece, as files and maps use it: `segment <id>`, `container <id>`, `record <slot>`, `intent <id>`. */
export function packNameText(name: PackName): string {
  return name.kind === "record" ? `record ${name.slot}` : `${name.kind} ${name.id}`;
}

export function readPackName(text: string, reader: LineReader): PackName {
  const space = text.indexOf(" ");
  const kind = text.slice(0, space);
  const value = text.slice(space + 1);
  if (kind === "record") return { kind, slot: reader.slot(value) };
  if (kind === "segment" || kind === "container" || kind === "intent") return { kind, id: reader.id(value) };
  return reader.fail(`${JSON.stringify(kind)} is no kind of pack`);
}

/** The keys that hold the pack. */
export function packKeys(name: PackName): string[] {
  if (name.kind === "segment") return [packKey(name.id), indexKey(name.id)];
  if (name.kind === "container") return [containerPackKey(name.id), containerIndexKey(name.id)];
  return [name.kind === "record" ? recordKey(name.slot) : intentKey(name.id)];
}

/** Whether the pack travels inside a record or an intent. */
export function isInline({ kind }: PackName): boolean {
  return kind === "record" || kind === "intent";
}

/** The pack that `key` holds, or holds the index of; `undefined` when it is no key of a pack. */
export function packNameOfKey(key: string): PackName | undefined {
  const id = /^[a-z]+\/([0-9a-f]{32})(?:\.pack|\.idx)?$/.exec(key)?.[1];
  if (id !== undefined && (key === packKey(id) || key === indexKey(id))) return { kind: "segment", id };
  if (id !== undefined && (key === containerPackKey(id) || key === containerIndexKey(id)))
    return { kind: "container", id };
  if (id !== undefined && key === intentKey(id)) return { kind: "intent", id };
  const slot = recordKeySlot(key);
  return slot === undefined ? undefined : { kind: "record", slot };
}

export function segmentText(segment: Segment): string {
  return `${segment.id} ${segment.size} ${segment.digest} ${segment.indexSize} ${segment.indexDigest} ${segment.objectCount}`;
}

export function readSegment(text: string, reader: LineReader): Segment {
  const [id, size, digest, indexSize, indexDigest, objectCount] = reader.fields(text, 6) as [
    string,
    string,
    string,
    string,
    string,
    string,
  ];
  return {
    id: reader.id(id),
    size: reader.number(size, 1),
    digest: reader.digest(digest),
    indexSize: reader.number(indexSize, 1),
    indexDigest: reader.digest(indexDigest),
    objectCount: reader.number(objectCount),
  };
}

export function inlineText(pack: InlinePack): string {
  return `${pack.size} ${pack.digest} ${pack.objectCount}`;
}

export function readInline(text: string, reader: LineReader): InlinePack {
  const [sizeText, digest, objectCount] = reader.fields(text, 3) as [string, string, string];
  const size = reader.number(sizeText, 1);
  if (size > maxInlineSize) reader.fail(`an inline pack has ${size} bytes`);
  return { size, digest: reader.digest(digest), objectCount: reader.number(objectCount) };
}
