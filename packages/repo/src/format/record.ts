import type { ObjectFormat } from "../pack/object-format.ts";
import { sha256Hex } from "../platform.ts";
import { type Entry, entryLines, readEntry } from "./entry.ts";
import { checkFeatures, decodeHeadedFile, encodeHeadedFile, type HeadedFile } from "./headed-file.ts";
import { recordKey } from "./key.ts";
import { LineReader } from "./line-reader.ts";
import { type PackName, packNameText, readPackName, readSegment, type Segment, segmentText } from "./pack-name.ts";

/** The content of a slot. See docs/format.md, 3.3. */
export interface TrunkRecord {
  readonly trunkId: string;
  readonly objects: ObjectFormat;
  readonly slot: number;
  /** Digest of the record before. */
  readonly previous: string;
  readonly requires: readonly string[];
  readonly retired: readonly PackName[];
  readonly segments: readonly Segment[];
  readonly drop: boolean;
  readonly doomed: readonly string[];
  readonly doomLists: readonly DoomList[];
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
  | {
      readonly kind: "stub";
      readonly trunkId: string;
      readonly slot: number;
      readonly recordDigest: string;
      readonly snapshotKey: string;
    };

/** What `previous` is in slot 0. */
export const noRecordDigest = "0".repeat(64);

/** The bytes of a record and its digest; `pack` is the inline pack of its own entry. */
export function encodeRecord(record: TrunkRecord, pack?: Uint8Array): { bytes: Uint8Array; digest: string } {
  const lines = [
    `trunk ${record.trunkId}`,
    `objects ${record.objects}`,
    `slot ${record.slot}`,
    `previous ${record.previous}`,
    ...record.requires.map((feature) => `require ${feature}`),
    ...record.retired.map((name) => `retire ${packNameText(name)}`),
    ...record.segments.map((segment) => `segment ${segmentText(segment)}`),
    ...(record.drop ? ["drop"] : []),
    ...record.doomed.map((key) => `doom ${key}`),
    ...record.doomLists.map((list) => `doomlist ${list.key} ${list.size} ${list.digest}`),
    ...record.entries.flatMap((entry) => [
      `${entry.carried ? "carried" : "entry"} ${entry.id}`,
      ...entryLines(entry, record.objects),
    ]),
  ];
  return encodeHeadedFile("record", lines, pack);
}

/** Reads what is in slot `slot`. Throws `CORRUPT`, or `NOT_SUPPORTED` for a newer format. */
export function decodeSlot(bytes: Uint8Array, slot: number): SlotContent {
  const key = recordKey(slot);
  const file = decodeHeadedFile(bytes, ["record", "stub"], key);
  const reader = new LineReader(file.lines, key);
  return file.kind === "stub" ? readStub(reader) : readRecord(file, reader);
}

function readStub(reader: LineReader): SlotContent {
  const stub = {
    kind: "stub" as const,
    trunkId: reader.id(reader.required("trunk")),
    slot: reader.number(reader.required("slot")),
    recordDigest: reader.digest(reader.required("record")),
    snapshotKey: reader.required("snapshot"),
  };
  reader.end();
  return stub;
}

function readRecord(file: HeadedFile, reader: LineReader): SlotContent {
  const trunkId = reader.id(reader.required("trunk"));
  const objects = readObjectFormat(reader);
  const slot = reader.number(reader.required("slot"));
  const previous = reader.digest(reader.required("previous"));
  const requires = reader.many("require");
  checkFeatures(requires, reader.key);
  const record: TrunkRecord = {
    trunkId,
    objects,
    slot,
    previous,
    requires,
    retired: reader.many("retire").map((text) => readPackName(text, reader)),
    segments: reader.many("segment").map((text) => readSegment(text, reader)),
    drop: reader.flag("drop"),
    doomed: reader.many("doom"),
    doomLists: reader.many("doomlist").map((text) => readDoomList(text, reader)),
    entries: readEntries(reader, objects),
  };
  return { kind: "record", record, digest: file.digest, pack: readBody(file, record, reader) };
}

export function readObjectFormat(reader: LineReader): ObjectFormat {
  const value = reader.required("objects");
  return value === "sha1" || value === "sha256" ? value : reader.fail(`${JSON.stringify(value)} is no object format`);
}

function readDoomList(text: string, reader: LineReader): DoomList {
  const [key, size, digest] = reader.fields(text, 3) as [string, string, string];
  return { key, size: reader.number(size), digest: reader.digest(digest) };
}

function readEntries(reader: LineReader, objects: ObjectFormat): RecordEntry[] {
  const entries: RecordEntry[] = [];
  while (!reader.done) {
    const own = reader.optional("entry");
    const id = own ?? reader.required("carried");
    entries.push({ carried: own === undefined, ...readEntry(id, reader, objects) });
  }
  return entries;
}

/** The body is the inline pack of the record's own entry, exactly. */
function readBody(file: HeadedFile, record: TrunkRecord, reader: LineReader): Uint8Array | undefined {
  const packs = record.entries.flatMap((entry) => (!entry.carried && entry.inline !== undefined ? [entry.inline] : []));
  if (packs.length > 1) reader.fail("two of its entries have an inline pack");
  const [pack] = packs;
  if (file.body.length !== (pack?.size ?? 0))
    reader.fail(`its body has ${file.body.length} bytes instead of ${pack?.size ?? 0}`);
  if (pack === undefined) return undefined;
  if (sha256Hex(file.body) !== pack.digest) reader.fail("its pack does not match its digest");
  return file.body;
}
