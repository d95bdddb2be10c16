import { type ByteRange, type RequestOptions, TrunksError } from "@trunks/core";
import { encodeText, type ObjectId } from "@trunks/repo/client";
import { isDotGitModules } from "./dot-git.ts";
import { throwIfAborted } from "./lock.ts";
import { entryType, executableMode, fileMode, isExecutable, symlinkMode } from "./mode.ts";
import type { Stream } from "./objects.ts";
import { parseFolderPath, parseNewPath, parsePath } from "./path.ts";
import { resolveCommit } from "./revision.ts";
import type { Session } from "./session.ts";
import { isFolder, type StagedItem, StagedTree } from "./staged-tree.ts";
import type { TreeItem } from "./tree.ts";

/** Which version of the files is meant. */
export interface VersionOptions extends RequestOptions {
  /** Of which version: a branch, a tag, a commit. Default: what is staged. */
  readonly ref?: string;
}

/** Which version of a file, and how much of it. */
export interface ReadOptions extends VersionOptions {
  /** Part of it, in bytes. */
  readonly range?: ByteRange;
}

/** What a file is written as. */
export interface WriteOptions extends RequestOptions {
  /** `symlink`: the content is where it points to. Default: an executable file stays one, all else is a file. */
  readonly type?: "file" | "executable" | "symlink";
}

/** What a file may be made of. */
export type FileContent = string | Uint8Array | AsyncIterable<Uint8Array>;

/** The tree of a version. */
export async function versionTree(session: Session, { ref, signal }: VersionOptions): Promise<StagedTree> {
  if (ref === undefined) return session.staged;
  const id = await resolveCommit(session, ref, { signal });
  const { tree } = await session.history.commit(id, { signal });
  return new StagedTree(session.objects, session.format, tree);
}

/** The file or symbolic link at a path; `undefined` when nothing stands there. Throws for a folder and a submodule. */
async function findFile(session: Session, path: string, options: VersionOptions): Promise<TreeItem | undefined> {
  const names = parsePath(path);
  const tree = options.ref === undefined ? session.staged : await versionTree(session, options);
  // Without a wait where none is needed: of very many reads at once, all then go on at the same moment.
  const known = tree.peek(names);
  const item = known === null ? await tree.find(names, options) : known;
  if (item === undefined) return undefined;
  const type = entryType(item.mode);
  if (type === "file" || type === "symlink") return item as TreeItem;
  throw new TrunksError("INVALID_ARGUMENT", `${path} is a ${type}, not a file`);
}

export async function readFile(session: Session, path: string, options: ReadOptions): Promise<Uint8Array | undefined> {
  const item = await findFile(session, path, options);
  return item && session.objects.readBlob(item.id, options.range, options);
}

export async function streamFile(session: Session, path: string, options: VersionOptions): Promise<Stream | undefined> {
  const item = await findFile(session, path, options);
  return item && session.objects.streamBlob(item.id, options);
}

export async function exists(session: Session, path: string, options: VersionOptions): Promise<boolean> {
  return (await (await versionTree(session, options)).find(parseFolderPath(path), options)) !== undefined;
}

export async function writeFile(
  session: Session,
  path: string,
  content: FileContent,
  options: WriteOptions,
): Promise<ObjectId> {
  const names = parseNewPath(path);
  const before = await findForChange(session, names, options);
  if (isFolder(before)) throw taken(path, "a folder");
  const mode = modeOf(options.type, before);
  checkMode(names, mode);
  const id = await addContent(session, content, options);
  await session.staged.put(names, { mode, id }, options);
  return id;
}

/** What stands where something shall be put. Throws `ALREADY_EXISTS` where a file is on the way to it. */
async function findForChange(
  { staged }: Session,
  names: readonly string[],
  options: RequestOptions,
): Promise<StagedItem | undefined> {
  await staged.checkWay(names, options);
  return staged.find(names, options);
}

export async function addContent(
  session: Session,
  content: FileContent,
  { signal }: RequestOptions,
): Promise<ObjectId> {
  if (typeof content === "string") return session.objects.new.addBlob(encodeText(content));
  // A copy: the caller may go on to use his buffer.
  if (content instanceof Uint8Array) return session.objects.new.addBlob(content.slice());
  return session.objects.new.addBlobStream(abortable(content, signal));
}

async function* abortable(
  pieces: AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) {
    throwIfAborted(signal);
    yield piece;
  }
}

function modeOf(type: WriteOptions["type"], before: StagedItem | undefined): number {
  if (type === "symlink") return symlinkMode;
  if (type === undefined && before !== undefined && isExecutable(before.mode)) return executableMode;
  return type === "executable" ? executableMode : fileMode;
}

function checkMode(names: readonly string[], mode: number): void {
  if (entryType(mode) !== "symlink" || !isDotGitModules(names.at(-1) as string)) return;
  throw new TrunksError("INVALID_ARGUMENT", `${names.join("/")} cannot be a symbolic link: git refuses that`);
}

export async function makeFolder(session: Session, path: string, options: RequestOptions): Promise<void> {
  if (parseFolderPath(path).length === 0) return;
  const names = parseNewPath(path.replace(/\/$/, ""));
  const before = await findForChange(session, names, options);
  if (isFolder(before)) return;
  if (before !== undefined) throw taken(path, "a file");
  await session.staged.put(names, session.staged.newFolder(), options);
}

export async function copy(session: Session, source: string, target: string, options: RequestOptions): Promise<void> {
  const item = await toCopy(session, source, target, options);
  await session.staged.put(parseNewPath(target), item, options);
}

export async function move(session: Session, source: string, target: string, options: RequestOptions): Promise<void> {
  const item = await toCopy(session, source, target, options);
  if (source === target) return;
  await session.staged.remove(parsePath(source), options);
  await session.staged.put(parsePath(target), item, options);
}

/** What shall stand at the target too. A file takes a file's place; a folder takes no place that is taken. */
async function toCopy(session: Session, source: string, target: string, options: RequestOptions): Promise<StagedItem> {
  const { staged } = session;
  const from = parsePath(source);
  const to = parseNewPath(target);
  const item = await staged.find(from, options);
  if (item === undefined) throw nothingThere(source);
  checkMode(to, item.mode);
  const there = await findForChange(session, to, options);
  if (isFolder(there) && source !== target) throw taken(target, "a folder");
  if (!isFolder(item)) return item;
  if (there !== undefined && source !== target) throw taken(target, "a file");
  if (to.length > from.length && from.every((name, index) => to[index] === name)) {
    throw new TrunksError("INVALID_ARGUMENT", `${target} is within ${source}`);
  }
  return staged.copyOf(item);
}

/** What may be removed. */
export interface RemoveOptions extends RequestOptions {
  /** Whether a folder may be removed, with all that is in it. Default false. */
  readonly recursive?: boolean;
}

export async function remove(session: Session, path: string, options: RemoveOptions): Promise<void> {
  const names = parsePath(path);
  const item = await session.staged.find(names, options);
  if (item === undefined) throw nothingThere(path);
  if (isFolder(item) && !options.recursive && (await session.staged.items(item, options)).size > 0) {
    throw new TrunksError("INVALID_ARGUMENT", `${path} is a folder that is not empty`, {
      hint: "say `{ recursive: true }` to remove what is in it too",
    });
  }
  await session.staged.remove(names, options);
}

function taken(path: string, what: string): TrunksError {
  return new TrunksError("ALREADY_EXISTS", `${path} is ${what}`);
}

function nothingThere(path: string): TrunksError {
  return new TrunksError("NOT_FOUND", `there is no ${path}`);
}
