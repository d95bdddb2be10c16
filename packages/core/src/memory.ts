import type { Backend, Capabilities, GetOptions, ListOptions, ListPage, RequestOptions } from "./backend.ts";
import { type Body, bytesBody } from "./body.ts";
import { bytesContent, type Content } from "./content.ts";
import { checkKey, checkPrefix, compareKeys } from "./key.ts";
import { resolveRange } from "./range.ts";
import { checkRequest, checkWrite } from "./request.ts";

interface Stored {
  readonly bytes: Uint8Array;
  readonly modifiedMs: number;
}

export interface MemoryBackendOptions {
  /** The store's clock, in milliseconds since 1970. Default: the system's. */
  readonly now?: () => number;
  /** Be a further client of this one's store. Default: a new, empty store. */
  readonly storeOf?: MemoryBackend;
}

/** A backend that lives as long as the object: for tests, for trying things out, and as the reference of the contract. */
export class MemoryBackend implements Backend {
  readonly name = "memory";
  readonly capabilities: Capabilities = {
    promptList: true,
    maxBodyBytes: 2 ** 31,
    rangeSizeBytes: 8 * 2 ** 20,
    rangeConcurrency: 1,
  };
  readonly #stored: Map<string, Stored>;
  readonly #now: () => number;
  #closed = false;

  constructor(options: MemoryBackendOptions = {}) {
    this.#stored = options.storeOf === undefined ? new Map() : options.storeOf.#stored;
    this.#now = options.now ?? Date.now;
  }

  async get(key: string, options: GetOptions = {}): Promise<Content | undefined> {
    checkRequest(this.#closed, options);
    checkKey(key);
    const stored = this.#stored.get(key);
    if (stored === undefined) return undefined;
    const { start, end } = resolveRange(options.range, stored.bytes.length);
    return bytesContent(stored.bytes.slice(start, end), stored.bytes.length);
  }

  async create(key: string, body: Body, options: RequestOptions = {}): Promise<boolean> {
    checkRequest(this.#closed, options);
    checkWrite(key, body, this.capabilities.maxBodyBytes);
    const bytes = (await bytesBody(body)).slice();
    checkRequest(this.#closed, options);
    if (this.#stored.has(key)) return false;
    this.#stored.set(key, { bytes, modifiedMs: this.#now() });
    return true;
  }

  async put(key: string, body: Body, options: RequestOptions = {}): Promise<void> {
    checkRequest(this.#closed, options);
    checkWrite(key, body, this.capabilities.maxBodyBytes);
    const bytes = (await bytesBody(body)).slice();
    checkRequest(this.#closed, options);
    this.#stored.set(key, { bytes, modifiedMs: this.#now() });
  }

  async list(prefix: string, options: ListOptions = {}): Promise<ListPage> {
    checkRequest(this.#closed, options);
    checkPrefix(prefix);
    const { after = "", limit = 1000 } = options;
    const found = [...this.#stored.keys()].filter((key) => key.startsWith(prefix) && key > after).sort(compareKeys);
    const keys = found.slice(0, limit).map((key) => {
      const { bytes, modifiedMs } = this.#stored.get(key) as Stored;
      return { key, size: bytes.length, modifiedMs };
    });
    return { keys, more: found.length > keys.length };
  }

  async delete(keys: readonly string[], options: RequestOptions = {}): Promise<void> {
    checkRequest(this.#closed, options);
    for (const key of keys) checkKey(key);
    for (const key of keys) this.#stored.delete(key);
  }

  async close(): Promise<void> {
    this.#closed = true;
  }
}
