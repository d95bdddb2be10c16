import { TrunksError } from "@trunks/core";
import type { ObjectFormat } from "../pack/object-format.ts";
import { sha256Hex } from "../platform.ts";
import { containersFeature, type ForgottenBlob, readForgotten } from "./container.ts";
import { type Entry, entryLines, readEntry } from "./entry.ts";
import {
  checkFeatures,
  checkRequired,
  decodeHeadedFile,
  encodeHeadedFile,
  type HeadedFile,
  maxHeaderLength,
} from "./headed-file.ts";
import { isDoomListKey, recordKey, snapshotKeySlot } from "./key.ts";
import { LineReader } from "./line-reader.ts";
import { type MapChange, mapChangeLines, readMapChange } from "./mirror-map.ts";
import {
  type InlinePack,
  type PackName,
  packNameText,
  readPackName,
  readSegment,
  type Segment,
  segmentText,
  thinFeature,
} from "./pack-name.ts";

/** The content of a slot. See docs/format.md, 3.3. */
export interface TrunkRecord {
  readonly trunkId: string;
  readonly objects: ObjectFormat;
  readonly slot: number;
  /** Digest of the record before. */
  readonly previous: string;
  readonly retired: readonly PackName[];
  readonly segments: readonly Segment[];
  /** Large blobs that leave the catalogue without the containers that brought them. Default: none. */
  readonly forgotten?: readonly ForgottenBlob[];
  readonly drop: boolean;
  readonly doomed: readonly string[];
  readonly doomLists: readonly DoomList[];
  /** What changes in the map of mirrors; usually nothing. */
  readonly map?: MapChange;
  readonly entries: readonly RecordEntry[];
}

export interface RecordEntry extends Entry {
  /** Another writer wrote it; its inline pack is the body of its intent. */
  readonly carried: boolean;
}

/** A file that lists doomed keys, one a line. */
export interface DoomList {
  readonly key: string;
  readonly size: number;
  readonly digest: string;
}

/** What a slot holds: its record, or the stub that replaced it. */
export type SlotContent =
  | {
      readonly kind: "record";
      readonly record: TrunkRecord;
      readonly digest: string;
      readonly pack: Uint8Array | undefined;
    }
  | Stub;

/** What may stand in place of an old record. See docs/format.md, 3.5. */
export interface Stub {
  readonly kind: "stub";
  readonly trunkId: string;
  readonly slot: number;
  readonly recordDigest: string;
  /** A snapshot of this slot or of a later one. */
  readonly snapshotKey: string;
}

/** What `previous` is in slot 0. */
export const noRecordDigest = "0".repeat(64);

/** In one record. */
export const maxEntries = 4096;

/** A record's bytes, and its digest. */
export interface EncodedRecord {
  readonly bytes: Uint8Array;
  readonly digest: string;
}

/**
 * The bytes of a record; `pack` is the inline pack of its own entry. Reads them back before it answers, so that nothing
 * comes into a journal that a reader would stop at: throws `INVALID_ARGUMENT` for values that no record can hold.
 */
export function encodeRecord(record: TrunkRecord, pack?: Uint8Array): EncodedRecord {
  const encoded = encodeHeadedFile("record", recordLines(record), pack);
  try {
    decodeSlot(encoded.bytes, record.slot);
  } catch (error) {
    throw new TrunksError("INVALID_ARGUMENT", "no reader would accept this record", { cause: error });
  }
  return encoded;
}

function recordLines(record: TrunkRecord): string[] {
  return [
    `trunk ${record.trunkId}`,
    `objects ${record.objects}`,
    `slot ${record.slot}`,
    `previous ${record.previous}`,
    ...requiredFeatures(record).map((feature) => `require ${feature}`),
    ...record.retired.map((name) => `retire ${packNameText(name)}`),
    ...record.segments.filter(({ thin }) => !thin).map((segment) => `segment ${segmentText(segment)}`),
    ...record.segments.filter(({ thin }) => thin).map((segment) => `thin ${segmentText(segment)}`),
    ...(record.forgotten ?? []).map(({ container, blob }) => `forget ${container} ${blob}`),
    ...(record.drop ? ["drop"] : []),
    ...record.doomed.map((key) => `doom ${key}`),
    ...record.doomLists.map((list) => `doomlist ${list.key} ${list.size} ${list.digest}`),
    ...mapChangeLines(record.map),
    ...record.entries.flatMap((entry) => [
      `${entry.carried ? "carried" : "entry"} ${entry.id}`,
      ...entryLines(entry, record.objects),
    ]),
  ];
}

/**
 * Reads what is in slot `slot`; of its `header` alone, behind which anything may follow or be cut off, a record comes without
 * its pack. Throws `CORRUPT`, or `NOT_SUPPORTED` for a newer format.
 */
export function decodeSlot(bytes: Uint8Array, slot: number, part: "whole" | "header" = "whole"): SlotContent {
  const key = recordKey(slot);
  const file = decodeHeadedFile(bytes, ["record", "stub"], key);
  const reader = new LineReader(file.text, key);
  if (file.kind === "stub") return readStub(reader, slot);
  const content = readRecord(file, reader, slot);
  return part === "header" ? content : { ...content, pack: readBody(file, content.record, reader) };
}

export function encodeStub({ trunkId, slot, recordDigest, snapshotKey }: Omit<Stub, "kind">): Uint8Array {
  const lines = [`trunk ${trunkId}`, `slot ${slot}`, `record ${recordDigest}`, `snapshot ${snapshotKey}`];
  return encodeHeadedFile("stub", lines).bytes;
}

/** In bytes: so many hold a whole stub, and the first lines of a record. */
export const slotOpeningLength = 512;

