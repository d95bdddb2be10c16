import { readObjectId, readRefName } from "./entry.ts";
import { checkFeatures, decodeHeadedFile, encodeHeadedFile } from "./headed-file.ts";
import { LineReader } from "./line-reader.ts";
import {
  inlineText,
  type PackName,
  packNameText,
  readInline,
  readPackName,
  readSegment,
  type Segment,
  segmentText,
} from "./pack-name.ts";
import { readObjectFormat } from "./record.ts";
import type { CataloguePack, Ref, State } from "./state.ts";
import { compareText } from "./text.ts";

/** The bytes of a snapshot of `state`. See docs/format.md, 3.6. */
export function encodeSnapshot(state: State): Uint8Array {
  const lines = [
    `trunk ${state.trunkId}`,
    `objects ${state.objects}`,
    `slot ${state.slot}`,
    `record ${state.recordDigest}`,
    `horizon ${state.horizon}`,
    `dropped ${state.dropped}`,
    `unproved ${state.unproved}`,
    `head ${state.head}`,
    ...sortedRefs(state).map(([name, ref]) => `ref ${ref.id} ${ref.peeledId ?? "-"} ${name}`),
    ...[...state.packs.values()].map(packLine),
    ...[...state.retired.values()].map(({ name, slot }) => `retired ${slot} ${packNameText(name)}`),
    ...[...state.verdicts].map(([id, { slot, letters }]) => `verdict ${slot} ${id} ${letters}`),
    ...[...state.doomed].map(([key, slot]) => `doom ${slot} ${key}`),
  ];
  return encodeHeadedFile("snapshot", lines).bytes;
}

/** Refs in byte order of their names. */
export function sortedRefs(state: Pick<State, "refs">): [string, Ref][] {
  return [...state.refs].sort(([left], [right]) => compareText(left, right));
}

/** Reads a snapshot. `key` is for messages. Throws `CORRUPT`, or `NOT_SUPPORTED` for a newer format. */
export function decodeSnapshot(bytes: Uint8Array, key: string): State {
  const reader = new LineReader(decodeHeadedFile(bytes, ["snapshot"], key).lines, key);
  const trunkId = reader.id(reader.required("trunk"));
  const objects = readObjectFormat(reader);
  const slot = reader.number(reader.required("slot"), -1);
  const recordDigest = reader.digest(reader.required("record"));
  checkFeatures(reader.many("require"), key);
  const state: State = {
    trunkId,
    objects,
    slot,
    recordDigest,
    horizon: reader.number(reader.required("horizon"), -1),
    dropped: reader.number(reader.required("dropped"), -1),
    unproved: reader.number(reader.required("unproved"), -1),
    head: readRefName(reader.required("head"), reader),
    refs: readRefs(reader, objects),
    packs: readPacks(reader),
    retired: new Map(reader.many("retired").map((text) => readRetired(text, reader))),
    verdicts: new Map(reader.many("verdict").map((text) => readVerdict(text, reader))),
    doomed: new Map(reader.many("doom").map((text) => readDoom(text, reader))),
  };
  reader.end();
  return state;
}

function packLine({ name, slot, pack }: CataloguePack): string {
  const text = name.kind === "segment" ? segmentText(pack as Segment).slice(name.id.length + 1) : inlineText(pack);
  return `pack ${slot} ${packNameText(name)} ${text}`;
}

function readRefs(reader: LineReader, objects: State["objects"]): Map<string, Ref> {
  const refs = new Map<string, Ref>();
  for (let line = reader.optional("ref"); line !== undefined; line = reader.optional("ref")) {
    const [idText, peeledText, name] = reader.fields(line, 3) as [string, string, string];
    const id = readObjectId(idText, reader, objects) ?? reader.fail("a ref has no value");
    const peeledId = peeledText === "-" ? undefined : readObjectId(peeledText, reader, objects);
    refs.set(readRefName(name, reader), peeledId === undefined ? { id } : { id, peeledId });
  }
  return refs;
}

function readPacks(reader: LineReader): Map<string, CataloguePack> {
  const packs = new Map<string, CataloguePack>();
  for (const line of reader.many("pack")) {
    const [slotText, kind, value, rest] = reader.fields(line, 4) as [string, string, string, string];
    const name = readPackName(`${kind} ${value}`, reader);
    const pack = name.kind === "segment" ? readSegment(`${name.id} ${rest}`, reader) : readInline(rest, reader);
    packs.set(packNameText(name), { name, slot: reader.number(slotText), pack });
  }
  return packs;
}

function readRetired(text: string, reader: LineReader): [string, { name: PackName; slot: number }] {
  const [slot, nameText] = reader.fields(text, 2) as [string, string];
  const name = readPackName(nameText, reader);
  return [packNameText(name), { name, slot: reader.number(slot) }];
}

function readVerdict(text: string, reader: LineReader): [string, { slot: number; letters: string }] {
  const [slot, id, letters] = reader.fields(text, 3) as [string, string, string];
  if (!/^[ascxr]+$/.test(letters)) reader.fail("a verdict has other letters than its own");
  return [reader.id(id), { slot: reader.number(slot), letters }];
}

function readDoom(text: string, reader: LineReader): [string, number] {
  const [slot, key] = reader.fields(text, 2) as [string, string];
  return [key, reader.number(slot)];
}
