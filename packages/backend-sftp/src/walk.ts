import { checkKey, type ListedKey, maxKeyLength } from "@trunks/core";
import type { FolderEntry } from "./attributes.ts";
import type { Connection } from "./connection.ts";
import type { Attempt } from "./failure.ts";
import { kindOf } from "./folders.ts";
import { isRefusal, status } from "./refusal.ts";
import type { Handle } from "./session.ts";

/** Servers answer about a hundred names at once: so many answers are asked for before the first has come. */
const mostReads = 32;

/**
 * The keys below the folder `path`, whose own key prefix is `prefix`, behind `after`, in the byte order of whole keys.
 *
 * A folder sorts as its name with the slash: `a-b` and `a.b` come before all of `a/`, and `a0` behind it. So each folder
 * is read when its turn comes, and one that lies wholly before `after` never is.
 */
export async function* walk(
  connection: Connection,
  path: string,
  prefix: string,
  after: string,
  attempt: Attempt,
): AsyncGenerator<ListedKey> {
  const places: { readonly place: string; readonly entry: FolderEntry }[] = [];
  for (const found of await readFolder(connection, path || ".", attempt)) {
    if (!isSegment(found.name)) continue;
    const entry = await resolved(connection, found, join(path, found.name), attempt);
    const place = prefix + entry.name + (entry.kind === "folder" ? "/" : "");
    if ((entry.kind !== "file" && entry.kind !== "folder") || place.length > maxKeyLength) continue;
    if (place > after || (entry.kind === "folder" && after.startsWith(place))) places.push({ place, entry });
  }
  places.sort((left, right) => (left.place < right.place ? -1 : 1));
  for (const { place, entry } of places) {
    const { kind, name, size, modifiedMs } = entry;
    if (kind === "folder") yield* walk(connection, join(path, name), place, after, attempt);
    else yield { key: place, size, modifiedMs };
  }
}

function join(path: string, name: string): string {
  return path === "" || path.endsWith("/") ? path + name : `${path}/${name}`;
}

/** No entries when the folder is gone: with its last key it may be removed at any time. */
async function readFolder(connection: Connection, path: string, attempt: Attempt): Promise<FolderEntry[]> {
  let folder: Handle;
  try {
    folder = await connection.openFolder(path, attempt.signal);
  } catch (error) {
    if (isRefusal(error, status.noSuchFile)) return [];
    if (isRefusal(error, status.failure) && (await kindOf(connection, path, attempt)) === "file") return [];
    throw error;
  }
  const entries: FolderEntry[] = [];
  try {
    for (let reads = 2; ; reads = Math.min(reads * 2, mostReads)) {
      const answers = await Promise.all(
        Array.from({ length: reads }, () => connection.readFolder(folder, attempt.signal)),
      );
      for (const answer of answers) entries.push(...(answer ?? []));
      if (answers.includes(undefined)) return entries;
    }
  } finally {
    connection.release(folder);
  }
}

/** What a link leads to, as reads do; and what a server that told no types says when it is asked. */
async function resolved(
  connection: Connection,
  entry: FolderEntry,
  path: string,
  attempt: Attempt,
): Promise<FolderEntry> {
  if (entry.kind !== "link" && entry.kind !== "unknown") return entry;
  try {
    const found = await connection.stat(path, attempt.signal);
    return found === undefined ? { ...entry, kind: "other" } : { ...found, name: entry.name };
  } catch (error) {
    if (isRefusal(error, status.failure)) return { ...entry, kind: "other" };
    throw error;
  }
}

/** Hidden files, the temporary ones among them, and what else people put into folders are no keys. */
function isSegment(name: string): boolean {
  try {
    checkKey(name);
    return true;
  } catch {
    return false;
  }
}
