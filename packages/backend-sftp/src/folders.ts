import { TrunksError } from "@trunks/core";
import type { Connection } from "./connection.ts";
import { type Attempt, headOf } from "./failure.ts";
import { isRefusal, Refusal, status } from "./refusal.ts";
import type { SftpStore } from "./store.ts";

/** Deeper than any key. */
const maxDepth = 512;

/** The folder that holds `path`. */
export function parentOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash <= 0 ? path.slice(0, slash + 1) : path.slice(0, slash);
}

/** The folders below the root: made when they are needed, and durable then; removed when they are empty. */
export class Folders {
  readonly #store: SftpStore;

  constructor(store: SftpStore) {
    this.#store = store;
  }

  /** Makes the folder `path` and what is missing above it, up to the root, which must be there. */
  async make(connection: Connection, path: string, attempt: Attempt): Promise<void> {
    if (!this.#isBelowRoot(path)) return await this.#store.checkRoot(connection, attempt);
    // Another client may remove the upper folder, empty as it is, before the lower one is made.
    for (let tries = 0; tries < maxDepth; tries++) {
      try {
        await connection.makeFolder(path, attempt.signal);
        await this.settle(connection, parentOf(path), attempt);
        return;
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        if (error.status === status.noSuchFile) {
          await this.make(connection, parentOf(path), attempt);
          continue;
        }
        const kind = await kindOf(connection, path, attempt);
        if (kind === "folder") return;
        if (kind === "file") throw isNoFolder(path, attempt);
        throw error;
      }
    }
    throw new TrunksError("UNAVAILABLE", `${headOf(attempt)}: ${path} is removed again and again`, { retryable: true });
  }

  /** Makes durable what `path` holds now, as far as the server can. */
  async settle(connection: Connection, path: string, attempt: Attempt): Promise<void> {
    if (!connection.offers("fsync@openssh.com")) return;
    let folder: Buffer;
    try {
      folder = await connection.openFile(path || ".", "r", attempt.signal);
    } catch (error) {
      // Folders are not files everywhere; or what was in it was deleted, and it with it.
      if (error instanceof Refusal) return;
      throw error;
    }
    try {
      await connection.sync(folder, attempt.signal);
    } catch (error) {
      // Some file systems know no such thing.
      if (!isRefusal(error, status.badMessage) && !isRefusal(error, status.unsupported)) throw error;
    } finally {
      connection.release(folder);
    }
  }

  /** Removes `path` and what is above it as far as they are empty; whatever stands against that leaves them. */
  async prune(connection: Connection, path: string, attempt: Attempt): Promise<void> {
    for (let folder = path; this.#isBelowRoot(folder); folder = parentOf(folder)) {
      try {
        await connection.removeFolder(folder, attempt.signal);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        if (error.status !== status.noSuchFile) return;
      }
    }
  }

  #isBelowRoot(path: string): boolean {
    const { root } = this.#store.options;
    return path !== "" && path.length > root.length && path !== "/";
  }
}

/** What is at `path`; `file` also when one of the folders above is a file. */
export async function kindOf(
  connection: Connection,
  path: string,
  attempt: Attempt,
): Promise<"absent" | "file" | "folder"> {
  try {
    const found = await connection.stat(path, attempt.signal);
    return found === undefined ? "absent" : found.kind === "folder" ? "folder" : "file";
  } catch (error) {
    if (!isRefusal(error, status.failure)) throw error;
    // So servers say that the way leads through a file.
    const parent = parentOf(path);
    if (parent === path || parent === "" || parent === "/") throw error;
    if ((await kindOf(connection, parent, attempt)) === "file") return "file";
    throw error;
  }
}

export function isNoFolder(path: string, attempt: Attempt): TrunksError {
  return new TrunksError(
    "INVALID_ARGUMENT",
    `${headOf(attempt)}: ${path} cannot be a folder: it is a key, or below one`,
  );
}
