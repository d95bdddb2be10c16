import { TrunksError } from "@trunks/core";
import { createDigest, digestHex } from "../platform.ts";
import {
  isObjectId,
  type ObjectFormat,
  type ObjectId,
  objectIdBytes,
  objectIdLength,
  objectIdSizeBytes,
  readObjectId,
} from "./object-format.ts";

export type ObjectType = "commit" | "tree" | "blob" | "tag";

/** An object in memory: what `git cat-file <type> <id>` prints. */
export interface GitObject {
  readonly type: ObjectType;
  /** May be shared with a cache: never write into it. */
  readonly data: Uint8Array;
}

export interface IdentifiedObject extends GitObject {
  readonly id: ObjectId;
}

/** What an object's id is the digest of, before the object's own bytes: `blob 12` and a zero byte. */
export function objectHeader(type: ObjectType, size: number): Uint8Array {
  const bytes = new Uint8Array(maxHeaderSizeBytes);
  return bytes.subarray(0, writeHeader(bytes, type, size));
}

/** Of the longest type and the largest size. */
const maxHeaderSizeBytes = 24;
const typeLetters = {
  commit: letters("commit "),
  tree: letters("tree "),
  blob: letters("blob "),
  tag: letters("tag "),
};

function letters(text: string): readonly number[] {
  return Array.from(text, (letter) => letter.charCodeAt(0));
}

/** Digit by digit: a text of it would take longer than the digest of a small object. Answers how many bytes it is. */
function writeHeader(into: Uint8Array, type: ObjectType, size: number): number {
  const word = typeLetters[type];
  let end = word.length;
  for (let index = 0; index < end; index++) into[index] = word[index] as number;
  let unit = 1;
  while (unit * 10 <= size) unit *= 10;
  for (; unit >= 1; unit /= 10) into[end++] = 0x30 + (Math.floor(size / unit) % 10);
  into[end++] = 0;
  return end;
}

/** Below this size copying the object beside its header is cheaper than a digest in two steps. */
const scratchSizeBytes = 16_384;
const scratch = new Uint8Array(scratchSizeBytes);

/** The id of an object, computed from its bytes. */
export function objectId(format: ObjectFormat, type: ObjectType, data: Uint8Array): ObjectId {
  if (data.length > scratchSizeBytes - maxHeaderSizeBytes) {
    return createDigest(format).update(objectHeader(type, data.length)).update(data).hex();
  }
  const start = writeHeader(scratch, type, data.length);
  scratch.set(data, start);
  return digestHex(format, scratch.subarray(0, start + data.length));
}

/** The id of an object of any size, from its bytes piece by piece, `size` of them. */
export async function streamObjectId(
  format: ObjectFormat,
  type: ObjectType,
  size: number,
  pieces: AsyncIterable<Uint8Array>,
): Promise<ObjectId> {
  const digest = createDigest(format).update(objectHeader(type, size));
  for await (const piece of pieces) digest.update(piece);
  return digest.hex();
}

export interface CommitLinks {
  readonly tree: ObjectId;
  readonly parents: readonly ObjectId[];
}

/** Where a commit points to. Reads no further than the last parent: anything may follow. Throws `CORRUPT`. */
export function parseCommit(format: ObjectFormat, data: Uint8Array): CommitLinks {
  const lines = new HeaderLines(format, "commit", data);
  const tree = lines.id("tree") ?? lines.fail('no "tree" line');
  const parents: ObjectId[] = [];
  for (let parent = lines.id("parent"); parent !== undefined; parent = lines.id("parent")) parents.push(parent);
  return { tree, parents };
}

export interface TagLink {
  /** The id of what is tagged. */
  readonly object: ObjectId;
  readonly type: ObjectType;
}

/** Where an annotated tag points to. Reads no further than the type: old tags lack later lines. Throws `CORRUPT`. */
export function parseTag(format: ObjectFormat, data: Uint8Array): TagLink {
  const lines = new HeaderLines(format, "tag", data);
  const object = lines.id("object") ?? lines.fail('no "object" line');
  const type = lines.text("type");
  if (type !== "commit" && type !== "tree" && type !== "blob" && type !== "tag") return lines.fail("no known type");
  return { object, type };
}

/** The lines `<word> <value>` at the start of a commit or tag, taken one by one. */
class HeaderLines {
  readonly #format: ObjectFormat;
  readonly #type: ObjectType;
  readonly #data: Uint8Array;
  #offset = 0;

  constructor(format: ObjectFormat, type: ObjectType, data: Uint8Array) {
    this.#format = format;
    this.#type = type;
    this.#data = data;
  }

