import { OverlayMap } from "../overlay-map.ts";
import { containersFeature, isContainer, largeLines, readLarge } from "./container.ts";
import { doomField, retiredField, verdictField } from "./dated-fields.ts";
import { type DatedField, DatedLines } from "./dated-lines.ts";
import { readRefName } from "./entry.ts";
import { checkFeatures, checkRequired, decodeHeadedFile, encodeHeadedFile, type LineBlock } from "./headed-file.ts";
import { snapshotKeySlot } from "./key.ts";
import { LineReader } from "./line-reader.ts";
import { mapLines, readMap } from "./mirror-map.ts";
import { readObjectId } from "./object-id.ts";
import {
  inlineText,
  isInline,
  type PackName,
  packNameText,
  readInline,
  readPackName,
  readSegment,
  type Segment,
  segmentText,
  thinFeature,
} from "./pack-name.ts";
import { readObjectFormat } from "./record.ts";
import { RefLines } from "./ref-lines.ts";
import type { CataloguePack, Ref, State } from "./state.ts";
import { compareText } from "./text.ts";

/** So many characters of refs are kept as they are; fewer are taken apart at once. */
const leastRefLinesLength = 64 * 1024;

/** The bytes of a snapshot of `state`. See docs/format.md, 3.6. */
export function encodeSnapshot(state: State): Uint8Array {
  const lines = [
    `trunk ${state.trunkId}`,
    `objects ${state.objects}`,
    `slot ${state.slot}`,
    `record ${state.recordDigest}`,
    ...requiredFeatures(state).map((feature) => `require ${feature}`),
    `horizon ${state.horizon}`,
    `dropped ${state.dropped}`,
    `unproved ${state.unproved}`,
    `head ${state.head}`,
    ...refLines(state),
    ...[...state.packs.values()].map(packLine),
    ...[...state.packs.values()].flatMap(({ pack }) => (isContainer(pack) ? largeLines(pack) : [])),
    ...DatedLines.linesOf(retiredField, state.retired),
    ...DatedLines.linesOf(verdictField, state.verdicts),
    ...DatedLines.linesOf(doomField, state.doomed),
    ...mapLines(state.map),
  ];
  return encodeHeadedFile("snapshot", lines).bytes;
}

function refLines(state: State): (string | LineBlock)[] {
  const known = knownLines(state);
  if (known !== undefined) return known.size === 0 ? [] : [known];
  return sortedRefs(state).map(([name, ref]) => `ref ${ref.id} ${ref.peeledId ?? "-"} ${name}`);
}

/** What was put together for a state: of very many refs these are megabytes, and a push lists, looks through and saves them. */
const changedLines = new WeakMap<Pick<State, "refs">, RefLines>();

/** The refs as the lines of the snapshot that they were read from, with what has changed since; if there is one, and it can be. */
function knownLines(state: Pick<State, "refs">): RefLines | undefined {
  const { refs } = state;
  if (refs instanceof RefLines) return refs;
  if (!(refs instanceof OverlayMap && refs.base instanceof RefLines)) return undefined;
  const lines = changedLines.get(state) ?? refs.base.with(refs.changes());
  if (lines !== undefined) changedLines.set(state, lines);
  return lines;
}

/** Lines `<id> <name>` of all refs, in byte order of their names, if they need not be put together first. */
export function listedRefs(state: Pick<State, "refs">): string | undefined {
  const known = knownLines(state);
  return known !== undefined && !known.hasPeeled && known.size > 0 ? known.listed() : undefined;
}

/** The values of all refs, each once. */
export function refIds(state: Pick<State, "refs">): ReadonlySet<string> {
  return knownLines(state)?.ids() ?? new Set([...state.refs.values()].map(({ id }) => id));
}

/** Refs in byte order of their names. */
export function sortedRefs(state: Pick<State, "refs">): [string, Ref][] {
  if (state.refs instanceof RefLines) return [...state.refs];
  return [...state.refs].sort(([left], [right]) => compareText(left, right));
}

/**
 * Reads a snapshot. `key` is for messages, and where it is a snapshot's key its slot must be that of the content.
 * Throws `CORRUPT`, or `NOT_SUPPORTED` for a newer format.
 */
export function decodeSnapshot(bytes: Uint8Array, key: string): State {
  const { text } = decodeHeadedFile(bytes, ["snapshot"], key);
  const reader = new LineReader(text, key);
  const trunkId = reader.id(reader.required("trunk"));
  const objects = readObjectFormat(reader);
  const slot = reader.slot(reader.required("slot"), -1);
  if ((snapshotKeySlot(key) ?? slot) !== slot) reader.fail(`it is a snapshot of slot ${slot}`);
  const recordDigest = reader.digest(reader.required("record"));
  const features = reader.many("require");
  checkFeatures(features, key);
  const state: State = {
    trunkId,
    objects,
    slot,
    recordDigest,
    horizon: readPast(reader, "horizon", slot),
    dropped: readPast(reader, "dropped", slot),
    unproved: readPast(reader, "unproved", slot),
    head: readRefName(reader.required("head"), reader),
    refs: readRefLines(reader, objects) ?? readRefs(reader, objects),
    packs: readPacks(reader, objects, slot),
    retired: readLines(reader, retiredField, slot),
    verdicts: readLines(reader, verdictField, slot),
    doomed: readLines(reader, doomField, slot),
    map: readMap(reader),
  };
  reader.end();
  checkRequired(features, requiredFeatures(state), key);
  return state;
}

