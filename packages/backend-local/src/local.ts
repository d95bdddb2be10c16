import {
  type Backend,
  type Body,
  bytesContent,
  type Capabilities,
  type Content,
  checkKey,
  checkPrefix,
  checkRequest,
  type GetOptions,
  type ListedKey,
  type ListOptions,
  type ListPage,
  type RequestOptions,
  resolveRange,
  TrunksError,
} from "@trunks/core";
import { type FileCalls, fileCalls } from "./file-calls.ts";
import { cutFile, FileContent, unfilledBytes } from "./file-content.ts";
import { errnoOf, explained, fileError, unknownOutcome } from "./file-error.ts";
import { Folders, parentOf } from "./folders.ts";
import { linkAt, type Place, renameTo } from "./place.ts";
import { Spelling } from "./spelling.ts";
import { Temporaries } from "./temporaries.ts";
import { walk } from "./walk.ts";

export interface LocalBackendOptions {
  /** The absolute path of the folder that holds everything. It must exist. */
  readonly root: string;
}

/** Up to this size a body is read at once when it is asked for; from there on it is streamed. */
const smallBytes = 65_536;

/** So many files are deleted before others get their turn. */
const deleteBatch = 256;

/**
 * A folder on a disk or a mounted share: a key is a file of that path. Bodies are written to `.trunks-tmp` in the root,
 * synced, and then given their name by a hard link, which exactly one of many writers can make, or by a rename.
 */
export class LocalBackend implements Backend {
  readonly name = "local";
  readonly capabilities: Capabilities = {
    promptList: true,
    maxBodyBytes: Number.MAX_SAFE_INTEGER,
    rangeSizeBytes: 16 * 2 ** 20,
    rangeConcurrency: 1,
  };
  readonly #root: string;
  readonly #calls: FileCalls;
  readonly #folders: Folders;
  readonly #temporaries: Temporaries;
  readonly #spelling: Spelling;
  #closed = false;

  /** Does nothing but remember. `calls` is for tests. Throws `CONFIG_INVALID` when the root is no absolute path. */
  constructor(options: LocalBackendOptions, calls: FileCalls = fileCalls) {
    if (!/^(\/|[A-Za-z]:[\\/])/.test(options.root)) {
      throw new TrunksError("CONFIG_INVALID", `${JSON.stringify(options.root)} is not an absolute path`);
    }
    this.#root = options.root.replace(/(?<=.)\/+$/, "");
    this.#calls = calls;
    this.#folders = new Folders(this.#root, calls);
    this.#temporaries = new Temporaries(this.#root, this.#folders, calls);
    this.#spelling = new Spelling(this.#root, calls);
  }

