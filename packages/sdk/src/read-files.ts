import type { ObjectId } from "@trunks/repo/client";
import { BatchItems } from "./batch-items.ts";
import { entryOf, type FileEntry, type ListOptions, listFiles, visitItems } from "./list.ts";
import { entryType } from "./mode.ts";
import type { Session } from "./session.ts";

/** A file with its content. */
export interface ReadFile extends FileEntry {
  /** Its content, the caller's own. Small files may share one buffer: keep a copy of what is to be kept for long. */
  readonly bytes: Uint8Array;
}

/** What is kept of each of very many files until it is read. */
interface Wanted {
  /** The path of the folder, with a slash. */
  readonly prefix: string;
  readonly name: string;
  readonly mode: number;
}

interface FoundItem {
  readonly mode: number;
  readonly id: ObjectId | null | undefined;
}

/** The contents of all files and symbolic links that a listing names. */
export function readFiles(session: Session, folder: string, options: ListOptions): AsyncGenerator<ReadFile> {
  return new BatchItems(readBatches(session, folder, options));
}

async function* readBatches(session: Session, folder: string, options: ListOptions): AsyncGenerator<ReadFile[]> {
  const wanted = new Map<ObjectId, Wanted>();
  /** Files with the content of one that came before. */
  const copies = new Map<ObjectId, Wanted[]>();
  const want = (prefix: string, name: string, { mode, id }: FoundItem) => {
    const type = entryType(mode);
    if (typeof id !== "string" || (type !== "file" && type !== "symlink")) return;
    const file = { prefix, name, mode };
    if (!wanted.has(id)) wanted.set(id, file);
    else if (!copies.get(id)?.push(file)) copies.set(id, [file]);
  };
  if (options.limit !== undefined || options.offset !== undefined) {
    const { data } = await listFiles(session, folder, options);
    for (const { path, mode, id } of data) want("", path, { mode: Number.parseInt(mode, 8), id });
  } else {
    await visitItems(session, folder, options, want);
  }
  for await (const objects of session.objects.readBatches(wanted.keys(), { signal: options.signal })) {
    const batch: ReadFile[] = [];
    for (const { id, data } of objects) {
      // Whoever gets bytes may change them.
      const isShared = session.objects.new.get(id) !== undefined;
      batch.push(fileOf(wanted.get(id) as Wanted, id, isShared ? data.slice() : data));
      copies.get(id)?.forEach((copy) => {
        batch.push(fileOf(copy, id, data.slice()));
      });
    }
    yield batch;
  }
}

/** Named member by member: for very many files that is quicker than a spread. */
function fileOf({ prefix, name, mode: bits }: Wanted, id: ObjectId, bytes: Uint8Array): ReadFile {
  const { object, path, type, executable, mode } = entryOf(prefix + name, bits, id);
  return { object, path, type, executable, mode, id, bytes };
}
