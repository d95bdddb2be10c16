import type { ObjectId } from "@trunks/repo/client";
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
  for await (const objects of session.objects.readBatches(byId.keys(), { signal: options.signal })) {
    for (const { id, data } of objects) {
      // Whoever gets bytes may change them.
      let isShared = session.objects.new.get(id) !== undefined;
      for (const entry of byId.get(id) as FileEntry[]) {
        yield { ...entry, bytes: isShared ? data.slice() : data };
        isShared = true;
      }
    }
  }
}