  async get(key: string, options: GetOptions = {}): Promise<Content | undefined> {
    checkRequest(this.#closed, options);
    checkKey(key);
    const path = this.#pathOf(key);
    const file = this.#openFile(path);
    if (file === undefined) return undefined;
    let keep = false;
    try {
      const stat = this.#calls.fstat(file);
      if (stat.isDirectory()) return undefined;
      const { start, end } = resolveRange(options.range, stat.size);
      const open = { file, path, start, end, totalSize: stat.size };
      keep = end - start > smallBytes;
      if (keep) return new FileContent(open, this.#calls, options.signal);
      const bytes = unfilledBytes(end - start);
      for (let filled = 0; filled < bytes.length; ) {
        const count = this.#calls.readNow(file, bytes, filled, bytes.length - filled, start + filled);
        if (count === 0) throw cutFile(path);
        filled += count;
      }
      return bytesContent(bytes, stat.size);
    } catch (error) {
      throw fileError(error, "read", path);
    } finally {
      if (!keep) this.#calls.close(file);
    }
  }

  async create(key: string, body: Body, options: RequestOptions = {}): Promise<boolean> {
    checkRequest(this.#closed, options);
    checkKey(key);
    const path = this.#pathOf(key);
    return explained("create", path, async () => {
      let created = false;
      // Saves the loser of a race that is over the writing of its body.
      if (!this.#calls.stat(path)?.isFile()) {
        const temporary = await this.#temporaries.write(body, options.signal);
        try {
          created = linkAt(temporary, path, this.#place());
        } finally {
          this.#temporaries.remove(temporary);
        }
      }
      // For the loser too: what it was told to be there must not be gone after a loss of power.
      await this.#settle(path);
      return created;
    });
  }

  async put(key: string, body: Body, options: RequestOptions = {}): Promise<void> {
    checkRequest(this.#closed, options);
    checkKey(key);
    const path = this.#pathOf(key);
    await explained("write", path, async () => {
      const temporary = await this.#temporaries.write(body, options.signal);
      try {
        renameTo(temporary, path, this.#place());
      } catch (error) {
        this.#temporaries.remove(temporary);
        throw error;
      }
      await this.#settle(path);
    });
  }

  async list(prefix: string, options: ListOptions = {}): Promise<ListPage> {
    checkRequest(this.#closed, options);
    checkPrefix(prefix);
    const { after = "", limit = 1000 } = options;
    const keys: ListedKey[] = [];
    const path = prefix === "" ? this.#root : parentOf(this.#pathOf(`${prefix}x`));
    for (const key of walk(this.#calls, path, prefix, after)) {
      if (keys.length === limit) return { keys, more: true };
      const listed = this.#describe(key);
      if (listed !== undefined) keys.push(listed);
    }
    if (keys.length === 0) this.#folders.checkRoot();
    return { keys, more: false };
  }

  async delete(keys: readonly string[], options: RequestOptions = {}): Promise<void> {
    checkRequest(this.#closed, options);
    for (const key of keys) checkKey(key);
    const folders = new Set<string>();
    for (const [index, key] of keys.entries()) {
      if (index % deleteBatch === deleteBatch - 1) await this.#pause(options);
      const path = this.#pathOf(key);
      if (this.#removeFile(path)) folders.add(parentOf(path));
    }
    if (folders.size === 0) this.#folders.checkRoot();
    const left = new Set([...folders].map((folder) => this.#folders.prune(folder)));
    for (const folder of left) await explained("delete from", folder, () => this.#folders.settle(folder));
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  async #pause(options: RequestOptions): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    checkRequest(this.#closed, options);
  }

  /** Throws `CONFIG_INVALID` when the way there is called otherwise: see `Spelling`. */
  #pathOf(key: string): string {
    const path = this.#root.endsWith("/") ? this.#root + key : `${this.#root}/${key}`;
    this.#spelling.check(path);
    return path;
  }

  #place(): Place {
    return { calls: this.#calls, folders: this.#folders, temporaries: this.#temporaries };
  }

  /** `undefined` when nothing is there. */
  #openFile(path: string): number | undefined {
    try {
      return this.#calls.open(path, "r");
    } catch (error) {
      if (errnoOf(error) !== "ENOENT" && errnoOf(error) !== "ENOTDIR") throw fileError(error, "read", path);
      this.#folders.checkRoot();
      return undefined;
    }
  }

  /** Makes the name at `path` durable. When that fails the name is there, and may be gone after a loss of power. */
  async #settle(path: string): Promise<void> {
    try {
      await this.#folders.settle(parentOf(path));
    } catch (error) {
      throw unknownOutcome(error, path);
    }
  }

  /** `undefined` when the file was deleted since its folder was read. */
  #describe(key: string): ListedKey | undefined {
    const path = this.#pathOf(key);
    try {
      const stat = this.#calls.stat(path);
      return stat && { key, size: stat.size, modifiedMs: Math.floor(stat.mtimeMs) };
    } catch (error) {
      throw fileError(error, "list", path);
    }
  }

  /** Whether there was a file to remove. */
  #removeFile(path: string): boolean {
    try {
      this.#calls.unlink(path);
      return true;
    } catch (error) {
      const code = errnoOf(error);
      if (code === "ENOENT" || code === "ENOTDIR") return false;
      // A folder is no key. POSIX has its removal refused with EPERM, Linux with EISDIR.
      if (code === "EISDIR" || (code === "EPERM" && this.#calls.stat(path)?.isDirectory())) return false;
      throw fileError(error, "delete", path);
    }
  }
}
