import type { ObjectFormat } from "../pack/object-format.ts";
import { containerIndexKey, containerPackKey, indexKey, packKey } from "./key.ts";
import type { LineReader } from "./line-reader.ts";
import { readObjectId } from "./object-id.ts";
import { readSegment, type Segment, segmentText } from "./pack-name.ts";

/** A blob that is kept in chunks. See docs/format.md, 3.10. */
export interface LargeBlob {
  readonly id: string;
  /** In bytes. */
  readonly size: number;
  /** The blob that lists the chunks. */
  readonly manifestId: string;
}

/** A pack of chunks, and of the manifests of these blobs. */
export interface Container extends Segment {
  readonly large: readonly LargeBlob[];
}

/** A container of the basis that an entry relies on: for chunks in it, or for all of a blob that is large already. */
export interface Lean {
  readonly container: string;
  readonly blob?: string;
}

/** A container of the catalogue does not bring this blob any more: nobody needs it, or another one does. */
export interface ForgottenBlob {
  readonly container: string;
  readonly blob: string;
}

/** What a record or a snapshot requires of its readers when it speaks of containers. */
export const containersFeature = "containers";

export function isContainer(pack: object): pack is Container {
  return "large" in pack;
}

/** The keys of the two files of a segment or a container. */
export function fileKeys(pack: { readonly id: string }): { readonly pack: string; readonly index: string } {
  const { id } = pack;
  return isContainer(pack)
    ? { pack: containerPackKey(id), index: containerIndexKey(id) }
    : { pack: packKey(id), index: indexKey(id) };
}

/** The lines that name containers in an entry. */
export function containerLines(containers: readonly Container[]): string[] {
  return [
    ...containers.map((container) => `container ${segmentText(container)}`),
    ...containers.flatMap((container) => largeLines(container)),
  ];
}

export function largeLines({ id, large }: Container): string[] {
  return large.map((blob) => `large ${id} ${blob.id} ${blob.size} ${blob.manifestId}`);
}

export function leanText({ container, blob }: Lean): string {
  return `${container} ${blob ?? "-"}`;
}

export function readLean(text: string, reader: LineReader, objects: ObjectFormat): Lean {
  const [container, blob] = reader.fields(text, 2) as [string, string];
  if (blob === "-") return { container: reader.id(container) };
  return readForgotten(text, reader, objects);
}

export function readForgotten(text: string, reader: LineReader, objects: ObjectFormat): ForgottenBlob {
  const [container, blob] = reader.fields(text, 2) as [string, string];
  const id = readObjectId(blob, reader, objects) ?? reader.fail("a large blob has no id");
  return { container: reader.id(container), blob: id };
}

/** Reads what `containerLines` wrote. */
export function readContainers(reader: LineReader, objects: ObjectFormat): Container[] {
  const segments = reader.many("container").map((text) => readSegment(text, reader));
  const ids = new Set(segments.map(({ id }) => id));
  if (ids.size < segments.length) reader.fail("it brings a container twice");
  const large = readLarge(reader, objects, ids);
  return segments.map((segment) => ({ ...segment, large: large.get(segment.id) ?? [] }));
}

/** Reads the `large` lines of these containers, in their order; the blobs by the id of their container. */
export function readLarge(
  reader: LineReader,
  objects: ObjectFormat,
  containers: ReadonlySet<string>,
): Map<string, LargeBlob[]> {
  const found = new Map<string, LargeBlob[]>();
  const ids = containers.values();
  let current: string | undefined;
  for (const text of reader.many("large")) {
    const [container, blob, size, manifest] = reader.fields(text, 4) as [string, string, string, string];
    const objectId = (id: string) => readObjectId(id, reader, objects) ?? reader.fail("a large blob has no id");
    while (current !== container) {
      const next = ids.next();
      current = next.done ? reader.fail("a large blob is in none of its containers, or out of order") : next.value;
    }
    const read = { id: objectId(blob), size: reader.number(size, 1), manifestId: objectId(manifest) };
    found.set(container, [...(found.get(container) ?? []), read]);
  }
  return found;
}
