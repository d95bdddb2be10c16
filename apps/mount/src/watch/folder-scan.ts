import { type Dirent, lstatSync, readdirSync } from "node:fs";
import { type BytePath, onDisk } from "../byte-path.ts";
import type { FolderWatcher } from "./folder-watcher.ts";

/**
 * Watches a folder and those below it that git would not ignore, and answers the files in them. Neither git's own folders nor
 * repositories inside are entered. A folder is watched before it is read.
 */
export async function watchBelow(
  root: string,
  start: BytePath,
  watcher: FolderWatcher,
  notIgnored: (folders: readonly BytePath[]) => Promise<BytePath[] | undefined>,
): Promise<BytePath[]> {
  const files: BytePath[] = [];
  for (let level = [start]; level.length > 0; ) {
    const found: BytePath[] = [];
    for (const [index, folder] of level.entries()) {
      if (index % 256 === 255) await new Promise(setImmediate); // Events are read in between.
      watcher.add(folder);
      const entries = entriesOf(root, folder);
      const isOther = folder !== "" && entries?.some(({ name }) => name === ".git");
      if (entries === undefined || isOther) {
        // Known no more, it is entered again when something happens to it.
        watcher.remove(folder);
        continue;
      }
      for (const entry of entries) {
        if (entry.name === ".git" || (folder === "" && entry.name === ".trunks")) continue;
        const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
        if (entry.isDirectory()) found.push(path);
        else if (entry.isFile() || entry.isSymbolicLink()) files.push(path);
      }
    }
    // Where git cannot say, too much is watched; what is journalled is decided again.
    level = (await notIgnored(found)) ?? found;
  }
  return files;
}

/** `undefined` when it is gone or cannot be read. */
function entriesOf(root: string, folder: BytePath): Dirent[] | undefined {
  try {
    const place = folder === "" ? Buffer.from(root) : onDisk(root, folder);
    const entries = readdirSync(place, { encoding: "buffer", withFileTypes: true });
    return entries.map((entry) => Object.assign(entry, { name: entry.name.toString("latin1") }) as unknown as Dirent);
  } catch {
    return undefined;
  }
}

/** What stands at a path now. */
export type Kind =
  | { readonly kind: "missing" | "file" | "other" }
  | { readonly kind: "folder"; readonly inode: number };

export function kindAt(root: string, path: BytePath): Kind {
  try {
    const stat = lstatSync(onDisk(root, path));
    if (stat.isDirectory()) return { kind: "folder", inode: stat.ino };
    return { kind: stat.isFile() || stat.isSymbolicLink() ? "file" : "other" };
  } catch {
    return { kind: "missing" };
  }
}