/**
 * The digest of the record that a slot holds, or held before it became a stub, as its first `slotOpeningLength` bytes
 * say, unchecked; `undefined` when they are those of neither.
 */
export function slotDigest(opening: Uint8Array): string | undefined {
  const text = String.fromCharCode(...opening.subarray(0, slotOpeningLength));
  const pattern = text.startsWith("trunks stub ")
    ? /^trunks stub [0-9]+\ndigest [0-9a-f]{64}\ntrunk [0-9a-f]{32}\nslot [0-9]+\nrecord ([0-9a-f]{64})\n/
    : /^trunks record [0-9]+\ndigest ([0-9a-f]{64})\n/;
  return pattern.exec(text)?.[1];
}

function readStub(reader: LineReader, slot: number): Stub {
  const stub: Stub = {
    kind: "stub",
    trunkId: reader.id(reader.required("trunk")),
    slot: readPlace(reader, slot),
    recordDigest: reader.digest(reader.required("record")),
    snapshotKey: reader.required("snapshot"),
  };
  reader.end();
  if ((snapshotKeySlot(stub.snapshotKey) ?? -1) < slot) reader.fail("no snapshot stands for it");
  return stub;
}

/** A file says where it belongs, so that one in another's place is noticed. */
function readPlace(reader: LineReader, slot: number): number {
  const found = reader.slot(reader.required("slot"));
  return found === slot ? slot : reader.fail(`it belongs in slot ${found}`);
}

function readRecord(file: HeadedFile, reader: LineReader, place: number): Exclude<SlotContent, Stub> {
  const trunkId = reader.id(reader.required("trunk"));
  const objects = readObjectFormat(reader);
  const slot = readPlace(reader, place);
  const previous = reader.digest(reader.required("previous"));
  const features = reader.many("require");
  checkFeatures(features, reader.key);
  const record: TrunkRecord = {
    trunkId,
    objects,
    slot,
    previous,
    retired: reader.many("retire").map((text) => readPackName(text, reader)),
    segments: [
      ...reader.many("segment").map((text) => readSegment(text, reader)),
      ...reader.many("thin").map((text): Segment => ({ ...readSegment(text, reader), thin: true })),
    ],
    ...readForgottenBlobs(reader, objects),
    drop: reader.flag("drop"),
    doomed: reader.many("doom").map((text) => reader.storeKey(text)),
    doomLists: reader.many("doomlist").map((text) => readDoomList(text, reader)),
    map: readMapChange(reader),
    entries: readEntries(reader, objects),
  };
  checkRequired(features, requiredFeatures(record), reader.key);
  return { kind: "record", record, digest: file.digest, pack: undefined };
}

/** Nothing for a record that forgets none. */
function readForgottenBlobs(reader: LineReader, objects: ObjectFormat): Pick<TrunkRecord, "forgotten"> {
  const forgotten = reader.many("forget").map((text) => readForgotten(text, reader, objects));
  return forgotten.length === 0 ? {} : { forgotten };
}

/** In byte order. */
function requiredFeatures(record: TrunkRecord): string[] {
  const hasThin = record.segments.some(({ thin }) => thin);
  return [...(usesContainers(record) ? [containersFeature] : []), ...(hasThin ? [thinFeature] : [])];
}

function usesContainers({ retired, forgotten = [], entries }: TrunkRecord): boolean {
  const inEntry = ({ containers = [], leans = [] }: Entry) => containers.length + leans.length > 0;
  return forgotten.length > 0 || retired.some(({ kind }) => kind === "container") || entries.some(inEntry);
}

export function readObjectFormat(reader: LineReader): ObjectFormat {
  const value = reader.required("objects");
  return value === "sha1" || value === "sha256" ? value : reader.fail(`${JSON.stringify(value)} is no object format`);
}

function readDoomList(text: string, reader: LineReader): DoomList {
  const [key, sizeText, digest] = reader.fields(text, 3) as [string, string, string];
  if (!isDoomListKey(key)) reader.fail(`${JSON.stringify(key.slice(0, 80))} is no list of doomed keys`);
  const size = reader.number(sizeText, 1);
  if (size > maxHeaderLength) reader.fail(`a list of doomed keys has ${size} bytes`);
  return { key, size, digest: reader.digest(digest) };
}

function readEntries(reader: LineReader, objects: ObjectFormat): RecordEntry[] {
  const entries: RecordEntry[] = [];
  while (!reader.done) {
    const own = reader.optional("entry");
    const id = own ?? reader.required("carried");
    if (entries.length === maxEntries) reader.fail(`it has more than ${maxEntries} entries`);
    entries.push({ carried: own === undefined, ...readEntry(id, reader, objects) });
  }
  return entries;
}

/** The body is the inline pack of the record's own entry, exactly. */
function readBody(file: HeadedFile, record: TrunkRecord, reader: LineReader): Uint8Array | undefined {
  const packs = record.entries.flatMap((entry) => (!entry.carried && entry.inline !== undefined ? [entry.inline] : []));
  if (packs.length > 1) reader.fail("two of its entries have an inline pack");
  return readPack(file, packs[0], reader);
}

/** The body of a file that holds `pack`, or nothing. */
export function readPack(file: HeadedFile, pack: InlinePack | undefined, reader: LineReader): Uint8Array | undefined {
  if (file.body.length !== (pack?.size ?? 0))
    reader.fail(`its body has ${file.body.length} bytes instead of ${pack?.size ?? 0}`);
  if (pack === undefined) return undefined;
  if (sha256Hex(file.body) !== pack.digest) reader.fail("its pack does not match its digest");
  return file.body;
}
