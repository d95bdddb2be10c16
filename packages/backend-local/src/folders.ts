import { TrunksError } from "@trunks/core";
import type { FileCalls } from "./file-calls.ts";
import { errnoOf, fileError } from "./file-error.ts";

/** Deeper than any key. */
const maxDepth = 512;

/** The folder that holds `path`. */
export function parentOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash <= 0 ? path.slice(0, slash + 1) : path.slice(0, slash);
}

/** The folders below one root: made when they are needed, durable before anything in them counts, removed when empty. */
export class Folders {
  readonly #root: string;
  readonly #calls: FileCalls;
  /** Folders whose names this process has made durable. */
  readonly #durable = new Set<string>();
  /** How many this process has removed: one that was removed while it was synced is not durable. */
  #removed = 0;

  constructor(root: string, calls: FileCalls) {
    this.#root = root;
    this.#calls = calls;
  }

  /** Throws `NOT_FOUND` when the root is not there, as when a share is not mounted. It is never made here. */
  checkRoot(): void {
    try {
      if (this.#calls.stat(this.#root)?.isDirectory()) return;
    } catch (error) {
      throw fileError(error, "open", this.#root);
    }
    throw new TrunksError("NOT_FOUND", `there is no folder ${this.#root}`, {
      hint: `mount the disk or share that it is on, or make it: mkdir -p ${shellWord(this.#root)}`,
    });
  }

  /** Makes the folder `path` and what is missing above it, up to the root. */
  make(path: string): void {
    if (path.length <= this.#root.length) {
      this.checkRoot();
      return;
    }
    // Another process may remove the upper folder, empty as it is, before the lower one is made.
    for (let tries = 0; tries < maxDepth; tries++) {
      try {
        this.#calls.makeFolder(path);
        return;
      } catch (error) {
        if (errnoOf(error) === "EEXIST") return;
        if (errnoOf(error) !== "ENOENT") throw error;
        this.make(parentOf(path));
      }
    }
    throw new TrunksError("UNAVAILABLE", `cannot make ${path}: it is removed again and again`, { retryable: true });
  }

  /**
   * Makes durable that `path` holds the entries it has now, and that the folders above, up to the root, hold it. Those
   * above are synced once a process: whoever remakes one that was removed meanwhile syncs it for themselves.
   */
  async settle(path: string): Promise<void> {
    const folders = [path];
    for (let below = path; below.length > this.#root.length && !this.#durable.has(below); below = parentOf(below)) {
      folders.push(parentOf(below));
    }
    const removed = this.#removed;
    const synced = await Promise.all(folders.map((folder) => this.#sync(folder)));
    for (const [index, folder] of folders.entries()) {
      if (synced[index] && synced[index + 1] && removed === this.#removed) this.#durable.add(folder);
    }
  }

  /**
   * Removes `path` and what is above it as far as they are empty; whatever stands against that leaves them. Answers the
   * lowest folder that is left.
   */
  prune(path: string): string {
    let folder = path;
    while (folder.length > this.#root.length) {
      try {
        this.#calls.removeFolder(folder);
      } catch (error) {
        if (errnoOf(error) !== "ENOENT") break;
      }
      this.#durable.delete(folder);
      this.#removed++;
      folder = parentOf(folder);
    }
    return folder;
  }

  /** Whether there was something to sync. */
  async #sync(path: string): Promise<boolean> {
    let folder: number;
    try {
      folder = this.#calls.open(path, "r");
    } catch (error) {
      // What was in it was deleted, and it with it. Windows does not open folders.
      if (errnoOf(error) === "ENOENT" || process.platform === "win32") return false;
      throw error;
    }
    try {
      await this.#calls.sync(folder);
    } catch (error) {
      // Some network file systems know no such thing: what a server has acknowledged is as durable as it gets.
      if (errnoOf(error) !== "EINVAL" && errnoOf(error) !== "ENOTSUP") throw error;
    } finally {
      this.#calls.close(folder);
    }
    return true;
  }
}

/** `text` as one word of a shell's command. */
function shellWord(text: string): string {
  return /^[\w./@%+=:,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
