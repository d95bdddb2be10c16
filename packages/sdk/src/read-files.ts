import type { ObjectId } from "@trunks/repo";
import { type FileEntry, type ListOptions, listFiles } from "./list.ts";
import type { Session } from "./session.ts";

/** A file with its content. */
export interface ReadFile extends FileEntry {
  readonly bytes: Uint8Array;
}

/** The contents of all files and symbolic links that a listing names. */
export async function* readFiles(session: Session, folder: string, options: ListOptions): AsyncGenerator<ReadFile> {
  const { data } = await listFiles(session, folder, options);
  const byId = new Map<ObjectId, FileEntry[]>();
  for (const entry of data) {
    if (entry.id === null || (entry.type !== "file" && entry.type !== "symlink")) continue;
    const entries = byId.get(entry.id);
    if (entries === undefined) byId.set(entry.id, [entry]);
    else entries.push(entry);
  }
  for await (const { id, data: bytes } of session.objects.readMany(byId.keys(), { signal: options.signal })) {
    // Copies, because what is read may be shared with a cache.
    for (const entry of byId.get(id) ?? []) yield { ...entry, bytes: bytes.slice() };
  }
}
