import type { ObjectId } from "@trunks/repo/client";
import { BatchItems } from "./batch-items.ts";
import { type FileEntry, findEntries, type ListOptions, listFiles } from "./list.ts";
import type { Session } from "./session.ts";

/** A file with its content. */
export interface ReadFile extends FileEntry {
  readonly bytes: Uint8Array;
}

/** The contents of all files and symbolic links that a listing names. */
export function readFiles(session: Session, folder: string, options: ListOptions): AsyncGenerator<ReadFile> {
  return new BatchItems(readBatches(session, folder, options));
}

async function* readBatches(session: Session, folder: string, options: ListOptions): AsyncGenerator<ReadFile[]> {
  const isPage = options.limit !== undefined || options.offset !== undefined;
  const entries = isPage
    ? (await listFiles(session, folder, options)).data
    : await findEntries(session, folder, options);
  const files = entries.filter(({ id, type }) => id !== null && (type === "file" || type === "symlink"));
  const byId = new Map<ObjectId, FileEntry>();
  /** Files with the content of one that came before. */
  const others: FileEntry[] = [];
  for (const file of files) {
    if (byId.has(file.id as ObjectId)) others.push(file);
    else byId.set(file.id as ObjectId, file);
  }
  const copies = Map.groupBy(others, ({ id }) => id as ObjectId);
  for await (const objects of session.objects.readBatches(byId.keys(), { signal: options.signal })) {
    const batch: ReadFile[] = [];
    for (const { id, data } of objects) {
      // Whoever gets bytes may change them.
      const isShared = session.objects.new.get(id) !== undefined;
      batch.push(fileOf(byId.get(id) as FileEntry, isShared ? data.slice() : data));
      for (const entry of copies.get(id) ?? []) batch.push(fileOf(entry, data.slice()));
    }
    yield batch;
  }
}

/** Named member by member: for very many files that is quicker than a spread. */
function fileOf({ object, path, type, executable, mode, id }: FileEntry, bytes: Uint8Array): ReadFile {
  return { object, path, type, executable, mode, id, bytes };
}
