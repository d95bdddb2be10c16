import { createHash, randomUUID } from "node:crypto";
import { mkdir, open, readdir, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type ByteRange, bytesContent, type Content } from "@trunks/core";
import { entryPieces, entrySize, readEntry } from "./cache-entry.ts";
import { watchContent } from "./watch-content.ts";

export interface CacheFolderOptions {
  /** Where the entries lie; made when needed, readable by its owner only. It must serve one store alone. */
  readonly folder: string;
  /** About so many bytes are kept, in blocks of the file system; a tenth more may gather before the oldest go. */
  readonly maxBytes: number;
  /** Larger bodies are not kept. Default 64 MiB; never more than a tenth of `maxBytes`. */
  readonly maxEntryBytes?: number;
  /** From 0 up to, not including, 1. Default `Math.random`. */
  readonly random?: () => number;
}

/** A read moves an entry to the newest only when it was touched longer ago: most reads then write nothing. */
const touchAfterMs = 60_000;
/** A temporary file this old was left by a process that died. */
const abandonedAfterMs = 3_600_000;
const diskBlockBytes = 4096;
const entryName = /^[0-9a-f]{64}$/;
const temporaryName = /^[0-9a-f]{64}\.[0-9a-f-]{36}\.tmp$/;

/** The entries of a cache on disk, a file each. No method throws: what fails is a miss, or is not kept. */
export class CacheFolder {
  readonly #folder: string;
  readonly #maxBytes: number;
  readonly #maxEntryBytes: number;
  readonly #random: () => number;

  constructor(options: CacheFolderOptions) {
    this.#folder = options.folder;
    this.#maxBytes = options.maxBytes;
    this.#maxEntryBytes = Math.min(options.maxEntryBytes ?? 64 * 2 ** 20, options.maxBytes / 10);
    this.#random = options.random ?? Math.random;
  }

  /** What is kept of `key`, checked. A damaged entry is dropped. */
  async read(key: string, range: ByteRange | undefined): Promise<Content | undefined> {
    const path = this.#path(key);
    const file = await unlessItFails(open(path, "r"));
    if (file === undefined) return undefined;
    try {
      const { size, mtimeMs } = await file.stat();
      const read = await readEntry(file, size, key, range);
      if (read === "damaged") {
        await this.drop(key);
        return undefined;
      }
      const now = new Date();
      if (now.getTime() - mtimeMs > touchAfterMs) await unlessItFails(utimes(path, now, now));
      return bytesContent(read.bytes, read.totalSize);
    } catch {
      return undefined;
    } finally {
      await unlessItFails(file.close());
    }
  }

  /** The same content; once it was read to its end it is kept, if it is a whole body and not too large. */
  keepWhenRead(key: string, content: Content): Content {
    const { size } = content;
    if (size !== content.totalSize || size > this.#maxEntryBytes) return content;
    let bytes: Uint8Array | undefined;
    let filled = 0;
    return watchContent(content, {
      chunk: (chunk) => {
        bytes ??= new Uint8Array(size);
        if (filled + chunk.length <= size) bytes.set(chunk, filled);
        filled += chunk.length;
      },
      end: async (outcome) => {
        if (outcome === "read" && filled === size) await this.#keep(key, bytes ?? new Uint8Array(0));
      },
    });
  }

  async drop(key: string): Promise<void> {
    await unlessItFails(rm(this.#path(key), { force: true }));
  }

  async #keep(key: string, body: Uint8Array): Promise<void> {
    const path = this.#path(key);
    const temporary = `${path}.${randomUUID()}.tmp`;
    try {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 });
      await writeFile(temporary, entryPieces(key, body), { flag: "wx", mode: 0o600 });
      await rename(temporary, path);
    } catch {
      await unlessItFails(rm(temporary, { force: true }));
      return;
    }
    // Nobody counts what all processes write. Each write sweeps with a probability by its size instead, so that one sweep
    // comes on average for every tenth of the bound, however short the processes live.
    if (this.#random() * (this.#maxBytes / 10) < diskBytes(entrySize(body.length))) await unlessItFails(this.#sweep());
  }

  /** Deletes the least recently used entries above the bound, and what dead processes left. */
  async #sweep(): Promise<void> {
    const entries: { readonly path: string; readonly bytes: number; readonly mtimeMs: number }[] = [];
    for (const name of await readdir(this.#folder)) {
      const path = join(this.#folder, name);
      const isEntry = entryName.test(name);
      if (!isEntry && !temporaryName.test(name)) continue;
      const status = await unlessItFails(stat(path));
      if (status === undefined) continue;
      if (isEntry) entries.push({ path, bytes: diskBytes(status.size), mtimeMs: status.mtimeMs });
      else if (Date.now() - status.mtimeMs > abandonedAfterMs) await unlessItFails(rm(path, { force: true }));
    }
    entries.sort((older, newer) => older.mtimeMs - newer.mtimeMs);
    let total = entries.reduce((sum, entry) => sum + entry.bytes, 0);
    for (const { path, bytes } of entries) {
      if (total <= this.#maxBytes) return;
      await unlessItFails(rm(path, { force: true }));
      total -= bytes;
    }
  }

  #path(key: string): string {
    return join(this.#folder, createHash("sha256").update(key).digest("hex"));
  }
}

function diskBytes(fileSize: number): number {
  return Math.ceil(fileSize / diskBlockBytes) * diskBlockBytes;
}

/** The disk only serves speed here: its failures are worth no more than going without. */
async function unlessItFails<Value>(work: Promise<Value>): Promise<Value | undefined> {
  try {
    return await work;
  } catch {
    return undefined;
  }
}
