import { abortedError, type Body, bodySlice, TrunksError } from "@trunks/core";
import type { FileCalls } from "./file-calls.ts";
import { errnoOf } from "./file-error.ts";
import type { Folders } from "./folders.ts";

/** Beside the keys: no key begins with a dot. */
const folderName = ".trunks-tmp";

/** A temporary file so old belongs to nobody: its writer would have gone on writing. */
const maxAgeMs = 24 * 60 * 60 * 1000;

/** So many leftovers are looked at, once for each backend object. */
const maxLeftovers = 1000;

/** Written at once, so that a stream of small chunks costs few calls. Measured: larger is no faster. */
const batchBytes = 2 ** 20;
const maxBatchChunks = 256;

/** Below this a call through the thread pool takes longer than the write. */
const smallBytes = 65_536;

/** What tells this writer's files from those of other processes and, on a share, of other machines. */
function writerName(): string {
  writer ??= `${process
    .getBuiltinModule("node:os")
    .hostname()
    .replaceAll(/[^A-Za-z0-9-]/g, "-")
    .slice(0, 64)}.${process.pid}`;
  return writer;
}

let writer: string | undefined;

/** Files on their way: written here, out of sight of readers and lists, and then given their name. */
export class Temporaries {
  readonly #path: string;
  readonly #folders: Folders;
  readonly #calls: FileCalls;
  #tidied = false;

  constructor(root: string, folders: Folders, calls: FileCalls) {
    this.#path = `${root}${root.endsWith("/") ? "" : "/"}${folderName}`;
    this.#folders = folders;
    this.#calls = calls;
  }

  /** Writes `body` to a new file and makes its bytes durable. Answers its path; leaves nothing when it throws. */
  async write(body: Body, signal: AbortSignal | undefined): Promise<string> {
    const { path, file } = this.#open();
    try {
      try {
        if (body instanceof Uint8Array) await this.#writeBytes(file, body, signal);
        else await this.#writeStream(file, bodySlice(body), signal);
        await this.#calls.sync(file);
        if (!this.#tidied) this.#tidy(this.#calls.fstat(file).mtimeMs);
      } finally {
        this.#calls.close(file);
      }
      if (signal?.aborted) throw abortedError(signal);
      return path;
    } catch (error) {
      this.remove(path);
      throw error;
    }
  }

  /** Removes a file that has its name or never gets one. What cannot be removed now is removed as a leftover later. */
  remove(path: string): void {
    try {
      this.#calls.unlink(path);
    } catch {}
  }

  /** How many names a file has; asks the server anew where that is one. */
  countNames(path: string): number {
    const file = this.#calls.open(path, "r");
    try {
      return this.#calls.fstat(file).nlink;
    } finally {
      this.#calls.close(file);
    }
  }

  /** Whether this file system has hard links, seen where this user may certainly make names. */
  hasHardLinks(path: string): boolean {
    const second = `${path}.link`;
    try {
      this.#calls.link(path, second);
    } catch {
      return false;
    }
    this.remove(second);
    return true;
  }

  #open(): { path: string; file: number } {
    // A name can be taken where machines share a name, or when processes end and their numbers come again.
    for (let tries = 0; tries < 16; tries++) {
      const path = `${this.#path}/${writerName()}.${Math.random().toString(36).slice(2)}`;
      try {
        return { path, file: this.#calls.open(path, "wx") };
      } catch (error) {
        if (errnoOf(error) === "ENOENT" || errnoOf(error) === "ENOTDIR") this.#makeFolder();
        else if (errnoOf(error) !== "EEXIST") throw error;
      }
    }
    throw new TrunksError("UNAVAILABLE", `no free name was found in ${this.#path}`, { retryable: true });
  }

  #makeFolder(): void {
    this.#folders.checkRoot();
    this.#folders.make(this.#path);
  }

  async #writeBytes(file: number, bytes: Uint8Array, signal: AbortSignal | undefined): Promise<void> {
    for (let written = 0; written < bytes.length; ) {
      if (signal?.aborted) throw abortedError(signal);
      const rest = bytes.subarray(written, written + 16 * batchBytes);
      written += rest.length <= smallBytes ? this.#calls.writeNow(file, rest) : await this.#calls.write(file, [rest]);
    }
  }

  /** Gathers the next batch while the last is written. */
  async #writeStream(file: number, chunks: AsyncIterable<Uint8Array>, signal: AbortSignal | undefined): Promise<void> {
    let writing: Promise<void> = Promise.resolve();
    let batch: Uint8Array[] = [];
    let gathered = 0;
    try {
      for await (const chunk of chunks) {
        if (signal?.aborted) throw abortedError(signal);
        if (chunk.length > 0) batch.push(chunk);
        gathered += chunk.length;
        if (gathered < batchBytes && batch.length < maxBatchChunks) continue;
        await writing;
        writing = this.#writeBatch(file, batch);
        // Its failure is met by the next await; until then nobody listens.
        writing.catch(() => {});
        batch = [];
        gathered = 0;
      }
    } finally {
      // The file must not be closed, and its number given to another, under a write.
      await writing;
    }
    await this.#writeBatch(file, batch);
  }

  async #writeBatch(file: number, batch: readonly Uint8Array[]): Promise<void> {
    let left = batch;
    while (left.length > 0) {
      let written = await this.#calls.write(file, left);
      const rest: Uint8Array[] = [];
      for (const chunk of left) {
        if (written < chunk.length) rest.push(chunk.subarray(written));
        written = Math.max(0, written - chunk.length);
      }
      left = rest;
    }
  }

  /**
   * Removes what writers that were killed have left. `nowMs` is the time of a file just written: by the clock of the disk
   * or share, as the leftovers' own times are. Best effort: others may be tidying too, or own what is there.
   */
  #tidy(nowMs: number): void {
    this.#tidied = true;
    for (const { name } of this.#calls.folder(this.#path).slice(0, maxLeftovers)) {
      const path = `${this.#path}/${name}`;
      try {
        const { mtimeMs = nowMs } = this.#calls.stat(path) ?? {};
        if (nowMs - mtimeMs > maxAgeMs && !isAlive(name)) this.#calls.unlink(path);
      } catch {}
    }
  }
}

/** Whether a temporary file belongs to a process that still runs on this machine: it may be asleep. */
function isAlive(name: string): boolean {
  const [host, pid] = name.split(".");
  if (`${host}.${process.pid}` !== writerName()) return false;
  try {
    process.kill(Number(pid), 0);
    return true;
  } catch (error) {
    return errnoOf(error) === "EPERM";
  }
}
