import {
  type Backend,
  type Body,
  bytesBody,
  bytesContent,
  type Capabilities,
  type Content,
  checkKey,
  checkPrefix,
  checkRequest,
  checkWrite,
  compareKeys,
  type GetOptions,
  type ListOptions,
  type ListPage,
  type RequestOptions,
  resolveRange,
} from "@trunks/core";

interface Stored {
  readonly bytes: Uint8Array;
  readonly modifiedMs: number;
}

/** Stands in for the store, for as long as the process lives. Two clients of one place see the same. */
const places = new Map<string, Map<string, Stored>>();

export class MyStoreBackend implements Backend {
  readonly name = "mystore";
  readonly capabilities: Capabilities = {
    promptList: true,
    maxBodyBytes: 2 ** 31,
    rangeSizeBytes: 8 * 2 ** 20,
    rangeConcurrency: 4,
  };
  readonly #stored: Map<string, Stored>;
  #closed = false;

  /** Does nothing but remember. */
  constructor(place: string) {
    this.#stored = places.get(place) ?? new Map();
    places.set(place, this.#stored);
  }

  async get(key: string, options: GetOptions = {}): Promise<Content | undefined> {
    checkRequest(this.#closed, options);
    checkKey(key);
    // Stand-in. Ask the store for the range only, and answer a `streamContent` when it is large.
    const stored = this.#stored.get(key);
    if (stored === undefined) return undefined;
    const { start, end } = resolveRange(options.range, stored.bytes.length);
    return bytesContent(stored.bytes.slice(start, end), stored.bytes.length);
  }

  async create(key: string, body: Body, options: RequestOptions = {}): Promise<boolean> {
    checkRequest(this.#closed, options);
    checkWrite(key, body, this.capabilities.maxBodyBytes);
    // Stand-in. The store itself must decide who is first: looking before writing lets two win.
    const bytes = (await bytesBody(body)).slice();
    checkRequest(this.#closed, options);
    if (this.#stored.has(key)) return false;
    this.#stored.set(key, { bytes, modifiedMs: Date.now() });
    return true;
  }

  async put(key: string, body: Body, options: RequestOptions = {}): Promise<void> {
    checkRequest(this.#closed, options);
    checkWrite(key, body, this.capabilities.maxBodyBytes);
    // Stand-in. A body may be larger than memory: read a source part by part, with `bodySlice`.
    const bytes = (await bytesBody(body)).slice();
    checkRequest(this.#closed, options);
    this.#stored.set(key, { bytes, modifiedMs: Date.now() });
  }

  async list(prefix: string, options: ListOptions = {}): Promise<ListPage> {
    checkRequest(this.#closed, options);
    checkPrefix(prefix);
    // Stand-in. Let the store do this: byte order, all levels deep, from behind `after`, one page.
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
    // Stand-in.
    for (const key of keys) this.#stored.delete(key);
  }

  async close(): Promise<void> {
    // Stand-in. Close connections; a second call does nothing.
    this.#closed = true;
  }
}