/** A slot up to the snapshot's own; -1 for none. */
function readPast(reader: LineReader, field: string, slot: number): number {
  const past = reader.slot(reader.required(field), -1);
  return past <= slot ? past : reader.fail(`"${field}" is in the future`);
}

function packLine({ name, slot, pack }: CataloguePack): string {
  const text = isInline(name) ? inlineText(pack) : segmentText(pack as Segment).slice((pack as Segment).id.length + 1);
  return `pack ${slot} ${"thin" in pack ? `thin ${pack.id}` : packNameText(name)} ${text}`;
}

/** In byte order. */
function requiredFeatures(state: State): string[] {
  const hasThin = [...state.packs.values()].some(({ pack }) => "thin" in pack);
  return [...(usesContainers(state) ? [containersFeature] : []), ...(hasThin ? [thinFeature] : [])];
}

function usesContainers({ packs, retired }: State): boolean {
  const named = (names: Iterable<string>) => [...names].some((name) => name.startsWith("container "));
  return named(packs.keys()) || named(retired.keys());
}

/** The catalogue: packs, and behind them the large blobs of its containers. */
function readPacks(reader: LineReader, objects: State["objects"], slot: number): Map<string, CataloguePack> {
  const packs = readDated(reader, "pack", slot, readPack);
  const ids = [...packs.values()].flatMap(({ name }) => (name.kind === "container" ? [name.id] : []));
  const large = readLarge(reader, objects, new Set(ids));
  for (const [text, { name, slot, pack }] of packs) {
    if (name.kind !== "container") continue;
    packs.set(text, { name, slot, pack: { ...pack, large: large.get(name.id) ?? [] } });
  }
  return packs;
}

/** Very many refs as they stand, if all are plainly right. */
function readRefLines(reader: LineReader, objects: State["objects"]): RefLines | undefined {
  return reader.block("ref", (text) => (text.length < leastRefLinesLength ? undefined : RefLines.of(text, objects)));
}

function readRefs(reader: LineReader, objects: State["objects"]): Map<string, Ref> {
  const refs = new Map<string, Ref>();
  let before = "";
  for (let line = reader.optional("ref"); line !== undefined; line = reader.optional("ref")) {
    const idEnd = line.indexOf(" ");
    const peeledEnd = line.indexOf(" ", idEnd + 1);
    if (peeledEnd <= idEnd) reader.fail("a ref's line has fewer than 3 fields");
    const name = line.slice(peeledEnd + 1);
    const id = readObjectId(line.slice(0, idEnd), reader, objects) ?? reader.fail("a ref has no value");
    const peeledText = line.slice(idEnd + 1, peeledEnd);
    const peeledId = peeledText === "-" ? undefined : readObjectId(peeledText, reader, objects);
    if (compareText(before, name) >= 0) reader.fail("its refs are out of order");
    refs.set(readRefName(name, reader), peeledId === undefined ? { id } : { id, peeledId });
    before = name;
  }
  return refs;
}

function readLines<Value>(reader: LineReader, field: DatedField<Value>, slot: number): ReadonlyMap<string, Value> {
  const read: DatedField<Value>["read"] = (text, found) => field.read(text, found, reader);
  return DatedLines.read(field, reader, slot) ?? readDated(reader, field.field, slot, read);
}

/** Lines that begin with the slot of the record that brought them, in the order in which they came. */
function readDated<Value>(
  reader: LineReader,
  field: string,
  slot: number,
  read: (text: string, slot: number, reader: LineReader) => [string, Value],
): Map<string, Value> {
  const values = new Map<string, Value>();
  let before = 0;
  let beforeText = "0";
  for (let line = reader.optional(field); line !== undefined; line = reader.optional(field)) {
    const space = line.indexOf(" ");
    if (space === -1) reader.fail("a line has fewer than 2 fields");
    const slotText = line.slice(0, space);
    // Many come with one record, and there are thousands of lines.
    const found = slotText === beforeText ? before : reader.slot(slotText);
    const [key, value] = read(line.slice(space + 1), found, reader);
    if (found < before || found > slot || values.has(key)) reader.fail(`its "${field}" lines are out of order`);
    values.set(key, value);
    before = found;
    beforeText = slotText;
  }
  return values;
}

function readPack(text: string, slot: number, reader: LineReader): [string, CataloguePack] {
  const [kind, value, rest] = reader.fields(text, 3) as [string, string, string];
  if (kind === "thin") {
    const pack: Segment = { ...readSegment(`${value} ${rest}`, reader), thin: true };
    const name: PackName = { kind: "segment", id: pack.id };
    return [packNameText(name), { name, slot, pack }];
  }
  const name = readPackName(`${kind} ${value}`, reader);
  if (name.kind === "record" && name.slot !== slot) reader.fail("a record's pack is of another slot");
  const pack = isInline(name) ? readInline(rest, reader) : readSegment(`${value} ${rest}`, reader);
  return [packNameText(name), { name, slot, pack }];
}
