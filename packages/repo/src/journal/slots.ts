import type { Backend, RequestOptions } from "@trunks/core";
import { mapConcurrent } from "../concurrent.ts";
import { damaged } from "../format/headed-file.ts";
import { recordKey } from "../format/key.ts";
import { type DoomList, decodeSlot, type Stub, type TrunkRecord } from "../format/record.ts";
import { decodeText } from "../format/text.ts";
import { sha256Hex } from "../platform.ts";
import type { FoldInput } from "./fold.ts";

/** A record that was read on the way to a state, with its inline pack if that was kept. */
export interface ReadRecord extends FoldInput {
  readonly record: TrunkRecord;
  readonly pack: Uint8Array | undefined;
}

/** What neighbouring slots hold: records, and behind them a stub or nothing if there were fewer than asked for. */
export interface SlotRun {
  readonly records: readonly ReadRecord[];
  readonly stub: Stub | undefined;
}

/** In bytes: so much of a record is asked for when its header is wanted, and the whole only if that is longer. */
const openingSizeBytes = 8192;
const headerEnd = Uint8Array.of(0x0a, 0x0a);

/** Slots asked for at once. */
export const slotConcurrency = 64;
/** Slots read before the next are begun, so that a slot which is not there ends a long run. */
const batchLength = 1024;

/** How many bytes of inline packs are kept of what one reading meets; the rest is asked for again when it is wanted. */
const keptPacksSizeBytes = 64 * 2 ** 20;

/** Reads slots in order. One object for one reading: it keeps count of the packs that stay in memory. */
export class SlotReader {
  readonly #backend: Backend;
  readonly #options: RequestOptions;
  readonly #part: "whole" | "header";
  #keptBytes = 0;

  /** With `header`, records are read without their packs. */
  constructor(backend: Backend, options: RequestOptions, part: "whole" | "header" = "whole") {
    this.#backend = backend;
    this.#options = options;
    this.#part = part;
  }

  /** `count` slots from `first` on, or as many as are filled; all are asked for at once. */
  async run(first: number, count: number): Promise<SlotRun> {
    const contents = await mapConcurrent(slotsFrom(first, count), slotConcurrency, (slot) => this.#read(slot));
    const filled = contents.findLastIndex((content) => content !== undefined) + 1;
    for (let index = 0; index < filled; index++) {
      // Both may have been filled between the two answers.
      contents[index] ??= await this.#read(first + index);
      if (contents[index] === undefined) throw gap(first + index);
    }
    return runOf(contents.slice(0, filled));
  }

  /** The slots from `first` to `last`, which are known to be filled: throws `CORRUPT` when one is not. */
  async all(first: number, last: number): Promise<SlotRun> {
    const records: ReadRecord[] = [];
    for (let next = first; next <= last; next += batchLength) {
      const count = Math.min(batchLength, last - next + 1);
      const contents = await mapConcurrent(slotsFrom(next, count), slotConcurrency, (slot) => this.#read(slot));
      const missing = contents.indexOf(undefined);
      if (missing !== -1) throw gap(next + missing);
      const run = runOf(contents);
      records.push(...run.records);
      if (run.stub !== undefined) return { records, stub: run.stub };
    }
    return { records, stub: undefined };
  }

  /** Of the slots from `first` to `last`, which are known to be filled, the records behind the last stub. */
  async behindStubs(first: number, last: number): Promise<SlotRun> {
    const slots = slotsFrom(first, last - first + 1);
    const contents = await mapConcurrent(slots, slotConcurrency, (slot) => this.#read(slot));
    const missing = contents.lastIndexOf(undefined);
    if (missing !== -1) throw gap(first + missing);
    const stub = contents.findLastIndex(isStub);
    return { records: contents.slice(stub + 1) as ReadRecord[], stub: contents[stub] as Stub | undefined };
  }

  async #read(slot: number): Promise<ReadRecord | Stub | undefined> {
    const bytes = this.#part === "header" ? await this.#header(slot) : await this.#whole(slot);
    if (bytes === undefined) return undefined;
    const decoded = decodeSlot(bytes, slot, this.#part);
    if (decoded.kind === "stub") return decoded;
    const { record, digest, pack } = decoded;
    const lists = await mapConcurrent(record.doomLists, slotConcurrency, (list) => this.#readDoomList(list));
    return { record, digest, pack: this.#kept(pack), doomedKeys: [...record.doomed, ...lists.flat()] };
  }

  async #whole(slot: number): Promise<Uint8Array | undefined> {
    return (await this.#backend.get(recordKey(slot), this.#options))?.bytes();
  }

  async #header(slot: number): Promise<Uint8Array | undefined> {
    const range = { start: 0, end: openingSizeBytes };
    const content = await this.#backend.get(recordKey(slot), { ...this.#options, range });
    if (content === undefined) return undefined;
    const bytes = await content.bytes();
    return bytes.length === content.totalSize || includes(bytes, headerEnd) ? bytes : this.#whole(slot);
  }

  async #readDoomList(list: DoomList): Promise<string[]> {
    const content = await this.#backend.get(list.key, this.#options);
    const bytes = await content?.bytes();
    if (bytes === undefined || bytes.length !== list.size || sha256Hex(bytes) !== list.digest) {
      throw damaged(list.key, bytes === undefined ? "it is missing" : "it does not match its digest");
    }
    return decodeText(bytes).split("\n").filter(Boolean);
  }

  #kept(pack: Uint8Array | undefined): Uint8Array | undefined {
    if (pack === undefined || this.#keptBytes + pack.length > keptPacksSizeBytes) return undefined;
    this.#keptBytes += pack.length;
    return pack;
  }
}

function includes(bytes: Uint8Array, [first = 0, second]: Uint8Array): boolean {
  for (let at = bytes.indexOf(first); at !== -1; at = bytes.indexOf(first, at + 1)) {
    if (bytes[at + 1] === second) return true;
  }
  return false;
}

function slotsFrom(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => first + index);
}

/** The records before the first stub, and that of the stubs whose snapshot is the newest. */
function runOf(contents: readonly (ReadRecord | Stub | undefined)[]): SlotRun {
  const end = contents.findIndex(isStub);
  const stubs = contents.filter(isStub).sort((left, right) => compareSnapshots(left, right));
  return { records: contents.slice(0, end === -1 ? undefined : end) as ReadRecord[], stub: stubs[0] };
}

function isStub(content: ReadRecord | Stub | undefined): content is Stub {
  return content !== undefined && "recordDigest" in content;
}

/** Newest first: slots are counted down in keys. */
function compareSnapshots(left: Stub, right: Stub): number {
  return left.snapshotKey < right.snapshotKey ? -1 : left.snapshotKey > right.snapshotKey ? 1 : 0;
}

function gap(slot: number) {
  return damaged(recordKey(slot), "it is missing, and a record behind it is there");
}
