import { type FSWatcher, lstatSync, readFileSync, watch } from "node:fs";
import { type BytePath, onDisk } from "../byte-path.ts";

export interface FolderWatcherEvents {
  /** Something happened to what is there, or no longer there. */
  changed(path: BytePath): void;
  /** Changes may have been missed: everything must be looked at. */
  lost(reason: string): void;
}

interface WatchedFolder {
  readonly watcher: FSWatcher;
  /** Which folder it is, whatever its name. */
  readonly inode: number;
  /** The last look at everything that met it. */
  look: number;
}

/** What the system answers when one of its limits is reached. Source: inotify(7). */
const limits: Readonly<Record<string, string>> = {
  ENOSPC: "the limit fs.inotify.max_user_watches is reached",
  EMFILE: "the limit fs.inotify.max_user_instances is reached",
};

/**
 * Watches folders, each on its own, by the runtime's own watcher. A new folder is watched before it is read, so that nothing in
 * it goes unseen; and folders that are of no interest cost nothing.
 *
 * Linux queues events, and throws away what comes to a full queue without a word to the reader. Each event of the queue is
 * counted here, and a queue that was full is read in one go: whoever counts fewer events in a turn of the loop than the queue
 * holds has missed none. Source: inotify(7).
 */
export class FolderWatcher {
  readonly #folder: string;
  readonly #events: FolderWatcherEvents;
  readonly #watched = new Map<BytePath, WatchedFolder>();
  readonly #queueSize = queueSize();
  #eventsInTurn = 0;
  #look = 0;
  #unwatched = 0;
  #why: string | undefined;

  constructor(folder: string, events: FolderWatcherEvents) {
    this.#folder = folder;
    this.#events = events;
  }

  get size(): number {
    return this.#watched.size;
  }

  /** How many folders could not be watched, since the last look at everything began. */
  get unwatched(): number {
    return this.#unwatched;
  }

  /** Why the first of them could not. */
  get whyUnwatched(): string | undefined {
    return this.#why;
  }

  has(path: BytePath): boolean {
    return this.#watched.has(path);
  }

  /** Whether that very folder is watched under this name. */
  isCurrent(path: BytePath, inode: number): boolean {
    return this.#watched.get(path)?.inode === inode;
  }

  /** Watches a folder, not those in it; the empty path is the top. One that cannot be read is of no interest. */
  add(path: BytePath): void {
    const place = this.#place(path);
    try {
      const known = this.#watched.get(path);
      if (known !== undefined && known.inode === lstatSync(place).ino) {
        known.look = this.#look;
        return;
      }
      this.#close(path);
      const watcher = watch(place, "buffer", (_, name) => this.#take(path, name));
      watcher.on("error", (error) => this.#events.lost(error.message));
      this.#watched.set(path, { watcher, inode: lstatSync(place).ino, look: this.#look });
    } catch (error) {
      const { code = "" } = error as NodeJS.ErrnoException;
      if (["ENOENT", "ENOTDIR", "EACCES"].includes(code)) return;
      this.#unwatched++;
      this.#why ??= limits[code] ?? code;
    }
  }

  /** Forgets a folder and those below it. */
  remove(path: BytePath): void {
    this.#close(path);
    for (const below of [...this.#watched.keys()]) if (below.startsWith(`${path}/`)) this.#close(below);
  }

  /** From here on everything that is of interest is added again. */
  beginLook(): void {
    this.#look++;
    this.#unwatched = 0;
    this.#why = undefined;
  }

  /** Forgets folders that were not: they are gone, or ignored by now. */
  endLook(): void {
    for (const [path, { look }] of [...this.#watched]) if (look < this.#look) this.#close(path);
  }

  close(): void {
    for (const path of [...this.#watched.keys()]) this.#close(path);
  }

  #place(path: BytePath): Buffer {
    return path === "" ? Buffer.from(this.#folder) : onDisk(this.#folder, path);
  }

  #close(path: BytePath): void {
    this.#watched.get(path)?.watcher.close();
    this.#watched.delete(path);
  }

  #take(folder: BytePath, name: Buffer | null): void {
    if (this.#eventsInTurn++ === 0) {
      setImmediate(() => {
        this.#eventsInTurn = 0;
      });
    }
    if (this.#eventsInTurn === this.#queueSize) this.#events.lost("more changes than the system's queue holds");
    const text = name?.toString("latin1");
    if (text === undefined) this.#events.lost("a change without a name");
    else this.#events.changed(folder === "" ? text : `${folder}/${text}`);
  }
}

/** Half of what the queue holds, for events that come to nobody any more are not counted. */
function queueSize(): number {
  try {
    return Number(readFileSync("/proc/sys/fs/inotify/max_queued_events", "utf8")) >> 1;
  } catch {
    return 8192;
  }
}