  /** The value of the next line if it begins with `word`; it may be no longer than an id. */
  text(word: string): string | undefined {
    const limit = this.#offset + word.length + 1 + objectIdLength(this.#format);
    const end = this.#data.subarray(0, limit + 1).indexOf(newline, this.#offset);
    const line = latin1(this.#data.subarray(this.#offset, end === -1 ? limit : end));
    if (!line.startsWith(`${word} `)) return undefined;
    if (end === -1) return this.fail(`the "${word}" line does not end`);
    this.#offset = end + 1;
    return line.slice(word.length + 1);
  }

  id(word: string): ObjectId | undefined {
    const text = this.text(word);
    if (text === undefined || isObjectId(this.#format, text)) return text;
    return this.fail(`the "${word}" line holds no object id`);
  }

  fail(problem: string): never {
    throw new TrunksError("CORRUPT", `not a ${this.#type}: ${problem}`);
  }
}

export interface TreeEntry {
  /** As in `0o100644` (file), `0o100755`, `0o120000` (symbolic link), `0o40000` (tree), `0o160000` (submodule). */
  readonly mode: number;
  /** The bytes of the name, which need not be UTF-8; a view of the tree's bytes. */
  readonly name: Uint8Array;
  readonly id: ObjectId;
}

/** The modes of trees, and of commits of other repositories. */
export const treeMode = 0o40000;
export const submoduleMode = 0o160000;

/** Modes and names that Git would warn of, not refuse, are passed on. Throws `CORRUPT` for what is no tree. */
export function* treeEntries(format: ObjectFormat, data: Uint8Array): Generator<TreeEntry, void, undefined> {
  for (const cursor = new TreeCursor(format, data); cursor.next(); )
    yield { mode: cursor.mode, name: cursor.name(), id: cursor.id() };
}

/** Goes from entry to entry of a tree; what it stands on is made when it is asked for. */
export class TreeCursor {
  readonly #format: ObjectFormat;
  readonly #idSize: number;
  readonly data: Uint8Array;
  /** See `TreeEntry`. */
  mode = 0;
  /** Where the id's bytes begin in `data`. */
  idStart: number;
  /** Where the name's bytes begin. */
  nameStart = 0;

  /** Before the first entry. */
  constructor(format: ObjectFormat, data: Uint8Array) {
    this.#format = format;
    this.#idSize = objectIdSizeBytes(format);
    this.data = data;
    this.idStart = -this.#idSize;
  }

  /** False behind the last one. Throws `CORRUPT` for what is no tree. */
  next(): boolean {
    const { data } = this;
    const offset = this.idStart + this.#idSize;
    if (offset === data.length) return false;
    const space = data.indexOf(spaceByte, offset);
    const mode = space === -1 ? undefined : parseMode(data, offset, space);
    if (mode === undefined) throw new TrunksError("CORRUPT", `not a tree: no mode at byte ${offset}`);
    const nameEnd = data.indexOf(0, space + 1);
    if (nameEnd === -1 || nameEnd === space + 1) {
      throw new TrunksError("CORRUPT", `not a tree: no name at byte ${space + 1}`);
    }
    if (nameEnd + 1 + this.#idSize > data.length)
      throw new TrunksError("CORRUPT", "not a tree: it ends within an entry");
    this.mode = mode;
    this.nameStart = space + 1;
    this.idStart = nameEnd + 1;
    return true;
  }

  /** Where they end. */
  get nameEnd(): number {
    return this.idStart - 1;
  }

  name(): Uint8Array {
    return this.data.subarray(this.nameStart, this.nameEnd);
  }

  id(): ObjectId {
    return readObjectId(this.#format, this.data, this.idStart);
  }
}

/** The bytes of a tree of these entries, which come in any order and are each named once. */
export function treeBytes(entries: readonly TreeEntry[]): Uint8Array {
  const sorted = [...entries].sort(compareEntries);
  const modes = sorted.map(({ mode }) => mode.toString(8));
  const idSize = (sorted[0]?.id.length ?? 0) / 2;
  const size = sorted.reduce(
    (sum, { name }, index) => sum + (modes[index] as string).length + name.length + 2 + idSize,
    0,
  );
  const data = new Uint8Array(size);
  let offset = 0;
  for (const [index, { name, id }] of sorted.entries()) {
    for (const digit of modes[index] as string) data[offset++] = digit.charCodeAt(0);
    data[offset++] = spaceByte;
    data.set(name, offset);
    offset += name.length + 1;
    data.set(objectIdBytes(id), offset);
    offset += idSize;
  }
  return data;
}

/** Git's order: by the bytes of the names, where a folder's name ends in a slash. Source: base_name_compare in Git. */
function compareEntries(left: TreeEntry, right: TreeEntry): number {
  const length = Math.min(left.name.length, right.name.length);
  for (let index = 0; index < length; index++) {
    const difference = (left.name[index] as number) - (right.name[index] as number);
    if (difference !== 0) return difference;
  }
  return byteBehind(left, length) - byteBehind(right, length);
}

function byteBehind({ mode, name }: TreeEntry, length: number): number {
  return name[length] ?? (mode === treeMode ? slash : 0);
}

const slash = 0x2f;
const spaceByte = 0x20;
const newline = 0x0a;

/** Octal digits, with zeros before them as some old tools wrote. */
function parseMode(data: Uint8Array, start: number, end: number): number | undefined {
  if (end === start || end - start > 7) return undefined;
  let mode = 0;
  for (let offset = start; offset < end; offset++) {
    const digit = (data[offset] as number) - 0x30;
    if (digit < 0 || digit > 7) return undefined;
    mode = mode * 8 + digit;
  }
  return mode;
}

/** One character a byte, so that no byte is lost or reinterpreted. */
function latin1(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}
