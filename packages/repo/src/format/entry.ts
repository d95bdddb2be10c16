import { type ObjectFormat, objectIdLength } from "../pack/object-format.ts";
import { type Container, containerLines, type Lean, leanText, readContainers, readLean } from "./container.ts";
import type { LineReader } from "./line-reader.ts";
import { readObjectId } from "./object-id.ts";
import { type InlinePack, inlineText, readInline, readSegment, type Segment, segmentText } from "./pack-name.ts";
import { isRefName } from "./ref-name.ts";

/** One ref's change. `undefined` means absent: a creation has no old value, a deletion no new one. */
export interface RefMove {
  readonly ref: string;
  readonly oldId: string | undefined;
  readonly newId: string | undefined;
  /** What an annotated tag finally points to; advisory. */
  readonly peeledId?: string;
}

/** One push. See docs/format.md, 3.3, for each field. */
export interface Entry {
  readonly id: string;
  readonly basis: number;
  readonly last: number;
  /** Milliseconds since 1970, by the writer's clock; advisory. */
  readonly timeMs: number;
  /** Who pushed; advisory. */
  readonly author?: string;
  /** Push options, as the user gave them. */
  readonly options: readonly string[];
  readonly atomic: boolean;
  /** The writer could not walk everything that its tips reach. */
  readonly unproved: boolean;
  /** Values of refs in the basis from which the pack was cut off; `"*"` for any of them. */
  readonly assumed: readonly string[] | "*";
  readonly moves: readonly RefMove[];
  readonly head?: { readonly oldTarget: string; readonly newTarget: string };
  readonly segments: readonly Segment[];
  readonly inline?: InlinePack;
  /** Packs of chunks that it brings. Default: none. */
  readonly containers?: readonly Container[];
  /** What it relies on for its large blobs. Default: nothing. */
  readonly leans?: readonly Lean[];
}

/** In characters, each of which takes three bytes at most; a file's text may have 64 KiB. */
const maxTextLength = 20_000;

/** The entry's lines behind its first one. */
export function entryLines(entry: Entry, objects: ObjectFormat): string[] {
  const none = "0".repeat(objectIdLength(objects));
  return [
    `basis ${entry.basis}`,
    `last ${entry.last}`,
    `time ${entry.timeMs}`,
    ...(entry.author === undefined ? [] : [`author ${oneLine(entry.author)}`]),
    ...entry.options.map((option) => `option ${oneLine(option)}`),
    ...(entry.atomic ? ["atomic"] : []),
    ...(entry.unproved ? ["unproved"] : []),
    ...(entry.assumed === "*" ? ["assume *"] : entry.assumed.map((id) => `assume ${id}`)),
    ...entry.moves.map(
      (move) => `move ${move.oldId ?? none} ${move.newId ?? none} ${move.peeledId ?? "-"} ${move.ref}`,
    ),
    ...(entry.head === undefined ? [] : [`head ${entry.head.oldTarget} ${entry.head.newTarget}`]),
    ...entry.segments.map((segment) => `segment ${segmentText(segment)}`),
    ...(entry.inline === undefined ? [] : [`inline ${inlineText(entry.inline)}`]),
    ...containerLines(entry.containers ?? []),
    ...(entry.leans ?? []).map((lean) => `lean ${leanText(lean)}`),
  ];
}

/** Reads what `entryLines` wrote. */
export function readEntry(id: string, reader: LineReader, objects: ObjectFormat): Entry {
  const entry: Entry = {
    id: reader.id(id),
    basis: reader.slot(reader.required("basis"), -1),
    last: reader.number(reader.required("last")),
    timeMs: reader.number(reader.required("time")),
    author: readAuthor(reader),
    options: reader.many("option").map((text) => reader.text(text)),
    atomic: reader.flag("atomic"),
    unproved: reader.flag("unproved"),
    assumed: readAssumed(reader, objects),
    moves: reader.many("move").map((text) => readMove(text, reader, objects)),
    head: readHead(reader),
    segments: reader.many("segment").map((text) => readSegment(text, reader)),
    inline: readOptionalInline(reader),
    ...readLargeParts(reader, objects),
  };
  if (entry.segments.length > 0 && entry.inline !== undefined) reader.fail("an entry has segments and an inline pack");
  return entry;
}

/** Nothing for an entry that has to do with no container. */
function readLargeParts(reader: LineReader, objects: ObjectFormat): Pick<Entry, "containers" | "leans"> {
  const containers = readContainers(reader, objects);
  const leans = reader.many("lean").map((text) => readLean(text, reader, objects));
  return containers.length + leans.length === 0 ? {} : { containers, leans };
}

function readAuthor(reader: LineReader): string | undefined {
  const author = reader.optional("author");
  return author === undefined ? undefined : reader.text(author);
}

export function readRefName(text: string, reader: LineReader): string {
  return isRefName(text) ? text : reader.fail(`${JSON.stringify(text.slice(0, 80))} is no ref's name`);
}

function readAssumed(reader: LineReader, objects: ObjectFormat): readonly string[] | "*" {
  const values = reader.many("assume");
  if (values.length === 1 && values[0] === "*") return "*";
  return values.map((text) => readObjectId(text, reader, objects) ?? reader.fail("it assumes no object"));
}

function readMove(text: string, reader: LineReader, objects: ObjectFormat): RefMove {
  const [oldText, newText, peeledText, ref] = reader.fields(text, 4) as [string, string, string, string];
  const peeledId = peeledText === "-" ? undefined : readObjectId(peeledText, reader, objects);
  return {
    ref: readRefName(ref, reader),
    oldId: readObjectId(oldText, reader, objects),
    newId: readObjectId(newText, reader, objects),
    ...(peeledId === undefined ? {} : { peeledId }),
  };
}

function readHead(reader: LineReader): Entry["head"] {
  const value = reader.optional("head");
  if (value === undefined) return undefined;
  const [oldTarget, newTarget] = reader.fields(value, 2) as [string, string];
  return { oldTarget: readRefName(oldTarget, reader), newTarget: readRefName(newTarget, reader) };
}

function readOptionalInline(reader: LineReader): InlinePack | undefined {
  const value = reader.optional("inline");
  return value === undefined ? undefined : readInline(value, reader);
}

/** Advisory text stays one line of bounded length: what does not fit is left out. */
function oneLine(text: string): string {
  return text.replace(/[\n\0]/g, " ").slice(0, maxTextLength);
}
